// Policies of a virtual host.

#include <utility>

#include "base/check.h"
#include "broker/effective_settings.h"
#include "broker/virtual_host.h"

namespace harrier::broker {

using amqp::ReplyCode;

namespace {

std::string_view set_action(PolicyKind kind) {
  return kind == PolicyKind::kUser ? "policy.set" : "operator_policy.set";
}
std::string_view clear_action(PolicyKind kind) {
  return kind == PolicyKind::kUser ? "policy.clear" : "operator_policy.clear";
}

}  // namespace

amqp::CheckedStatus VirtualHost::check_policy_right(const Actor& actor, PolicyKind kind) const {
  if (actor.has_tag("administrator")) return base::Done{};
  if (kind == PolicyKind::kUser && actor.has_tag("policymaker")) return enter(actor);
  return amqp::refuse(ReplyCode::kAccessRefused,
                      std::string(kind == PolicyKind::kUser ? "policies" : "operator policies") +
                          " in vhost '" + name_ + "' refused for user '" + actor.user + "'");
}

amqp::CheckedStatus VirtualHost::set_policy(const Actor& actor, PolicyKind kind, Policy policy,
                                            PolicyListener* listener) {
  if (auto status = check_policy_right(actor, kind); !status.ok()) {
    note_error(actor, set_action(kind), status.error());
    return status;
  }
  const std::string name = policy.name;
  const auto set = policies_.set(kind, std::move(policy));
  if (!set.ok()) {
    return amqp::refuse(ReplyCode::kPreconditionFailed,
                        "Validation failed\n\n" + set.error().message + "\n");
  }
  note(actor, {.action = set_action(kind), .kind = "policy", .name = name});
  policies_changed(listener);
  return base::Done{};
}

amqp::CheckedStatus VirtualHost::clear_policy(const Actor& actor, PolicyKind kind,
                                              std::string_view name, PolicyListener* listener) {
  if (auto status = check_policy_right(actor, kind); !status.ok()) {
    note_error(actor, clear_action(kind), status.error());
    return status;
  }
  if (!policies_.clear(kind, name))
    return amqp::refuse(ReplyCode::kNotFound, "Parameter does not exist");
  note(actor, {.action = clear_action(kind), .kind = "policy", .name = name});
  policies_changed(listener);
  return base::Done{};
}

amqp::Checked<std::vector<Policy>> VirtualHost::list_policies(const Actor& actor,
                                                              PolicyKind kind) const {
  if (auto status = check_policy_right(actor, kind); !status.ok())
    return base::fail(status.error());
  return policies_.list(kind);
}

// Also when a policy is set as it was: what an earlier change began may still be under way.
void VirtualHost::policies_changed(PolicyListener* listener) {
  turn_.counters.policies.set(policies_.count());
  if (policy_pass_.note_change(listener)) add_task(policy_pass_);
}

amqp::CheckedStatus VirtualHost::restore_policy(PolicyKind kind, Policy policy) {
  CHECK(queues_.empty());
  const auto set = policies_.set(kind, std::move(policy));
  if (!set.ok()) return amqp::refuse(ReplyCode::kPreconditionFailed, set.error().message);
  turn_.counters.policies.set(policies_.count());
  for (const auto& [name, exchange] : exchanges_)
    apply_policies(*exchange);
  return base::Done{};
}

QueueSettings VirtualHost::with_policies(QueueSettings declared,
                                         const QueueDeclaration& declaration) {
  std::uint32_t asked = 0;
  AppliedPolicies applied = policies_.match(subject_of(declared.type), declaration.name, asked);
  return effective_settings(std::move(declared), declaration, std::move(applied), turn_.limits);
}

std::uint32_t VirtualHost::apply_policies(RoutingTarget& target) {
  std::uint32_t asked = 0;
  if (target.kind() == RoutingTarget::Kind::kExchange) {
    auto applied = policies_.match(PolicySubject::kExchange, target.name(), asked);
    if (static_cast<Exchange&>(target).change_policies(std::move(applied))) ++routes_version_;
    return asked;
  }
  Queue& queue = static_cast<Queue&>(target);
  AppliedPolicies applied = policies_.match(subject_of(queue.settings().type), queue.name(), asked);
  if (applied == queue.settings().policies) return asked;
  auto declared = parse_queue_arguments(queue.declaration(), name_);
  CHECK(declared.ok());  // they were when it was declared
  queue.change_settings(effective_settings(std::move(declared).value(), queue.declaration(),
                                           std::move(applied), turn_.limits));
  return asked;
}

}  // namespace harrier::broker

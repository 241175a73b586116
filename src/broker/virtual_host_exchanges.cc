// Exchanges and bindings of a virtual host.

#include "base/check.h"
#include "broker/virtual_host.h"

namespace harrier::broker {
namespace {

using amqp::ReplyCode;

amqp::CheckedStatus refuse_default_exchange() {
  return amqp::refuse(ReplyCode::kAccessRefused, "operation not permitted on the default exchange");
}

}  // namespace

Exchange* VirtualHost::find_exchange(std::string_view name) const {
  const auto found = exchanges_.find(name);
  return found == exchanges_.end() ? nullptr : found->second.get();
}

amqp::CheckedStatus VirtualHost::check_exchange_exists(const Actor& actor,
                                                       std::string_view name) const {
  if (name.empty()) return refuse_default_exchange();
  if (auto status = access_->check_any(actor, "exchange", name, name_); !status.ok()) return status;
  if (find_exchange(name) != nullptr) return base::Done{};
  return not_found("exchange", name);
}

amqp::CheckedStatus VirtualHost::check_new_exchange(const Actor& actor,
                                                    const ExchangeDeclaration& declaration) {
  const std::string& name = declaration.name;
  if (name.starts_with(kReservedPrefix)) {
    return amqp::refuse(ReplyCode::kAccessRefused,
                        "exchange name '" + name + "' contains reserved prefix 'amq.*'");
  }
  const auto alternate = declaration.arguments.view().find(kAlternateExchange);
  if (alternate) {
    if (!alternate->is_string()) {
      return amqp::refuse(ReplyCode::kPreconditionFailed, "invalid type '" +
                                                              std::string(alternate->type_name()) +
                                                              "' for arg 'alternate-exchange' in " +
                                                              in_virtual_host("exchange", name));
    }
    if (auto status = access_->check(actor, Permission::kRead, "exchange", name, name_);
        !status.ok())
      return status;
    if (auto status =
            access_->check(actor, Permission::kWrite, "exchange", alternate->bytes, name_);
        !status.ok())
      return status;
  }
  return note_limit(actor, "exchange.declare", quota_.check_exchange(name));
}

amqp::CheckedStatus VirtualHost::declare_exchange(const Actor& actor,
                                                  ExchangeDeclaration declaration) {
  if (declaration.name.empty()) return refuse_default_exchange();
  if (auto status =
          access_->check(actor, Permission::kConfigure, "exchange", declaration.name, name_);
      !status.ok())
    return status;
  if (const Exchange* existing = find_exchange(declaration.name))
    return existing->check_equivalent(declaration, name_);
  if (auto status = check_new_exchange(actor, declaration); !status.ok()) return status;
  base::Ref<Exchange> exchange = Exchange::create(std::move(declaration));
  if (exchange->declaration().durable)
    turn_.log.append(ExchangeDeclaredChange{exchange->declaration()});
  note(actor, {.action = "exchange.declare", .kind = "exchange", .name = exchange->name()});
  add_exchange(std::move(exchange));
  ++routes_version_;
  return base::Done{};
}

void VirtualHost::add_exchange(base::Ref<Exchange> exchange) {
  apply_policies(*exchange);
  roster_.add(*exchange);
  const std::string& name = exchange->name();
  exchanges_.emplace(name, std::move(exchange));
  ++turn_.counters.exchanges;
}

amqp::CheckedStatus VirtualHost::delete_exchange(const Actor& actor, std::string_view name,
                                                 bool if_unused) {
  if (name.empty()) return refuse_default_exchange();
  if (name.starts_with(kReservedPrefix)) {
    return amqp::refuse(ReplyCode::kAccessRefused,
                        "deletion of system " + in_virtual_host("exchange", name) + " not allowed");
  }
  if (auto status = access_->check(actor, Permission::kConfigure, "exchange", name, name_);
      !status.ok())
    return status;
  Exchange* exchange = find_exchange(name);
  if (exchange == nullptr) return base::Done{};
  if (if_unused && exchange->has_bindings()) {
    return amqp::refuse(ReplyCode::kPreconditionFailed,
                        in_virtual_host("exchange", name) + " in use");
  }
  note(actor, {.action = "exchange.delete", .kind = "exchange", .name = name});
  remove_exchange(*exchange);
  return base::Done{};
}

void VirtualHost::remove_exchange(Exchange& exchange) {
  const base::Ref<Exchange> keep(&exchange);
  const ChangeGroup group(turn_.log);
  for (Binding* binding : exchange.bindings())
    remove_binding(*binding);
  while (!exchange.inbound().empty())
    remove_binding(**exchange.inbound().begin());
  if (exchange.declaration().durable) turn_.log.append(ExchangeDeletedChange{exchange.name()});
  exchanges_.erase(exchange.name());
  roster_.remove(exchange);
  --turn_.counters.exchanges;
  ++routes_version_;
}

bool VirtualHost::delete_some(std::uint32_t count) {
  Roster<RoutingTarget>::Walk walk;
  walk.begin(roster_);
  while (RoutingTarget* target = walk.next(roster_)) {
    const bool is_queue = target->kind() == RoutingTarget::Kind::kQueue;
    if (!is_queue && target->name().starts_with(kReservedPrefix)) continue;
    if (count-- == 0) return true;
    if (is_queue) {
      remove_queue(static_cast<Queue&>(*target));
    } else {
      remove_exchange(static_cast<Exchange&>(*target));
    }
  }
  return false;
}

bool VirtualHost::durable_binding(const Binding& binding) const {
  if (!binding.source().declaration().durable) return false;
  const RoutingTarget& destination = binding.destination();
  return destination.kind() == RoutingTarget::Kind::kQueue
             ? static_cast<const Queue&>(destination).durable()
             : static_cast<const Exchange&>(destination).declaration().durable;
}

void VirtualHost::remove_binding(Binding& binding) {
  Exchange& source = binding.source();
  if (durable_binding(binding)) turn_.log.append(UnboundChange{binding});
  source.remove_binding(binding);
  --turn_.counters.bindings;
  ++routes_version_;
  // Not deleted here: the caller may be walking its bindings.
  if (source.expired_by_unbind()) doomed_exchanges_.push_back(base::Ref<Exchange>(&source));
}

// In RabbitMQ's order: what may not be asked is refused before it is said whether it exists.
amqp::CheckedStatus VirtualHost::check_binding_access(const Actor& actor,
                                                      const BindingRequest& request) const {
  const bool to_queue = request.destination_kind == RoutingTarget::Kind::kQueue;
  if (auto status = access_->check(actor, Permission::kWrite, to_queue ? "queue" : "exchange",
                                   request.destination, name_);
      !status.ok())
    return status;
  if (request.source.empty() || (!to_queue && request.destination.empty()))
    return refuse_default_exchange();
  if (auto status = access_->check(actor, Permission::kRead, "exchange", request.source, name_);
      !status.ok())
    return status;
  const Exchange* source = find_exchange(request.source);
  if (source == nullptr || source->type() != ExchangeType::kTopic) return base::Done{};
  return access_->check_topic(actor, Permission::kRead, request.source, request.routing_key, name_);
}

amqp::Checked<BindingEnds> VirtualHost::binding_ends(const Actor& actor,
                                                     const BindingRequest& request) const {
  if (auto status = check_binding_access(actor, request); !status.ok())
    return base::fail(status.error());
  // With both ends missing RabbitMQ names the source.
  BindingEnds ends;
  ends.source = find_exchange(request.source);
  if (ends.source == nullptr) return not_found("exchange", request.source);
  if (request.destination_kind == RoutingTarget::Kind::kQueue) {
    ends.destination = find_queue(request.destination);
    if (ends.destination == nullptr) return not_found("queue", request.destination);
  } else {
    ends.destination = find_exchange(request.destination);
    if (ends.destination == nullptr) return not_found("exchange", request.destination);
  }
  return ends;
}

amqp::CheckedStatus VirtualHost::check_owner(const RoutingTarget& target,
                                             ConnectionId connection) const {
  if (target.kind() != RoutingTarget::Kind::kQueue) return base::Done{};
  return check_owner(static_cast<const Queue&>(target), connection);
}

amqp::CheckedStatus VirtualHost::bind(const Actor& actor, const BindingRequest& request,
                                      ConnectionId connection) {
  const bool to_queue = request.destination_kind == RoutingTarget::Kind::kQueue;
  const auto ends = binding_ends(actor, request);
  if (!ends.ok()) return base::fail(ends.error());
  if (auto status = check_owner(*ends->destination, connection); !status.ok()) return status;
  Exchange& source = *ends->source;
  if (auto status = source.check_binding(request.routing_key, request.arguments); !status.ok())
    return status;
  if (source.find_binding(*ends->destination, request.routing_key, request.arguments) != nullptr)
    return base::Done{};
  const char* const action = to_queue ? "queue.bind" : "exchange.bind";
  if (auto status = note_limit(actor, action, quota_.check_binding(request.source)); !status.ok())
    return status;
  const Binding& binding = source.add_binding(++last_binding_id_, *ends->destination,
                                              request.routing_key, request.arguments);
  if (durable_binding(binding)) turn_.log.append(BoundChange{binding});
  ++turn_.counters.bindings;
  ++routes_version_;
  note_binding(actor, to_queue ? "queue.bind" : "exchange.bind", request);
  return base::Done{};
}

amqp::CheckedStatus VirtualHost::unbind(const Actor& actor, const BindingRequest& request,
                                        ConnectionId connection) {
  const auto ends = binding_ends(actor, request);
  // As with deleting what is not there, a missing end is no error (S15).
  if (!ends.ok()) {
    if (ends.error().code == ReplyCode::kNotFound) return base::Done{};
    return base::fail(ends.error());
  }
  Binding* binding =
      ends->source->find_binding(*ends->destination, request.routing_key, request.arguments);
  if (binding == nullptr) return base::Done{};
  // As RabbitMQ: whose queue it is matters only when there is something to take away.
  if (auto status = check_owner(*ends->destination, connection); !status.ok()) return status;
  remove_binding(*binding);
  const bool from_queue = request.destination_kind == RoutingTarget::Kind::kQueue;
  note_binding(actor, from_queue ? "queue.unbind" : "exchange.unbind", request);
  return base::Done{};
}

}  // namespace harrier::broker

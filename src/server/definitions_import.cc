// DefinitionsTransfer: into the node.
#include <map>
#include <utility>

#include "broker/token_grant.h"
#include "journal/journal.h"
#include "server/definitions_transfer.h"
#include "server/tenant.h"
#include "store/store.h"

namespace harrier::server {

using std::chrono::steady_clock;

namespace {

// The journal takes in so many before more come.
constexpr std::size_t kUnwrittenMax = 5'000;

std::string display(const AdministrativeChange& change) {
  const ChangeDescription of = describe(change);
  std::string text = std::string(of.kind) + " '" + std::string(of.name) + "'";
  if (!of.virtual_host.empty()) text.append(" in vhost '").append(of.virtual_host).append("'");
  return text;
}

SetUser change_of(const UserDefinition& user) {
  using Password = SetUser::Password;
  SetUser change{user.name, Password::kHash, user.password_hash, user.tags, user.loopback_only};
  if (user.password_hash.empty())
    change.password_kind = user.configured_password ? Password::kKept : Password::kNone;
  return change;
}

template <class Value>
void overlay(std::optional<Value>& of, const std::optional<Value>& by) {
  if (by) of = by;
}

broker::PublishRateLimits overlaid(broker::PublishRateLimits of,
                                   const broker::PublishRateLimits& by) {
  overlay(of.messages, by.messages);
  overlay(of.bytes, by.bytes);
  return of;
}

broker::TenantLimits overlaid(broker::TenantLimits of, const broker::TenantLimits& by) {
  overlay(of.connections_max, by.connections_max);
  overlay(of.channels_max, by.channels_max);
  overlay(of.consumers_max, by.consumers_max);
  overlay(of.queues_max, by.queues_max);
  overlay(of.exchanges_max, by.exchanges_max);
  overlay(of.bindings_max, by.bindings_max);
  overlay(of.message_size_max, by.message_size_max);
  overlay(of.stored_bytes_max, by.stored_bytes_max);
  if (by.quota_action != broker::QuotaAction::kHold) of.quota_action = by.quota_action;
  of.publish_rate = overlaid(of.publish_rate, by.publish_rate);
  return of;
}

broker::UserLimits overlaid(broker::UserLimits of, const broker::UserLimits& by) {
  overlay(of.connections_max, by.connections_max);
  overlay(of.channels_max, by.channels_max);
  overlay(of.consumers_max, by.consumers_max);
  overlay(of.message_size_max, by.message_size_max);
  of.publish_rate = overlaid(of.publish_rate, by.publish_rate);
  return of;
}

// What a virtual host's rules would refuse to some users is the importer's to decide.
broker::Actor entitled(broker::Actor actor) {
  actor.grant = broker::TokenGrant::everything();
  return actor;
}

}  // namespace

struct DefinitionsTransfer::Contents {
  std::vector<const HostedExchange*> exchanges;
  std::vector<const HostedQueue*> queues;
  std::vector<const HostedBinding*> bindings;

  std::size_t count() const { return exchanges.size() + queues.size() + bindings.size(); }
  // Exchanges before queues, whose arguments name them; bindings last.
  void declare(std::size_t index, broker::VirtualHost& host, const broker::Actor& actor,
               DefinitionsImport& done) const;
};

DefinitionsImport DefinitionsTransfer::import(const DefinitionsDocument& document,
                                              const broker::Actor& actor) {
  DefinitionsImport done;
  if (!apply(document, actor, done)) return done;
  std::map<std::string, Contents> contents;
  for (const HostedExchange& exchange : document.exchanges)
    contents[exchange.virtual_host].exchanges.push_back(&exchange);
  for (const HostedQueue& queue : document.queues)
    contents[queue.virtual_host].queues.push_back(&queue);
  for (const HostedBinding& binding : document.bindings)
    contents[binding.virtual_host].bindings.push_back(&binding);
  bool durable = true;
  for (const auto& [host, of] : contents)
    durable = declare(host, of, entitled(actor), done) && durable;
  if (!(wait_until_durable() && durable))
    done.failure = AdministrationError{AdministrationFailure::kNotDurable,
                                       "what was imported is in force, but the disk has not taken "
                                       "it in time"};
  return done;
}

// ---- what Administration has

std::vector<AdministrativeChange> DefinitionsTransfer::changes_of(
    const DefinitionsDocument& document, const NodeDefinitions& now) const {
  std::vector<AdministrativeChange> changes;
  for (const UserDefinition& user : document.users) {
    SetUser change = change_of(user);
    const auto before = now.user(user.name);
    if (before && document.loopback_unsaid.contains(user.name))
      change.loopback_only = before->loopback_only;
    changes.emplace_back(std::move(change));
  }
  for (const VirtualHostDescription& host : document.virtual_hosts) {
    // One without a description says no more than that it is there.
    const bool bare = host.description.empty() && host.tags.empty();
    if (bare && hosts_.find(host.name)) continue;
    changes.emplace_back(AddVirtualHost{host.name, host.description, host.tags});
  }
  for (const broker::PermissionRule& rule : document.permissions)
    changes.emplace_back(SetPermission{rule});
  for (const broker::TopicPermissionRule& rule : document.topic_permissions)
    changes.emplace_back(SetTopicPermission{rule});
  for (const SetVirtualHostLimits& of : document.limits) {
    const auto place = hosts_.find(of.virtual_host);
    const auto before = place ? place->tenant->limits() : broker::TenantLimits();
    // What the configuration says already is not said again.
    if (const auto after = overlaid(before, of.limits); !place || after != before)
      changes.emplace_back(SetVirtualHostLimits{of.virtual_host, after});
  }
  for (const SetUserLimits& of : document.user_limits)
    changes.emplace_back(SetUserLimits{
        of.user, overlaid(now.limits_of_user(of.user).value_or(broker::UserLimits()), of.limits)});
  for (const SetGlobalParameter& parameter : document.global_parameters)
    changes.emplace_back(parameter);
  for (const NodeDefinitions::HostedPolicy& of : document.policies)
    changes.emplace_back(SetPolicy{of.virtual_host, of.kind, of.policy});
  for (const SetParameter& parameter : document.parameters)
    changes.emplace_back(parameter);
  return changes;
}

// Judged one by one first, so that one that is refused does not keep out the others.
bool DefinitionsTransfer::apply(const DefinitionsDocument& document, const broker::Actor& actor,
                                DefinitionsImport& done) {
  const NodeDefinitions before = administration_.definitions();
  NodeDefinitions staged = before;
  std::vector<AdministrativeChange> changes;
  ChangeEffects effects;
  for (AdministrativeChange& change : changes_of(document, before)) {
    if (auto status = staged.apply(change, effects); !status.ok()) {
      done.refused.push_back(display(change) + ": " + status.error().message);
      continue;
    }
    const auto differences = staged.take_differences();
    if (differences.empty()) {
      ++done.same;
      continue;
    }
    if (before.contains(differences.front().key)) {
      done.replaced.push_back(display(change));
    } else {
      ++done.made;
    }
    changes.push_back(std::move(change));
  }
  if (changes.empty()) return true;
  auto status = administration_.apply(std::move(changes), actor);
  if (status.ok()) return true;
  const bool in_force = status.error().kind == AdministrationFailure::kNotDurable;
  if (!in_force) {
    done.made = 0;
    done.replaced.clear();
  }
  done.failure = std::move(status).error();
  return in_force;
}

// ---- what virtual hosts have

void DefinitionsTransfer::Contents::declare(std::size_t index, broker::VirtualHost& host,
                                            const broker::Actor& actor,
                                            DefinitionsImport& done) const {
  std::string what;
  amqp::CheckedStatus status = base::Done{};
  bool there = false;
  if (index < exchanges.size()) {
    const broker::ExchangeDeclaration& declaration = exchanges[index]->declaration;
    what = "exchange '" + declaration.name + "'";
    there = host.find_exchange(declaration.name) != nullptr;
    status = host.declare_exchange(actor, declaration);
  } else if (index -= exchanges.size(); index < queues.size()) {
    const broker::QueueDeclaration& declaration = queues[index]->declaration;
    what = "queue '" + declaration.name + "'";
    there = host.find_queue(declaration.name) != nullptr;
    auto queue = host.declare_queue(actor, declaration, broker::ConnectionId());
    if (!queue.ok()) status = base::fail(queue.error());
  } else {
    const HostedBinding& binding = *bindings[index - queues.size()];
    what = "binding '" + binding.source + "' to '" + binding.destination + "'";
    const auto before = host.counters().bindings.value();
    status = host.bind(actor,
                       {binding.destination_kind, binding.destination, binding.source,
                        binding.routing_key, binding.arguments},
                       broker::ConnectionId());
    there = host.counters().bindings.value() == before;
  }
  host.settle_down();
  if (!status.ok()) {
    done.refused.push_back(what + " in vhost '" + host.name() + "': " + status.error().detail);
  } else {
    ++(there ? done.same : done.made);
  }
}

// False: the disk has not taken it in time.
bool DefinitionsTransfer::declare(const std::string& host, const Contents& contents,
                                  const broker::Actor& actor, DefinitionsImport& done) {
  std::size_t at = 0;
  std::size_t written = 0;
  while (at != contents.count()) {
    {
      const auto lives = hosts_.keep();
      const auto place = hosts_.find(host);
      if (!place) {
        done.refused.push_back("vhost '" + host +
                               "' does not exist: " + std::to_string(contents.count() - at) +
                               " exchanges, queues and bindings are left out");
        return true;
      }
      NodeLoop& loop = *loops_[place->loop];
      loop.run([&] {
        const auto end = steady_clock::now() + kSlice;
        loop.broker().touch(*place->host);
        do
          contents.declare(at++, place->host->host(), actor, done);
        while (at != contents.count() && steady_clock::now() < end);
      });
    }
    if (at - written < kUnwrittenMax) continue;
    if (!wait_until_durable()) return false;
    written = at;
  }
  return true;
}

bool DefinitionsTransfer::wait_until_durable() {
  bool durable = true;
  for (std::size_t shard = 0; stored_ && shard != journal::kShards; ++shard)
    durable =
        loops_[store::Store::loop_of(shard, loops_.size())]->wait_for_commit(shard) && durable;
  return durable;
}

}  // namespace harrier::server

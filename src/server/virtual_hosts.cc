#include "server/virtual_hosts.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "server/translate.h"
#include "store/store.h"

namespace harrier::server {

using std::chrono::steady_clock;

base::Status<> VirtualHosts::open(const store::VirtualHostDefinition& host,
                                  const broker::AccessControlRef& access,
                                  const NodeDefinitions& definitions) {
  const bool stored = loops_.front()->store() != nullptr;
  const std::size_t index =
      stored ? store::Store::loop_of(host.shard, loops_.size()) : next_loop_++ % loops_.size();
  Place place{host, index, nullptr, {}};
  place.tenant = std::make_shared<Tenant>(host.name, [this] {
    for (const auto& other : loops_)
      other->heed_quota_from_any_thread();
  });
  place.tenant->set_limits(limits_of(host.name, definitions), options_.publish_rate_burst);
  NodeLoop& loop = *loops_[index];
  std::string why;
  bool good = false;
  loop.run([&] { good = make(loop, place, access, definitions.policies(), why); });
  if (!good) return base::fail("virtual host '" + host.name + "': " + why);
  shared_.virtual_hosts.insert(host.name, {index, place.host, place.tenant, host.shard});
  places_.push_back(std::move(place));
  return base::Done{};
}

broker::TenantLimits VirtualHosts::limits_of(const std::string& name,
                                             const NodeDefinitions& definitions) const {
  if (const auto own = definitions.limits_of_virtual_host(name)) return *own;
  // Its patterns were checked before anything was started.
  return tenant_limits(options_, name).value();
}

void VirtualHosts::set_limits(const std::string& name, const NodeDefinitions& definitions) {
  const auto place = shared_.virtual_hosts.find(name);
  if (!place) return;
  const broker::TenantLimits limits = limits_of(name, definitions);
  place->tenant->set_limits(limits, options_.publish_rate_burst);
  NodeLoop& own = *loops_[place->loop];
  own.run([&] {
    // Its end says whether publishers are held.
    own.broker().touch(*place->host);
    place->host->host().set_limits(limits);
  });
  for (const auto& loop : loops_)
    loop->run([&] { loop->io().heed_rates(); });
}

// On the loop.
bool VirtualHosts::make(NodeLoop& loop, Place& place, const broker::AccessControlRef& access,
                        const std::vector<NodeDefinitions::HostedPolicy>& policies,
                        std::string& why) {
  const store::VirtualHostDefinition& definition = place.definition;
  store::LoopStore* store = loop.store();
  broker::ChangeLog* log = nullptr;
  broker::QueueId first_queue{};
  if (store != nullptr) {
    log = &store->add_log(definition.shard, definition.number);
    first_queue = store::first_queue_of(definition.number);
  }
  BrokerLoop& broker = loop.broker();
  HostedVirtualHost& hosted = broker.add(std::make_unique<HostedVirtualHost>(
      definition.name, shared_.virtual_host_limits.get(), access, log, first_queue));
  place.host = &hosted;
  hosted.host().set_limits(place.tenant->limits());
  hosted.set_tenant(place.tenant);
  hosted.host().set_audit(shared_.audit.get());
  if (shared_.spans) hosted.host().set_tracing(shared_.tracer_limits, *shared_.spans);
  for (const NodeDefinitions::HostedPolicy& of : policies) {
    if (of.virtual_host != definition.name) continue;
    if (auto restored = hosted.host().restore_policy(of.kind, of.policy); !restored.ok()) {
      // Judged by another version's rules once; the operator sees it in the list and in the log.
      base::log_error("server", "a policy is not in force",
                      {{"vhost", definition.name},
                       {"policy", of.policy.name},
                       {"reason", restored.error().detail}});
    }
  }
  return store == nullptr ||
         store->restore(
             definition.number, hosted.host(), [&broker, &hosted] { broker.touch(hosted); }, why);
}

bool VirtualHosts::close(const std::string& name) {
  const auto found = std::find_if(places_.begin(), places_.end(), [&](const Place& place) {
    return place.definition.name == name;
  });
  CHECK(found != places_.end());
  shared_.virtual_hosts.erase(name);
  if (!disconnect(*found) || !empty(*found)) return false;
  const auto ending = shared_.virtual_hosts.end_lives();
  shared_.virtual_hosts.end(*found->host);
  NodeLoop& loop = *loops_[found->loop];
  loop.run([&] {
    loop.broker().remove(*found->host);
    if (store::LoopStore* store = loop.store()) store->forget(found->definition.number);
  });
  places_.erase(found);
  return true;
}

// ---- its clients

bool VirtualHosts::disconnect(const Place& place) {
  const std::string& name = place.definition.name;
  const std::string text = "vhost '" + name + "' is deleted";
  for (const auto& loop : loops_)
    loop->run([&] {
      loop->io().force_close({.user = {}, .virtual_host = name}, amqp::ReplyCode::kConnectionForced,
                             text);
    });
  if (wait_until_left(place, steady_clock::now() + options_.shutdown_timeout)) return true;
  for (const auto& loop : loops_)
    loop->run([&] { loop->io().drop({.user = {}, .virtual_host = name}); });
  constexpr std::chrono::seconds kDropTimeout{2};
  return wait_until_left(place, steady_clock::now() + kDropTimeout);
}

bool VirtualHosts::wait_until_left(const Place& place, steady_clock::time_point deadline) {
  constexpr std::chrono::milliseconds kLookAgain{2};
  while (!is_left(place)) {
    if (steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(kLookAgain);
  }
  return true;
}

bool VirtualHosts::is_left(const Place& place) {
  bool left = true;
  for (const auto& loop : loops_)
    loop->run([&] { left = left && !loop->io().serves(place.definition.name); });
  if (!left) return false;
  // What the I/O loops sent last was sent at the end of those turns: another one lies behind it.
  for (const auto& loop : loops_)
    loop->run([] {});
  NodeLoop& own = *loops_[place.loop];
  own.run([&] { left = !own.hand_over().serves(*place.host); });
  return left;
}

// ---- its contents

bool VirtualHosts::empty(const Place& place) {
  NodeLoop& loop = *loops_[place.loop];
  bool more = true;
  while (more)
    loop.run([&] {
      loop.broker().touch(*place.host);
      more = place.host->host().delete_some(kDeletedPerTurn);
      place.host->host().settle_down();
    });
  return loop.store() == nullptr || loop.wait_for_commit(place.definition.shard);
}

}  // namespace harrier::server

// Inspection: how a walk is cut into slices; queues and exchanges.
#include "server/inspection.h"

#include <utility>

#include "server/inspection_slice.h"
#include "server/view_copies.h"

namespace harrier::server {

using broker::RoutingTarget;

bool Inspection::on_host(std::string_view virtual_host, const OnHost& task) const {
  const auto lives = shared_.virtual_hosts.keep();
  const auto place = shared_.virtual_hosts.find(virtual_host);
  if (!place) return false;
  NodeLoop& loop = *loops_[place->loop];
  loop.run([&] {
    loop.broker().touch(*place->host);
    task(loop, *place->host);
  });
  return true;
}

std::vector<std::string> Inspection::names(const Where& where) const {
  if (where) return {*where};
  std::vector<std::string> names;
  for (const auto& [name, place] : shared_.virtual_hosts.list())
    names.push_back(name);
  return names;
}

namespace {

// The queues and exchanges of a virtual host, one after another. False: there are more.
template <class Visit>
bool walk_targets(const HostedVirtualHost& host, broker::Roster<RoutingTarget>::Walk& walk,
                  bool& begun, Visit&& visit) {
  if (!std::exchange(begun, true)) walk.begin(host.host().targets());
  InspectionSlice slice;
  do {
    RoutingTarget* target = walk.next(host.host().targets());
    if (target == nullptr) return true;
    visit(*target);
  } while (slice.goes_on());
  return false;
}

}  // namespace

template <class View, class Visit>
void Inspection::each_target(const Where& where, const Take<View>& take, Visit&& visit) const {
  for (const std::string& name : names(where)) {
    broker::Roster<RoutingTarget>::Walk walk;
    bool begun = false;
    bool done = false;
    while (!done) {
      std::vector<View> batch;
      const bool there = on_host(name, [&](NodeLoop&, HostedVirtualHost& host) {
        done = walk_targets(host, walk, begun,
                            [&](RoutingTarget& target) { visit(host, target, batch); });
      });
      if (!there) break;
      if (!batch.empty() && !take(batch)) return;
    }
  }
}

void Inspection::queues(const Where& where, const QueueParts& parts,
                        const Take<QueueView>& take) const {
  each_target<QueueView>(
      where, take,
      [&parts](HostedVirtualHost& host, RoutingTarget& target, std::vector<QueueView>& batch) {
        if (target.kind() != RoutingTarget::Kind::kQueue) return;
        batch.push_back(queue_view(host, static_cast<broker::Queue&>(target), parts));
      });
}

std::vector<QueueView> Inspection::queues_named(const std::vector<QueueName>& names,
                                                const QueueParts& parts) const {
  std::vector<QueueView> found;
  for (std::size_t next = 0; next != names.size();) {
    const std::string& virtual_host = names[next].virtual_host;
    const bool there = on_host(virtual_host, [&](NodeLoop&, HostedVirtualHost& host) {
      InspectionSlice slice;
      do {
        broker::Queue* queue = host.host().find_queue(names[next].name);
        if (queue != nullptr) found.push_back(queue_view(host, *queue, parts));
        ++next;
      } while (next != names.size() && names[next].virtual_host == virtual_host && slice.goes_on());
    });
    if (!there) ++next;
  }
  return found;
}

std::optional<QueueView> Inspection::queue(std::string_view virtual_host, std::string_view name,
                                           const QueueParts& parts) const {
  std::optional<QueueView> view;
  on_host(virtual_host, [&](NodeLoop&, HostedVirtualHost& host) {
    if (broker::Queue* queue = host.host().find_queue(name)) view = queue_view(host, *queue, parts);
  });
  return view;
}

void Inspection::exchanges(const Where& where, const Take<ExchangeView>& take) const {
  for (const std::string& name : names(where)) {
    std::vector<ExchangeView> first;
    on_host(name, [&](NodeLoop&, HostedVirtualHost& host) {
      first.push_back(default_exchange_view(host));
    });
    if (!first.empty() && !take(first)) return;
  }
  each_target<ExchangeView>(
      where, take,
      [](HostedVirtualHost& host, RoutingTarget& target, std::vector<ExchangeView>& batch) {
        if (target.kind() != RoutingTarget::Kind::kExchange) return;
        batch.push_back(exchange_view(host, static_cast<const broker::Exchange&>(target)));
      });
}

std::optional<ExchangeView> Inspection::exchange(std::string_view virtual_host,
                                                 std::string_view name) const {
  std::optional<ExchangeView> view;
  on_host(virtual_host, [&](NodeLoop&, HostedVirtualHost& host) {
    if (name.empty()) {
      view = default_exchange_view(host);
    } else if (const broker::Exchange* exchange = host.host().find_exchange(name)) {
      view = exchange_view(host, *exchange);
    }
  });
  return view;
}

}  // namespace harrier::server

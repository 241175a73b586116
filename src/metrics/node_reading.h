// What a scrape reads of a node, once for all families of the whole node.
//
// Role:   made for a scrape, asked by the rows of Family, dropped before anything is sent: it keeps
//         virtual hosts from being deleted.
// Thread: confined to the scrape; the counters are those of running loops. The numbers of one
//         reading are not of one instant.
// Limits: as long as there are loops and virtual hosts; never queues, connections or users.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <prometheus/metric_family.h>

#include "base/clock.h"
#include "broker/counters.h"
#include "metrics/http_sources.h"
#include "metrics/process_reading.h"
#include "metrics/selection.h"
#include "server/node.h"

namespace harrier::metrics {

class NodeReading {
 public:
  using VirtualHostCounter = base::Counter broker::VirtualHostCounters::*;
  using LoopCounter = base::Counter server::LoopCounters::*;

  // `scrapes`: what ScrapeStatistics has collected.
  NodeReading(const server::Node& node, const base::Now& started, const base::Now& now,
              Endpoint endpoint, std::vector<prometheus::MetricFamily> scrapes, HttpSources http);

  double sum(VirtualHostCounter counter) const {
    return sum_of([counter](const broker::VirtualHostCounters& counters) {
      return (counters.*counter).value();
    });
  }
  double sum(LoopCounter counter) const;
  // Of `get(counters)` over all virtual hosts, those that have been deleted included.
  template <class Get>
  double sum_of(const Get& get) const {
    std::uint64_t total = 0;
    for (const auto& host : virtual_hosts_.hosts)
      total += get(*host.counters);
    for (const broker::VirtualHostCounters* counters : virtual_hosts_.ended)
      total += get(*counters);
    return static_cast<double>(total);
  }
  // Of all listeners.
  double accepted(base::Counter server::ListenerCounters::*counter) const;

  const server::Node& node() const { return node_; }
  Endpoint endpoint() const { return endpoint_; }
  const std::vector<prometheus::MetricFamily>& scrapes() const { return scrapes_; }
  const HttpSources& http() const { return http_; }
  double uptime_seconds() const { return uptime_seconds_; }
  double started_seconds() const { return started_seconds_; }
  const std::vector<server::VirtualHostView>& virtual_hosts() const { return virtual_hosts_.hosts; }
  const std::vector<server::LoopView>& loops() const { return loops_; }
  const std::optional<server::StoreView>& store() const { return store_; }
  const std::optional<server::LoginView>& logins() const { return logins_; }
  const ProcessReading& process() const { return process_; }
  // Read when it is asked for the first time.
  const AllocatorReading& allocator() const {
    if (!allocator_) allocator_ = read_allocator();
    return *allocator_;
  }

 private:
  const server::Node& node_;
  Endpoint endpoint_;
  const std::vector<prometheus::MetricFamily> scrapes_;
  const HttpSources http_;
  double uptime_seconds_;
  double started_seconds_;
  const server::VirtualHostViews virtual_hosts_;
  const std::vector<server::LoopView> loops_;
  const std::optional<server::StoreView> store_;
  const std::optional<server::LoginView> logins_;
  const ProcessReading process_;
  mutable std::optional<AllocatorReading> allocator_;
};

}  // namespace harrier::metrics

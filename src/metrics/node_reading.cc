#include "metrics/node_reading.h"

#include <chrono>
#include <utility>

namespace harrier::metrics {
namespace {

using Seconds = std::chrono::duration<double>;

}  // namespace

NodeReading::NodeReading(const server::Node& node, const base::Now& started, const base::Now& now,
                         Endpoint endpoint, std::vector<prometheus::MetricFamily> scrapes,
                         HttpSources http)
    : node_(node),
      endpoint_(endpoint),
      scrapes_(std::move(scrapes)),
      http_(http),
      uptime_seconds_(Seconds(now.monotonic - started.monotonic).count()),
      started_seconds_(Seconds(started.wall.time_since_epoch()).count()),
      virtual_hosts_(node.virtual_hosts()),
      loops_(node.loops()),
      store_(node.store()),
      logins_(node.logins()),
      process_(read_process()) {}

double NodeReading::sum(LoopCounter counter) const {
  std::uint64_t total = 0;
  for (const auto& loop : loops_)
    total += (loop.counters->*counter).value();
  return static_cast<double>(total);
}

double NodeReading::accepted(base::Counter server::ListenerCounters::*counter) const {
  std::uint64_t total = (node_.listener_counters().*counter).value();
  for (const auto* more : {node_.tls_listener_counters(), node_.unix_listener_counters()})
    if (more != nullptr) total += (more->*counter).value();
  return static_cast<double>(total);
}

}  // namespace harrier::metrics

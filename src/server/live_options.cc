#include "server/live_options.h"

#include <cstdint>
#include <functional>

#include "base/pattern.h"
#include "server/resource_readings.h"
#include "server/translate.h"

namespace harrier::server {
namespace {

void post_to_every_loop(const LiveParts& parts, const std::function<void(NodeLoop&)>& task) {
  for (const auto& loop : parts.loops) {
    NodeLoop& target = *loop;
    target.post([&target, task] { task(target); });
  }
}

void apply_virtual_host_limits(const LiveParts& parts, const Options& started,
                               const Options& next) {
  broker::VirtualHostLimits limits = virtual_host_limits(next);
  // Queues and policies were made with these.
  const broker::VirtualHostLimits before = virtual_host_limits(started);
  limits.policies_max = before.policies_max;
  limits.default_delivery_limit = before.default_delivery_limit;
  limits.read_ahead_bytes = before.read_ahead_bytes;
  // First, so that one that is made meanwhile begins with them or is among those below.
  parts.shared.virtual_host_limits.set(limits);
  post_to_every_loop(parts, [limits](NodeLoop& loop) {
    for (const auto& hosted : loop.broker().hosts())
      hosted->host().change_host_limits(limits);
  });
}

void apply_connection_limits(const LiveParts& parts, const Options& next) {
  const auto limits =
      std::make_shared<const session::ConnectionLimits>(connection_limits(next.connection));
  post_to_every_loop(parts, [limits](NodeLoop& loop) { loop.io().set_connection_limits(limits); });
  parts.shared.session_limits.set(session_limits(next.session));
  parts.shared.connection_publish_rate.set(connection_publish_rate(next.connection));
}

}  // namespace

void apply_live_options(const LiveParts& parts, const Options& started, const Options& next) {
  parts.shared.admission.set_limits(next.accept);
  parts.shared.channels.set_limit(next.accept.channels_max);
  apply_connection_limits(parts, next);
  apply_virtual_host_limits(parts, started, next);
  apply_pattern_limits(next.patterns);
  parts.authenticator.change_policy(login_policy(next.auth));
  // The directory is the one that is open, whatever the file says now.
  Options resources = started;
  resources.memory = next.memory;
  resources.disk = next.disk;
  parts.monitor.set_limits(resource_limits(resources));
}

void apply_pattern_limits(const PatternLimitOptions& options) {
  base::Pattern::set_limits({.steps = options.match_steps_max,
                             .depth = options.match_depth_max,
                             .heap_kib = static_cast<std::uint32_t>(options.match_heap_max >> 10)});
}

}  // namespace harrier::server

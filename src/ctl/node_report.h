// What a node says of itself: put together from the overview, the node's own page and its memory.
//
// Role:   status, cluster_status, listeners and memory_breakdown print parts of it.
// Thread: immutable once read.
// Spec:   the member names are those of `rabbitmqctl status --formatter json`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/session.h"

namespace harrier::ctl {

class NodeReport {
 public:
  static NodeReport read(Session& session);

  const Json& overview() const { return overview_; }
  const Json& node() const { return node_; }
  // {"node","interface","port","protocol","purpose"} each.
  Json listeners() const;
  // {"resource","node"} each.
  Json alarms() const;
  Json status() const;

 private:
  Json overview_;
  Json node_;
  Json memory_;
  std::string name_;
};

// "\"Memory alarm on node x\"" and the like; for people.
std::string alarm_text(const Json& alarm);
std::string listener_text(const Json& listener);

// The categories of `memory`, the largest first: "code: 0.0347 gb (25.35%)". `unit` is bytes, kb,
// mb or gb, in powers of ten as RabbitMQ counts them; throws Trouble(kExitUsage) for another.
std::vector<std::string> memory_lines(const Json& memory, std::string_view unit,
                                      std::string_view percent_sign);

// `value` in `unit`: "0.0347".
std::string in_unit(double value, std::string_view unit);

}  // namespace harrier::ctl

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

#include "base/clock.h"
#include "broker/counters.h"
#include "metrics/process_reading.h"
#include "server/node.h"

namespace harrier::metrics {

class NodeReading {
 public:
  using VirtualHostCounter = base::Counter broker::VirtualHostCounters::*;
  using LoopCounter = base::Counter server::LoopCounters::*;

  // `endpoint`: RabbitMQ's word for the page that asks.
  NodeReading(const server::Node& node, const base::Now& started, const base::Now& now,
              const char* endpoint);

  double sum(VirtualHostCounter counter) const;
  double sum(LoopCounter counter) const;
  double settled(broker::SettleReason reason) const;
  double refused(broker::LimitKind kind) const;
  // Of all listeners.
  double accepted(base::Counter server::ListenerCounters::*counter) const;

  const server::Node& node() const { return node_; }
  const char* endpoint() const { return endpoint_; }
  double uptime_seconds() const { return uptime_seconds_; }
  double started_seconds() const { return started_seconds_; }
  const std::vector<server::VirtualHostView>& virtual_hosts() const { return virtual_hosts_.hosts; }
  const std::vector<server::LoopView>& loops() const { return loops_; }
  const std::optional<server::StoreView>& store() const { return store_; }
  const std::optional<server::LoginView>& logins() const { return logins_; }
  const ProcessReading& process() const { return process_; }

 private:
  const server::Node& node_;
  const char* endpoint_;
  double uptime_seconds_;
  double started_seconds_;
  const server::VirtualHostViews virtual_hosts_;
  const std::vector<server::LoopView> loops_;
  const std::optional<server::StoreView> store_;
  const std::optional<server::LoginView> logins_;
  const ProcessReading process_;
};

}  // namespace harrier::metrics

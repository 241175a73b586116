// What limits and alarms hold back.
#include <utility>

#include "metrics/family.h"

namespace harrier::metrics {
namespace {

using broker::LimitKind;
using server::HoldReason;
using L = server::LoopCounters;

template <auto counter>
void sum_of(const NodeReading& node, Samples& samples) {
  samples.add(node.sum(counter));
}

void collect_refusals(const NodeReading& node, Samples& samples) {
  constexpr std::pair<const char*, LimitKind> kKinds[] = {
      {"vhost_connections", LimitKind::kVirtualHostConnections},
      {"vhost_channels", LimitKind::kVirtualHostChannels},
      {"vhost_consumers", LimitKind::kVirtualHostConsumers},
      {"vhost_queues", LimitKind::kVirtualHostQueues},
      {"vhost_exchanges", LimitKind::kVirtualHostExchanges},
      {"vhost_bindings", LimitKind::kVirtualHostBindings},
      {"vhost_message_size", LimitKind::kVirtualHostMessageSize},
      {"vhost_stored_bytes", LimitKind::kVirtualHostStoredBytes},
      {"user_connections", LimitKind::kUserConnections},
      {"user_channels", LimitKind::kUserChannels},
      {"user_consumers", LimitKind::kUserConsumers},
      {"user_message_size", LimitKind::kUserMessageSize},
      {"connection_consumers", LimitKind::kConnectionConsumers},
      {"node_channels", LimitKind::kNodeChannels}};
  for (const auto& [name, kind] : kKinds)
    samples.add(node.sum_of([kind = kind](const broker::VirtualHostCounters& counters) {
      return counters.limit_refusals[static_cast<std::size_t>(kind)].value();
    }),
                {{"limit", name}});
}

void collect_rates(const NodeReading& node, Samples& samples) {
  samples.add(node.sum(&L::throttled_by_connection), {{"of", "connection"}});
  samples.add(node.sum(&L::throttled_by_user), {{"of", "user"}});
  samples.add(node.sum(&L::throttled_by_virtual_host), {{"of", "vhost"}});
}

void collect_holding(const NodeReading& node, Samples& samples) {
  double holding = 0;
  for (const auto& host : node.virtual_hosts())
    if (host.tenant->held()) ++holding;
  samples.add(holding);
}

constexpr Family kLimits[] = {
    {"harriermq_limit_refusals_total", MetricType::Counter,
     "What limits refused: `vhost_connections`, `vhost_channels`, `vhost_consumers`, "
     "`vhost_queues`, `vhost_exchanges`, `vhost_bindings`, `vhost_message_size`, "
     "`vhost_stored_bytes`, `user_connections`, `user_channels`, `user_consumers`, "
     "`connection_consumers`. `vhost_stored_bytes` counts each time publishers began to be held, "
     "or with `quota_action: reject` each message.",
     collect_refusals, "limit"},
    {"harriermq_publish_rate_exceeded_total", MetricType::Counter,
     "Times a connection had to wait for a publish rate: of the `connection` itself, its `user`, "
     "its `vhost`.",
     collect_rates, "of"},
    {"harriermq_connections_throttled", MetricType::Gauge, "Connections that wait so now.",
     sum_of<&L::throttled>},
    {"harriermq_vhosts_holding_publishers", MetricType::Gauge,
     "Virtual hosts whose publishers are held, since they store `stored_bytes_max`.",
     collect_holding},
    {"harriermq_connections_blocked_by_quota", MetricType::Gauge,
     "Connections that are held so now.", sum_of<&L::held_by_quota>}};

void collect_held(const NodeReading& node, Samples& samples) {
  constexpr std::pair<const char*, HoldReason> kReasons[] = {
      {"journal_full", HoldReason::kJournalFull},
      {"journal_backlog", HoldReason::kJournalBacklog},
      {"disk_alarm", HoldReason::kDiskAlarm},
      {"memory_alarm", HoldReason::kMemoryAlarm},
      {"operator", HoldReason::kOperator}};
  for (const auto& [name, reason] : kReasons)
    samples.add(node.node().gate().is_set(reason), {{"reason", name}});
}

constexpr Family kAlarms[] = {
    {"rabbitmq_alarms_free_disk_space_watermark", MetricType::Gauge,
     "1 while too little disk space is free.",
     [](const NodeReading& n, Samples& s) {
       s.add(n.node().gate().is_set(HoldReason::kDiskAlarm));
     }},
    {"rabbitmq_alarms_memory_used_watermark", MetricType::Gauge, "1 while too much memory is used.",
     [](const NodeReading& n, Samples& s) {
       s.add(n.node().gate().is_set(HoldReason::kMemoryAlarm));
     }},
    {"rabbitmq_alarms_file_descriptor_limit", MetricType::Gauge,
     "0: there is no such alarm. The accept pauses instead, and rules of RabbitMQ's ask for it.",
     [](const NodeReading&, Samples& s) { s.add(0); }},
    {"harriermq_publishers_held", MetricType::Gauge,
     "1 while publishers are held, by reason: `journal_full`, `journal_backlog`, `disk_alarm`, "
     "`memory_alarm`, `operator`. The first two pass within moments.",
     collect_held, "reason"},
    {"harriermq_connections_blocked", MetricType::Gauge,
     "Connections that are not read now, since publishers are held.", sum_of<&L::held>},
    {"harriermq_memory_resident_bytes", MetricType::Gauge,
     "Memory that counts against the watermark: resident, without pages of files.",
     [](const NodeReading& n, Samples& s) {
       s.add(static_cast<double>(n.node().resource_gauges().memory_resident.load()));
     }}};

}  // namespace

FamilyGroup limit_families() {
  return {"Limits",
          "Sums over all virtual hosts and users; [limits](../operations/limits.md) says what they "
          "are.",
          kLimits};
}
FamilyGroup alarm_families() { return {"Alarms", "", kAlarms}; }

}  // namespace harrier::metrics

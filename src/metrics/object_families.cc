// What there is in the node now, and what has come and gone.
#include "metrics/family.h"

namespace harrier::metrics {
namespace {

using C = broker::VirtualHostCounters;
using L = server::LoopCounters;

template <auto counter>
void sum_of(const NodeReading& node, Samples& samples) {
  samples.add(node.sum(counter));
}

void collect_messages(const NodeReading& node, Samples& samples) {
  samples.add(node.sum(&C::ready) + node.sum(&C::unacked));
}
void collect_message_bytes(const NodeReading& node, Samples& samples) {
  samples.add(node.sum(&C::ready_bytes) + node.sum(&C::unacked_bytes));
}

constexpr Family kFamilies[] = {
    {"rabbitmq_connections", MetricType::Gauge, "Connections that are open.",
     sum_of<&C::connections>},
    {"rabbitmq_channels", MetricType::Gauge, "Channels that are open.", sum_of<&C::channels>},
    {"rabbitmq_consumers", MetricType::Gauge, "Consumers.", sum_of<&C::consumers>},
    {"rabbitmq_queues", MetricType::Gauge, "Queues.", sum_of<&C::queues>},
    {"harriermq_exchanges", MetricType::Gauge, "Exchanges, the predeclared ones included.",
     sum_of<&C::exchanges>},
    {"harriermq_bindings", MetricType::Gauge, "Bindings.", sum_of<&C::bindings>},
    {"harriermq_policies", MetricType::Gauge, "Policies and operator policies.",
     sum_of<&C::policies>},
    {"rabbitmq_connections_opened_total", MetricType::Counter, "Connections accepted.",
     sum_of<&L::connections_opened>, "", "connection_churn_metrics"},
    {"rabbitmq_connections_closed_total", MetricType::Counter,
     "Connections that have ended, in whatever way.", sum_of<&L::connections_closed>, "",
     "connection_churn_metrics"},
    {"rabbitmq_queue_messages_ready", MetricType::Gauge, "Messages that wait in queues.",
     sum_of<&C::ready>},
    {"rabbitmq_queue_messages_unacked", MetricType::Gauge,
     "Messages delivered and not yet acknowledged.", sum_of<&C::unacked>},
    {"rabbitmq_queue_messages", MetricType::Gauge, "Both together.", collect_messages},
    {"rabbitmq_queue_consumers", MetricType::Gauge, "Consumers of queues.", sum_of<&C::consumers>},
    {"rabbitmq_queue_messages_ready_bytes", MetricType::Gauge,
     "Bytes of the bodies of messages that wait in queues.", sum_of<&C::ready_bytes>},
    {"rabbitmq_queue_messages_unacked_bytes", MetricType::Gauge,
     "Bytes of the bodies of messages delivered and not yet acknowledged.",
     sum_of<&C::unacked_bytes>},
    {"rabbitmq_queue_messages_bytes", MetricType::Gauge,
     "Both together: what counts against `stored_bytes_max` of virtual hosts.",
     collect_message_bytes}};

}  // namespace

FamilyGroup object_families() { return {"What there is", "", kFamilies}; }

}  // namespace harrier::metrics

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
    {"rabbitmq_global_publishers", MetricType::Gauge, "Channels that are open and have published.",
     [](const NodeReading& n, Samples& s) {
       s.add(n.sum(&C::publishers), {{"protocol", "amqp091"}});
     },
     "protocol"},
    {"rabbitmq_global_consumers", MetricType::Gauge, "Consumers.",
     [](const NodeReading& n, Samples& s) {
       s.add(n.sum(&C::consumers), {{"protocol", "amqp091"}});
     },
     "protocol"},
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
    {"rabbitmq_channels_opened_total", MetricType::Counter, "Channels opened.",
     sum_of<&C::channels_opened>, "", "connection_churn_metrics"},
    {"rabbitmq_channels_closed_total", MetricType::Counter,
     "Channels that have ended, in whatever way.", sum_of<&C::channels_closed>, "",
     "connection_churn_metrics"},
    {"rabbitmq_queues_declared_total", MetricType::Counter,
     "Times queue.declare went well, whether the queue was there or not.",
     sum_of<&C::queues_declared>, "", "connection_churn_metrics"},
    {"rabbitmq_queues_created_total", MetricType::Counter, "Queues made.",
     sum_of<&C::queues_created>, "", "connection_churn_metrics"},
    {"rabbitmq_queues_deleted_total", MetricType::Counter,
     "Queues that have ended: deleted, expired or gone with their connection or last consumer.",
     sum_of<&C::queues_deleted>, "", "connection_churn_metrics"}};

// What the pages per object have of each object instead.
constexpr Family kSums[] = {
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
     collect_message_bytes},
    {"rabbitmq_channel_messages_unroutable_returned_total", MetricType::Counter,
     "Messages that no queue took, returned to their publisher; of channels that are gone, too.",
     sum_of<&C::unroutable_returned>},
    {"rabbitmq_channel_messages_unroutable_dropped_total", MetricType::Counter,
     "Messages that no queue took, dropped; of channels that are gone, too.",
     sum_of<&C::unroutable_dropped>}};

}  // namespace

FamilyGroup object_families() { return {"What there is", "", kFamilies}; }
FamilyGroup sum_families() {
  return {"Sums over all objects",
          "`/metrics/per-object` has these of each object instead, and no sum.", kSums};
}

}  // namespace harrier::metrics

// What has happened to messages.
#include <utility>

#include "metrics/family.h"

namespace harrier::metrics {
namespace {

using C = broker::VirtualHostCounters;
using broker::SettleReason;

constexpr char kProtocol[] = "protocol";

template <auto counter>
void sum_of(const NodeReading& node, Samples& samples) {
  samples.add(node.sum(counter));
}
template <auto counter>
void amqp(const NodeReading& node, Samples& samples) {
  samples.add(node.sum(counter), {{kProtocol, "amqp091"}});
}

void collect_settled(const NodeReading& node, Samples& samples) {
  constexpr std::pair<const char*, SettleReason> kReasons[] = {
      {"acknowledged", SettleReason::kAcknowledged},
      {"delivered_without_ack", SettleReason::kDeliveredWithoutAck},
      {"purged", SettleReason::kPurged},
      {"expired", SettleReason::kExpired},
      {"max_length", SettleReason::kMaxLength},
      {"rejected", SettleReason::kRejected},
      {"delivery_limit", SettleReason::kDeliveryLimit}};
  for (const auto& [name, reason] : kReasons)
    samples.add(node.settled(reason), {{"reason", name}});
}

constexpr Family kFamilies[] = {
    {"rabbitmq_global_messages_received_total", MetricType::Counter,
     "Messages published by clients.", amqp<&C::published>, kProtocol},
    {"rabbitmq_global_messages_confirmed_total", MetricType::Counter,
     "Messages confirmed to publishers.", amqp<&C::confirmed>, kProtocol},
    {"rabbitmq_global_messages_unroutable_dropped_total", MetricType::Counter,
     "Messages that no queue took, dropped.", amqp<&C::unroutable_dropped>, kProtocol},
    {"rabbitmq_global_messages_unroutable_returned_total", MetricType::Counter,
     "Messages that no queue took, returned to their publisher.", amqp<&C::unroutable_returned>,
     kProtocol},
    {"rabbitmq_global_messages_delivered_total", MetricType::Counter,
     "Messages delivered to consumers and by basic.get.", amqp<&C::delivered>, kProtocol},
    {"rabbitmq_global_messages_redelivered_total", MetricType::Counter,
     "Of these, messages that had been delivered before.", amqp<&C::redelivered>, kProtocol},
    {"rabbitmq_global_messages_acknowledged_total", MetricType::Counter,
     "Messages acknowledged by consumers.", amqp<&C::acknowledged>, kProtocol},
    {"harriermq_messages_requeued_total", MetricType::Counter,
     "Messages put back into their queue.", sum_of<&C::requeued>},
    {"harriermq_messages_refused_total", MetricType::Counter,
     "Messages that full queues refused: nacked, or lost by a publisher without confirms.",
     sum_of<&C::refused>},
    {"harriermq_messages_settled_total", MetricType::Counter,
     "Messages that left a queue, by reason: `acknowledged`, `delivered_without_ack`, `purged`, "
     "`expired`, `max_length`, `rejected`, `delivery_limit`.",
     collect_settled, "reason"},
    {"harriermq_messages_dead_lettered_total", MetricType::Counter,
     "Messages sent to a dead letter exchange.", sum_of<&C::dead_lettered>},
    {"harriermq_dead_letters_dropped_total", MetricType::Counter,
     "Dead letters without a place to go: no such exchange, no queue, or a cycle.",
     sum_of<&C::dead_letters_dropped>},
    {"harriermq_queue_messages_unreadable_total", MetricType::Counter,
     "Messages left out of their queue because the disk did not give them back. Above 0: look at "
     "the disk.",
     sum_of<&C::unreadable>}};

}  // namespace

FamilyGroup message_families() {
  return {"Messages", "Of virtual hosts that have been deleted, too, so that these never fall.",
          kFamilies};
}

}  // namespace harrier::metrics

// What has happened to messages.
#include <type_traits>
#include <utility>
#include <vector>

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

using T = broker::QueueTypeCounters;
using broker::DeadLetterStrategy;

constexpr std::pair<const char*, broker::QueueType> kQueueTypes[] = {
    {"rabbit_classic_queue", broker::QueueType::kClassic},
    {"rabbit_quorum_queue", broker::QueueType::kQuorum}};
constexpr char kByType[] = "protocol, queue_type";

// The sum of `counters` of each queue type.
template <auto... counters>
void by_type(const NodeReading& node, Samples& samples) {
  for (const auto& [name, type] : kQueueTypes)
    samples.add(node.sum_of([type = type](const C& host) {
      const T& of_type = host.by_type[static_cast<std::size_t>(type)];
      return ((of_type.*counters).value() + ...);
    }),
                {{kProtocol, "amqp091"}, {"queue_type", name}});
}

template <SettleReason reason>
void dead_lettered(const NodeReading& node, Samples& samples) {
  constexpr std::pair<const char*, DeadLetterStrategy> kStrategies[] = {
      {"at_most_once", DeadLetterStrategy::kAtMostOnce},
      {"disabled", DeadLetterStrategy::kDisabled}};
  for (const auto& [name, type] : kQueueTypes) {
    if (reason == SettleReason::kDeliveryLimit && type == broker::QueueType::kClassic) continue;
    for (const auto& [strategy_name, strategy] : kStrategies)
      samples.add(node.sum_of([type = type, strategy = strategy](const C& host) {
        const T& of_type = host.by_type[static_cast<std::size_t>(type)];
        return of_type
            .dead_lettered[static_cast<std::size_t>(strategy)][static_cast<std::size_t>(reason)]
            .value();
      }),
                  {{"queue_type", name}, {"dead_letter_strategy", strategy_name}});
  }
}
constexpr char kDeadLetterLabels[] = "queue_type, dead_letter_strategy";

// Of all virtual hosts; bounds and sum in the unit of the counters divided by `unit`.
template <auto histogram>
void add_histogram(const NodeReading& node, Samples& samples, double unit, Samples::Labels labels) {
  using Histogram = std::remove_cvref_t<decltype(std::declval<C>().*histogram)>;
  std::vector<std::uint64_t> counts;
  for (std::size_t i = 0; i != Histogram::kClasses; ++i)
    counts.push_back(static_cast<std::uint64_t>(
        node.sum_of([i](const C& host) { return (host.*histogram).count_in(i); })));
  const double sum = node.sum_of([](const C& host) { return (host.*histogram).sum(); });
  samples.add_histogram(Samples::bounds_in(Histogram::kBounds, unit), counts, sum / unit, labels);
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
    samples.add(node.sum_of([reason = reason](const C& host) {
      return host.settled[static_cast<std::size_t>(reason)].value();
    }),
                {{"reason", name}});
}

constexpr Family kFamilies[] = {
    {"rabbitmq_global_messages_received_total", MetricType::Counter,
     "Messages published by clients.", amqp<&C::published>, kProtocol},
    {"rabbitmq_global_messages_received_confirm_total", MetricType::Counter,
     "Of these, those published on channels that ask for confirms.", amqp<&C::published_confirm>,
     kProtocol},
    {"rabbitmq_global_messages_confirmed_total", MetricType::Counter,
     "Messages confirmed to publishers.", amqp<&C::confirmed>, kProtocol},
    {"rabbitmq_global_messages_routed_total", MetricType::Counter,
     "Copies of published messages that queues were to take.", amqp<&C::routed>, kProtocol},
    {"rabbitmq_global_messages_unroutable_dropped_total", MetricType::Counter,
     "Messages that no queue took, dropped.", amqp<&C::unroutable_dropped>, kProtocol},
    {"rabbitmq_global_messages_unroutable_returned_total", MetricType::Counter,
     "Messages that no queue took, returned to their publisher.", amqp<&C::unroutable_returned>,
     kProtocol},
    {"rabbitmq_global_messages_delivered_total", MetricType::Counter,
     "Messages delivered from queues, to consumers and by basic.get.",
     by_type<&T::delivered_auto_ack, &T::delivered_manual_ack, &T::got_auto_ack,
             &T::got_manual_ack>,
     kByType},
    {"rabbitmq_global_messages_delivered_consume_auto_ack_total", MetricType::Counter,
     "Of these, to consumers that do not acknowledge.", by_type<&T::delivered_auto_ack>, kByType},
    {"rabbitmq_global_messages_delivered_consume_manual_ack_total", MetricType::Counter,
     "Of these, to consumers that acknowledge.", by_type<&T::delivered_manual_ack>, kByType},
    {"rabbitmq_global_messages_delivered_get_auto_ack_total", MetricType::Counter,
     "Of these, by basic.get without acknowledgement.", by_type<&T::got_auto_ack>, kByType},
    {"rabbitmq_global_messages_delivered_get_manual_ack_total", MetricType::Counter,
     "Of these, by basic.get with acknowledgement.", by_type<&T::got_manual_ack>, kByType},
    {"rabbitmq_global_messages_get_empty_total", MetricType::Counter,
     "Times basic.get found no message.", by_type<&T::get_empty>, kByType},
    {"rabbitmq_global_messages_redelivered_total", MetricType::Counter,
     "Messages delivered that had been delivered before.", by_type<&T::redelivered>, kByType},
    {"rabbitmq_global_messages_acknowledged_total", MetricType::Counter,
     "Messages acknowledged by consumers.", by_type<&T::acknowledged>, kByType},
    {"rabbitmq_global_messages_dead_lettered_expired_total", MetricType::Counter,
     "Messages that left their queue since their time was over; with the strategy `disabled` they "
     "went nowhere.",
     dead_lettered<SettleReason::kExpired>, kDeadLetterLabels},
    {"rabbitmq_global_messages_dead_lettered_maxlen_total", MetricType::Counter,
     "Messages that left their queue since it was full.", dead_lettered<SettleReason::kMaxLength>,
     kDeadLetterLabels},
    {"rabbitmq_global_messages_dead_lettered_rejected_total", MetricType::Counter,
     "Messages that consumers rejected.", dead_lettered<SettleReason::kRejected>,
     kDeadLetterLabels},
    {"rabbitmq_global_messages_dead_lettered_delivery_limit_total", MetricType::Counter,
     "Messages that had been delivered too often.", dead_lettered<SettleReason::kDeliveryLimit>,
     kDeadLetterLabels},
    {"rabbitmq_global_messages_dead_lettered_confirmed_total", MetricType::Counter,
     "0: dead letters are not confirmed by the queues they go to (at-least-once).",
     [](const NodeReading&, Samples& s) {
       s.add(0, {{"queue_type", "rabbit_quorum_queue"}, {"dead_letter_strategy", "at_least_once"}});
     },
     kDeadLetterLabels},
    {"rabbitmq_message_size_bytes", MetricType::Histogram,
     "Bodies of messages published by clients.",
     [](const NodeReading& n, Samples& s) {
       add_histogram<&C::message_sizes>(n, s, 1, {{kProtocol, "amqp091"}});
     },
     kProtocol},
    {"harriermq_confirm_latency_seconds", MetricType::Histogram,
     "From a publish to the moment its confirm leaves, for each confirmed message.",
     [](const NodeReading& n, Samples& s) { add_histogram<&C::confirm_latency>(n, s, 1e3, {}); }},
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

// What there is to say of each queue.
#include "metrics/object_tables.h"

namespace harrier::metrics {
namespace {

using broker::SettleReason;
using prometheus::MetricType;
using server::QueueView;
using Value = std::optional<double>;

template <auto member>
Value number(const QueueView& queue) {
  return static_cast<double>(queue.*member);
}
template <auto member>
Value total(const QueueView& queue) {
  return static_cast<double>((queue.statistics.*member).total);
}
template <auto member>
Value fate(const QueueView& queue) {
  return static_cast<double>(queue.fates.*member);
}
template <SettleReason reason>
Value settled(const QueueView& queue) {
  return static_cast<double>(queue.fates.settled_by(reason));
}
template <auto member>
Value age(const QueueView& queue) {
  if (!(queue.*member)) return {};
  return std::chrono::duration<double>(*(queue.*member)).count();
}
template <broker::QueueType type>
Value is_of(const QueueView& queue) {
  return queue.type == type ? Value(1) : std::nullopt;
}
template <auto member>
const server::Distribution& spread(const QueueView& queue) {
  return queue.*member;
}

constexpr char kSettled[] = "harriermq_queue_messages_settled_total";
constexpr char kSettledHelp[] =
    "Messages that left the queue, by reason: `acknowledged`, `delivered_without_ack`, `purged`, "
    "`expired`, `max_length`, `rejected`, `delivery_limit`.";
constexpr char kQueueInfo[] = "rabbitmq_queue_info";
constexpr char kQueueInfoHelp[] = "1; what kind of queue it is. Every queue is its node's own.";

using S = server::MessageStatistics;
using F = server::QueueFates;

constexpr ObjectFamily<QueueView> kFamilies[] = {
    {kQueueInfo, MetricType::Gauge, kQueueInfoHelp, "queue_info",
     is_of<broker::QueueType::kClassic>,
     "queue_type=\"rabbit_classic_queue\",membership=\"leader\""},
    {kQueueInfo, MetricType::Gauge, kQueueInfoHelp, "queue_info", is_of<broker::QueueType::kQuorum>,
     "queue_type=\"rabbit_quorum_queue\",membership=\"leader\""},
    {"rabbitmq_queue_messages_ready", MetricType::Gauge, "Messages that wait in it.",
     "queue_coarse_metrics", number<&QueueView::ready>},
    {"rabbitmq_queue_messages_unacked", MetricType::Gauge,
     "Messages delivered and not yet acknowledged.", "queue_coarse_metrics",
     number<&QueueView::unacked>},
    {"rabbitmq_queue_messages", MetricType::Gauge, "Both together.", "queue_coarse_metrics",
     [](const QueueView& q) -> Value { return static_cast<double>(q.ready + q.unacked); }},
    {"rabbitmq_queue_consumers", MetricType::Gauge, "Its consumers.", "queue_consumer_count",
     number<&QueueView::consumers>},
    {"rabbitmq_queue_consumer_capacity", MetricType::Gauge,
     "Fraction of the last seconds in which a message could have been delivered at once; 0 without "
     "consumers.",
     "queue_metrics", number<&QueueView::consumer_capacity>},
    {"rabbitmq_queue_consumer_utilisation", MetricType::Gauge, "The same, by its older name.",
     "queue_metrics", number<&QueueView::consumer_capacity>},
    {"rabbitmq_queue_process_memory_bytes", MetricType::Gauge,
     "About what it takes in memory, with its messages that are there.", "queue_metrics",
     number<&QueueView::memory>},
    {"rabbitmq_queue_messages_ram", MetricType::Gauge, "Messages that wait, in memory.",
     "queue_metrics", number<&QueueView::resident>},
    {"rabbitmq_queue_messages_ram_bytes", MetricType::Gauge, "Their bytes.", "queue_metrics",
     number<&QueueView::resident_bytes>},
    {"rabbitmq_queue_messages_persistent", MetricType::Gauge,
     "Messages that wait and are on disk, or will be.", "queue_metrics",
     number<&QueueView::persistent>},
    {"rabbitmq_queue_messages_persistent_bytes", MetricType::Gauge, "Their bytes.", "queue_metrics",
     number<&QueueView::persistent_bytes>},
    {"rabbitmq_queue_messages_bytes", MetricType::Gauge, "Bytes of bodies, ready and unacked.",
     "queue_metrics",
     [](const QueueView& q) -> Value {
       return static_cast<double>(q.ready_bytes + q.unacked_bytes);
     }},
    {"rabbitmq_queue_messages_ready_bytes", MetricType::Gauge, "Bytes of bodies that wait.",
     "queue_metrics", number<&QueueView::ready_bytes>},
    {"rabbitmq_queue_messages_unacked_bytes", MetricType::Gauge,
     "Bytes of bodies delivered and not yet acknowledged.", "queue_metrics",
     number<&QueueView::unacked_bytes>},
    {"rabbitmq_queue_disk_reads_total", MetricType::Counter,
     "Messages read back from the disk for it, again and again if they left memory again.",
     "queue_metrics", fate<&F::disk_reads>},
    {"rabbitmq_queue_disk_writes_total", MetricType::Counter,
     "Messages written for it: to the journal when they were published, and to a run file when "
     "they left the journal or memory. One that does both counts twice.",
     "queue_metrics", fate<&F::disk_writes>},
    {"rabbitmq_queue_head_message_timestamp", MetricType::Gauge,
     "The timestamp property of the message at the head, if it has one, in seconds since 1970.",
     "queue_metrics",
     [](const QueueView& q) -> Value {
       if (!q.head_message_timestamp) return {};
       return static_cast<double>(*q.head_message_timestamp);
     }},
    {"rabbitmq_queue_messages_published_total", MetricType::Counter, "Messages put into it.",
     "queue_exchange_metrics", total<&S::publish>},
    {"rabbitmq_queue_messages_delivered_total", MetricType::Counter,
     "Messages delivered to consumers that do not acknowledge.", "queue_delivery_metrics",
     total<&S::deliver_no_ack>},
    {"rabbitmq_queue_messages_delivered_ack_total", MetricType::Counter,
     "Messages delivered to consumers that acknowledge.", "queue_delivery_metrics",
     total<&S::deliver>},
    {"rabbitmq_queue_messages_redelivered_total", MetricType::Counter,
     "Messages delivered that had been delivered before.", "queue_delivery_metrics",
     total<&S::redeliver>},
    {"rabbitmq_queue_messages_acked_total", MetricType::Counter, "Messages acknowledged.",
     "queue_delivery_metrics", total<&S::ack>},
    {"rabbitmq_queue_get_total", MetricType::Counter,
     "Messages fetched by basic.get without acknowledgement.", "queue_delivery_metrics",
     total<&S::get_no_ack>},
    {"rabbitmq_queue_get_ack_total", MetricType::Counter,
     "Messages fetched by basic.get with acknowledgement.", "queue_delivery_metrics",
     total<&S::get>},
    {"rabbitmq_queue_get_empty_total", MetricType::Counter, "Times basic.get found no message.",
     "queue_delivery_metrics", total<&S::get_empty>},
    {"harriermq_queue_oldest_ready_age_seconds", MetricType::Gauge,
     "How long ago the oldest message that waits was published; no sample while none waits.",
     kQueueFateGroup, age<&QueueView::oldest_ready_age>},
    {"harriermq_queue_oldest_unacked_age_seconds", MetricType::Gauge,
     "How long ago the oldest message that is not yet acknowledged was delivered; no sample while "
     "there is none.",
     kQueueFateGroup, age<&QueueView::oldest_unacked_age>},
    {kSettled, MetricType::Counter, kSettledHelp, kQueueFateGroup,
     settled<SettleReason::kAcknowledged>, "reason=\"acknowledged\""},
    {kSettled, MetricType::Counter, kSettledHelp, kQueueFateGroup,
     settled<SettleReason::kDeliveredWithoutAck>, "reason=\"delivered_without_ack\""},
    {kSettled, MetricType::Counter, kSettledHelp, kQueueFateGroup, settled<SettleReason::kPurged>,
     "reason=\"purged\""},
    {kSettled, MetricType::Counter, kSettledHelp, kQueueFateGroup, settled<SettleReason::kExpired>,
     "reason=\"expired\""},
    {kSettled, MetricType::Counter, kSettledHelp, kQueueFateGroup,
     settled<SettleReason::kMaxLength>, "reason=\"max_length\""},
    {kSettled, MetricType::Counter, kSettledHelp, kQueueFateGroup, settled<SettleReason::kRejected>,
     "reason=\"rejected\""},
    {kSettled, MetricType::Counter, kSettledHelp, kQueueFateGroup,
     settled<SettleReason::kDeliveryLimit>, "reason=\"delivery_limit\""},
    {"harriermq_queue_messages_requeued_total", MetricType::Counter, "Messages put back into it.",
     kQueueFateGroup, fate<&F::requeued>},
    {"harriermq_queue_messages_dead_lettered_total", MetricType::Counter,
     "Messages that left it for a dead letter exchange.", kQueueFateGroup, fate<&F::dead_lettered>},
    {"harriermq_queue_dead_letters_dropped_total", MetricType::Counter,
     "Messages that should have, and had no place to go.", kQueueFateGroup,
     fate<&F::dead_letters_dropped>},
    {"harriermq_queue_messages_refused_total", MetricType::Counter,
     "Messages that it did not take, since it was full (`overflow: reject-publish`).",
     kQueueFateGroup, fate<&F::refused>},
    {"harriermq_queue_unreadable_total", MetricType::Counter,
     "Messages left out because the disk did not give them back.", kQueueFateGroup,
     fate<&F::unreadable>},
    {"harriermq_queue_time_in_queue_seconds", MetricType::Histogram,
     "From publish to delivery. Histograms begin at a queue's first delivery and anew when it was "
     "quiet for about ten seconds.",
     kQueueLatencyGroup, nullptr, nullptr, spread<&QueueView::time_in_queue>},
    {"harriermq_queue_publish_to_ack_seconds", MetricType::Histogram,
     "From publish to acknowledgement.", kQueueLatencyGroup, nullptr, nullptr,
     spread<&QueueView::publish_to_ack>}};

}  // namespace

ObjectFamilyGroup<QueueView> queue_object_families() {
  return {"Queues", "", "vhost, queue", kFamilies};
}

}  // namespace harrier::metrics

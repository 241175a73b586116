// Queue's statistics: when they begin, what follows from them, when they end.
#include "broker/queue_statistics.h"

#include <algorithm>

#include "broker/queue.h"

namespace harrier::broker {
namespace {

// What came back is looked at for what is recorded, so far.
constexpr std::size_t kRequeuedLookedAt = 256;

constexpr std::size_t index_of(SettleReason reason) { return static_cast<std::size_t>(reason); }

std::uint64_t delivered_in(const MessageTotals& totals) {
  std::uint64_t delivered = 0;
  for (const MessageEvent event : {MessageEvent::kDeliver, MessageEvent::kDeliverNoAck,
                                   MessageEvent::kGet, MessageEvent::kGetNoAck})
    delivered += totals[static_cast<std::size_t>(event)];
  return delivered;
}

}  // namespace

bool QueueActivity::look(base::MonotonicTime now) {
  const Window::Totals totals = queue_.window_totals();
  const bool still = window.still(totals) && blocked_since == base::kNever;
  window.look(totals, now);
  return !still;
}

void QueueActivity::quiet() { queue_.become_quiet(); }

QueueStatistics& Queue::statistics() {
  if (!statistics_) {
    statistics_ = std::make_unique<QueueStatistics>(
        turn_.counters.by_type[static_cast<std::size_t>(settings_->type)]);
    statistics_->first_position = next_position_;
    statistics_->first_content = ready_.count() + unacked_count_;
  }
  return *statistics_;
}

void Queue::become_active() {
  QueueStatistics& statistics = this->statistics();
  active_ = true;
  statistics.recent = std::make_unique<QueueActivity>(*this, window_totals(), turn_.now.monotonic);
  statistics.recent->delivered_before = delivered_in(totals());
  turn_.activity.join(*statistics.recent);
}

void Queue::become_quiet() {
  statistics_->quiet_since = turn_.now.monotonic - Activity::kPeriod;
  statistics_->recent.reset();
  active_ = false;
}

void Queue::count_settled(SettleReason reason, std::uint64_t count) {
  statistics_->settled_by(reason) += count;
  const auto strategy =
      dead_letters() ? DeadLetterStrategy::kAtMostOnce : DeadLetterStrategy::kDisabled;
  if (reason != SettleReason::kPurged)
    statistics_->of_type.dead_lettered_for(strategy, reason).add(count);
}

void Queue::note_dead_lettered(const QueueEntry& entry, SettleReason reason, bool routed) {
  if (!deleted_)
    ++(routed ? statistics().fates.dead_lettered : statistics().fates.dead_letters_dropped);
  record(entry, reason);
}

void Queue::note_waited(const QueueEntry& entry) {
  if (!entry.message) return;
  QueueActivity& recent = *statistics_->recent;
  ++recent.waited;
  recent.time_in_queue.add(turn_.now.wall - entry.message->ingress());
}

void Queue::note_blocked() {
  if (!active_) become_active();
  QueueActivity& recent = *statistics_->recent;
  if (recent.blocked_since == base::kNever) recent.blocked_since = turn_.now.monotonic;
}

void Queue::note_unblocked() {
  if (!active_) return;
  QueueActivity& recent = *statistics_->recent;
  if (recent.blocked_since == base::kNever) return;
  recent.blocked_ms +=
      static_cast<std::uint64_t>((turn_.now.monotonic - recent.blocked_since).count());
  recent.blocked_since = base::kNever;
}

MessageTotals Queue::totals() const {
  MessageTotals totals{};
  if (!statistics_) return totals;
  const QueueStatistics& own = *statistics_;
  const std::uint64_t published = next_position_.value - own.first_position.value;
  std::uint64_t elsewhere = ready_.count() + unacked_count_ + own.fates.unreadable;
  for (const std::uint64_t settled : own.fates.settled)
    elsewhere += settled;
  const std::uint64_t acknowledged = published + own.first_content - elsewhere;
  const std::uint64_t without_ack = own.fates.settled_by(SettleReason::kDeliveredWithoutAck);
  // Whatever was delivered to be acknowledged is still out, or has come back in one of three ways.
  const std::uint64_t with_ack = unacked_count_ + acknowledged + own.fates.requeued +
                                 own.fates.settled_by(SettleReason::kRejected);
  total_of(totals, MessageEvent::kPublish) = published;
  total_of(totals, MessageEvent::kDeliver) = with_ack - own.got;
  total_of(totals, MessageEvent::kDeliverNoAck) = without_ack - own.got_no_ack;
  total_of(totals, MessageEvent::kGet) = own.got;
  total_of(totals, MessageEvent::kGetNoAck) = own.got_no_ack;
  total_of(totals, MessageEvent::kGetEmpty) = own.get_empty;
  total_of(totals, MessageEvent::kAck) = acknowledged;
  total_of(totals, MessageEvent::kRedeliver) = own.redelivered;
  return totals;
}

QueueActivity::Window::Totals Queue::window_totals() const {
  QueueActivity::Window::Totals all{};
  const MessageTotals totals = this->totals();
  std::copy(totals.begin(), totals.end(), all.begin());
  all[kMessageEvents] = ready_.count();
  all[kMessageEvents + 1] = unacked_count_;
  if (statistics_ && statistics_->recent) {
    const QueueActivity& recent = *statistics_->recent;
    std::uint64_t& blocked = all[kMessageEvents + 2];
    blocked = recent.blocked_ms;
    if (recent.blocked_since != base::kNever)
      blocked += static_cast<std::uint64_t>((turn_.now.monotonic - recent.blocked_since).count());
  }
  return all;
}

void Queue::read(QueueReading& reading) const {
  const ReadyMessages::Recorded recorded = ready_.recorded(kRequeuedLookedAt);
  reading.resident = ready_.resident_count();
  reading.persistent = recorded.count;
  reading.persistent_bytes = recorded.body_bytes;
  reading.memory = sizeof(Queue) + name().capacity() +
                   declaration_.arguments.view().bytes().size() + ready_.resident_bytes();
  reading.consumer_capacity = consumers_.empty() ? 0 : 1;
  reading.idle_since = last_used_;
  reading.counts.totals = totals();
  if (!statistics_) return;
  reading.memory += sizeof(QueueStatistics);
  reading.fates = statistics_->fates;
  reading.fates.settled[index_of(SettleReason::kAcknowledged)] =
      reading.counts.total(MessageEvent::kAck);
  reading.idle_since = std::max(last_used_, statistics_->quiet_since);
  if (!statistics_->recent) return;
  const QueueActivity& recent = *statistics_->recent;
  reading.memory += sizeof(QueueActivity);
  reading.idle_since.reset();
  const auto rates = recent.window.rates(window_totals(), turn_.now.monotonic);
  std::copy_n(rates.begin(), kMessageEvents, reading.counts.rates.begin());
  reading.ready_rate = rates[kMessageEvents];
  reading.unacked_rate = rates[kMessageEvents + 1];
  if (!consumers_.empty())
    reading.consumer_capacity = std::clamp(1 - rates[kMessageEvents + 2] / 1'000, 0.0, 1.0);
  // Those that passed straight through did not wait, and are not counted one by one.
  reading.time_in_queue = recent.time_in_queue;
  reading.time_in_queue.add_none(delivered_in(reading.counts.totals) - recent.delivered_before -
                                 recent.waited);
  reading.publish_to_ack = recent.publish_to_ack;
  reading.measured = true;
}

}  // namespace harrier::broker

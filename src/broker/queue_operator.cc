// What operators do with a queue: pause it, take messages out wherever they stand, look at them.

#include <utility>

#include "base/check.h"
#include "broker/queue.h"

namespace harrier::broker {

// A paused queue's consumers stand neither in the ring nor at a credit: a publish finds nobody and
// needs not ask why.
void Queue::set_paused(bool paused) {
  if (deleted_ || declaration_.paused == paused) return;
  declaration_.paused = paused;
  if (durable()) turn_.log.append(QueueDeclaredChange{id_, declaration_});
  for (const ConsumerRef& consumer : consumers_) {
    if (paused) {
      consumer->unlink();
    } else if (consumer->active() &&
               (!settings_->single_active_consumer || active_consumer_ == consumer.get())) {
      ring_.add(*consumer);
      note_unblocked();
    }
  }
  mark_dirty();
}

GetOutcome Queue::take(QueueEntry& entry, GetWaiter& waiter) {
  const GetOutcome outcome = await_head(waiter, true);
  if (outcome != GetOutcome::kEntry) return outcome;
  if (!active_) become_active();
  entry = take_ready_head();
  note_unacked(entry);
  if (may_expire_) mark_dirty();
  return outcome;
}

QueueEntry Queue::extract(std::uint8_t level, Position position) {
  if (!active_) become_active();
  QueueEntry entry = ready_.extract(level, position);
  --turn_.counters.ready;
  turn_.counters.ready_bytes.subtract(entry.body_size);
  note_unacked(entry);
  watch_memory();
  if (may_expire_ || !waiters_.empty()) mark_dirty();
  return entry;
}

const QueueEntry* Queue::find_ready(std::uint8_t level, Position position) const {
  return deleted_ ? nullptr : ready_.find(level, position);
}

bool Queue::on_disk(std::uint8_t level, Position position) const {
  if (deleted_) return false;
  const auto behind = ready_.visit_behind(level, Position(position.value - 1),
                                          [](const QueueEntry&) { return false; });
  return behind && behind->after < position && position <= behind->last;
}

bool Queue::extract_from_disk(const QueueEntry& entry) {
  PagedMiddle* middle = deleted_ ? nullptr : ready_.middle(entry.priority);
  if (middle == nullptr || middle->reading || entry.position <= middle->after ||
      entry.position > middle->last)
    return false;
  if (!active_) become_active();
  const Position end = ready_.middle_end(entry.priority);
  ready_.extract_from_middle(entry);
  --turn_.counters.ready;
  turn_.counters.ready_bytes.subtract(entry.body_size);
  note_unacked(entry);
  if (ready_.middle(entry.priority) == nullptr)
    turn_.body_reader->passed({id_, end, entry.priority});
  mark_dirty();
  return true;
}

void Queue::settle_taken(const QueueEntry& entry, SettleReason reason) {
  forget_unacked(entry, nullptr);
  if (deleted_) return;
  if (reason == SettleReason::kAcknowledged) {
    ++statistics_->of_type.acknowledged;
  } else {
    count_settled(reason, 1);
  }
  settle(entry, reason);
}

void Queue::put_back(QueueEntry entry) {
  forget_unacked(entry, nullptr);
  if (deleted_) return;
  ++turn_.counters.ready;
  turn_.counters.ready_bytes.add(entry.body_size);
  if (entry.expires_at != base::kNever) may_expire_ = true;
  ready_.requeue(std::move(entry));
  watch_memory();
  mark_dirty();
}

void Queue::peek(std::uint8_t level, const ReadyMessages::OnDisk& range,
                 std::function<void(PagedIn)> answer) {
  CHECK(turn_.body_reader != nullptr);
  // Called only while this is in its virtual host.
  turn_.body_reader->peek({id_, level, range.after, range.last, kNoExpiry},
                          [this, answer = std::move(answer)](PagedIn page) {
                            std::erase_if(page.entries, [&](const QueueEntry& entry) {
                              return ready_.extracted(entry.priority, entry.position);
                            });
                            answer(std::move(page));
                          });
}

}  // namespace harrier::broker

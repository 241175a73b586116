// How waiting messages move: Queue::pump() and its steps.

#include <algorithm>

#include "base/check.h"
#include "broker/queue.h"

namespace harrier::broker {

void Queue::mark_dirty() {
  if (dirty_ || deleted_) return;
  dirty_ = true;
  turn_.dirty.push_back(QueueRef(this));
}

void Queue::pump() {
  dirty_ = false;
  Step step = Step::kProgress;
  while (!deleted_ && step == Step::kProgress) {
    if (!turn_.spend()) return mark_dirty();
    step = expire_one();
    if (step == Step::kDone) step = serve_waiter();
    if (step == Step::kDone) step = deliver_one();
    if (step == Step::kDone) step = trim_one();
  }
  // Stuck, it will be pumped again, and a deadline that cannot be met now must not come again and
  // again.
  if (deleted_ || !may_expire_ || step == Step::kStuck) return;
  turn_.timers.arm(*this, ready_.next_expiry());
}

Queue::Step Queue::expire_one() {
  if (!may_expire_ || ready_.empty()) return Step::kDone;
  Step step = Step::kDone;
  QueueEntry taken;
  const bool found = ready_.take_level_head(
      [&](const QueueEntry& head) {
        if (step != Step::kDone || !expired(head)) return false;
        if (!dead_letters()) return true;
        if (turn_.dead_letters_full()) {
          mark_dirty();
          step = Step::kStuck;
        } else if (!head.resident()) {
          step = page_in(head);
        }
        return step == Step::kDone;
      },
      taken);
  if (!found) return step;
  --turn_.counters.ready;
  turn_.counters.ready_bytes.subtract(taken.body_size);
  discard(std::move(taken), SettleReason::kExpired);
  return Step::kProgress;
}

Queue::Step Queue::serve_waiter() {
  if (waiters_.empty()) return Step::kDone;
  if (!ready_.empty() && !ready_.head().resident()) return page_in(ready_.head());
  // It leaves the list when it gets its answer, so that nobody overtakes it.
  waiters_.front().try_again();
  return Step::kProgress;
}

Queue::Step Queue::deliver_one() {
  if (ready_.empty()) return Step::kDone;
  Consumer* consumer = ring_.next();
  if (consumer == nullptr) return Step::kDone;
  QueueEntry& head = ready_.head();
  if (!deliverable(head)) return Step::kDone;
  if (!head.resident()) return page_in(head);
  hand_over(*consumer, take_ready_head());
  return Step::kProgress;
}

bool Queue::over_length() const {
  if (settings_.max_length && ready_.count() > *settings_.max_length) return true;
  return settings_.max_length_bytes && ready_.bytes() > *settings_.max_length_bytes;
}

Queue::Step Queue::trim_one() {
  if (!over_length() || ready_.empty()) return Step::kDone;
  if (dead_letters()) {
    if (turn_.dead_letters_full()) {
      mark_dirty();
      return Step::kStuck;
    }
    if (!ready_.head().resident()) return page_in(ready_.head());
  }
  discard(take_ready_head(), SettleReason::kMaxLength);
  return Step::kProgress;
}

QueueEntry Queue::take_ready_head() {
  QueueEntry entry = ready_.take_head();
  --turn_.counters.ready;
  turn_.counters.ready_bytes.subtract(entry.body_size);
  return entry;
}

bool Queue::deliverable(const QueueEntry& entry) const {
  return awaiting_commit_.empty() || entry.position < awaiting_commit_.front().position;
}

bool Queue::commit_reached(Lsn committed) {
  while (!awaiting_commit_.empty() && awaiting_commit_.front().lsn <= committed)
    awaiting_commit_.pop_front();
  mark_dirty();
  return !awaiting_commit_.empty();
}

// ---- paging

Queue::Step Queue::page_in(const QueueEntry& entry) {
  CHECK(turn_.body_reader != nullptr);
  if (page_in_pending_ == entry.position) return Step::kStuck;
  page_in_pending_ = entry.position;
  turn_.body_reader->read({id_, entry.position});
  return Step::kStuck;
}

void Queue::paged_in(Position position, MessageRef message) {
  if (deleted_) return;
  if (page_in_pending_ == position) page_in_pending_ = Position();
  QueueEntry* entry = ready_.find_head_at(position);
  // It may be gone: purged, or dropped by a length limit that needs no body.
  if (entry != nullptr && !entry->resident()) entry->message = std::move(message);
  mark_dirty();
}

void Queue::page_out() {
  CHECK(turn_.spill != nullptr);
  ready_.for_each([&](QueueEntry& entry) {
    if (!entry.resident()) return;
    turn_.spill->write({id_, entry.position}, entry.message);
    entry.message = nullptr;
  });
}

}  // namespace harrier::broker

// How waiting messages move: Queue::pump() and its steps.

#include <algorithm>
#include <utility>

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
    step = move_one();
  }
  trim_if_unused();
  // Stuck, it will be pumped again, and a deadline that cannot be met now must not come again and
  // again.
  if (deleted_ || !may_expire_ || step == Step::kStuck) return;
  turn_.timers.arm(*this, ready_.next_expiry());
}

Queue::Step Queue::move_one() {
  Step step = expire_one();
  if (step == Step::kDone) step = serve_waiter();
  if (step == Step::kDone) step = deliver_one();
  if (step == Step::kDone) step = trim_one();
  return step;
}

// A turn may bring more messages than pump() may move in it: each makes room for itself.
void Queue::keep_length() {
  for (int moves = 2; moves != 0 && over_length() && move_one() == Step::kProgress; --moves) {
  }
}

Queue::Step Queue::expire_one() {
  if (!may_expire_ || ready_.empty()) return Step::kDone;
  Step step = Step::kDone;
  std::optional<std::uint8_t> expired_level;
  ready_.visit_heads([&](const ReadyMessages::Head& head) {
    if (head.entry == nullptr) {
      step = page_in(head);
    } else if (expired(*head.entry)) {
      if (dead_letters()) {
        if (turn_.dead_letters_full()) {
          await_room();
          step = Step::kStuck;
        } else if (!head.resident()) {
          step = page_in(head);
        }
      }
      if (step == Step::kDone) expired_level = head.level;
    }
    return step == Step::kDone && !expired_level;
  });
  if (!expired_level) return step;
  discard(take_ready(*expired_level), SettleReason::kExpired);
  return Step::kProgress;
}

// Dead letters have no room: when there is some, the queue is looked at again.
void Queue::await_room() {
  if (turn_.internal_publishing_held) {
    if (!std::exchange(awaits_room_, true)) turn_.held.push_back(QueueRef(this));
  } else {
    mark_dirty();
  }
}

Queue::Step Queue::serve_waiter() {
  if (waiters_.empty()) return Step::kDone;
  if (!ready_.empty() && !ready_.head().resident()) return page_in(ready_.head());
  // It leaves the list when it gets its answer, so that nobody overtakes it.
  waiters_.front().try_again();
  return Step::kProgress;
}

Queue::Step Queue::deliver_one() {
  if (ready_.empty()) {
    note_unblocked();
    return Step::kDone;
  }
  Consumer* consumer = ring_.next();
  if (consumer == nullptr) {
    if (!consumers_.empty()) note_blocked();
    return Step::kDone;
  }
  const ReadyMessages::Head head = ready_.head();
  if (head.entry != nullptr && !gate_.passes(*head.entry)) return Step::kDone;
  if (!head.resident()) return page_in(head);
  QueueEntry entry = take_ready_head();
  note_waited(entry);
  hand_over(*consumer, std::move(entry));
  return Step::kProgress;
}

bool Queue::over_length() const {
  if (settings_->max_length && ready_.count() > *settings_->max_length) return true;
  return settings_->max_length_bytes && ready_.bytes() > *settings_->max_length_bytes;
}

Queue::Step Queue::trim_one() {
  if (!over_length() || ready_.empty()) return Step::kDone;
  const ReadyMessages::Head head = ready_.head();
  if (head.entry == nullptr) return page_in(head);
  if (dead_letters()) {
    if (turn_.dead_letters_full()) {
      await_room();
      return Step::kStuck;
    }
    if (!head.resident()) return page_in(head);
  }
  discard(take_ready_head(), SettleReason::kMaxLength);
  return Step::kProgress;
}

QueueEntry Queue::take_ready(std::uint8_t level) {
  if (!active_) [[unlikely]]
    become_active();
  QueueEntry entry = ready_.take(level);
  --turn_.counters.ready;
  turn_.counters.ready_bytes.subtract(entry.body_size);
  read_ahead(level);
  watch_memory();
  return entry;
}

bool Queue::commit_reached(Lsn committed) {
  gate_.commit_reached(committed);
  mark_dirty();
  return gate_.closed();
}

// ---- paging

Queue::Step Queue::page_in(const ReadyMessages::Head& head) {
  CHECK(turn_.body_reader != nullptr);
  if (head.entry == nullptr) {
    read_ahead(head.level);
  } else if (body_pending_ != head.entry->position) {
    body_pending_ = head.entry->position;
    turn_.body_reader->read_body({id_, head.entry->position, head.entry->priority});
  }
  return Step::kStuck;
}

std::uint64_t Queue::head_bytes() const {
  return may_expire_ || !consumers_.empty() ? turn_.limits.read_ahead_bytes : 0;
}

void Queue::read_ahead(std::uint8_t level) {
  if (deleted_ || !ready_.wants_read_ahead(level, turn_.limits.read_ahead_bytes / 2)) return;
  PagedMiddle& middle = *ready_.middle(level);
  middle.reading = true;
  ReadAhead request{id_, level, middle.after, middle.last, kNoExpiry};
  if (may_expire_ && !dead_letters()) request.drop_expired_by = turn_.now.wall;
  turn_.body_reader->read_ahead(request);
}

void Queue::paged_in(PagedIn answer) {
  const std::uint8_t level = answer.level;
  PagedMiddle* middle = deleted_ ? nullptr : ready_.middle(level);
  // Purged meanwhile: what it answers is gone.
  if (middle == nullptr || !middle->reading || middle->after != answer.after) return;
  middle->reading = false;
  statistics().fates.disk_reads += answer.entries.size();
  if (answer.expired_count != 0) {
    count_settled(SettleReason::kExpired, answer.expired_count);
    turn_.counters.settled_by(SettleReason::kExpired).add(answer.expired_count);
    turn_.counters.ready.subtract(answer.expired_count);
    turn_.counters.ready_bytes.subtract(answer.expired_body_bytes);
    if (answer.expired_logged_count != 0) {
      turn_.log.append(SettleChange{id_, level, answer.after.next(), answer.expired_through,
                                    answer.expired_logged_count, answer.expired_logged_body_bytes,
                                    SettleReason::kExpired});
    }
  }
  for (const QueueEntry& entry : answer.entries)
    if (entry.expires_at != base::kNever) may_expire_ = true;
  const Position through = answer.through, end = ready_.middle_end(level);
  const ReadyMessages::Missing missing = ready_.paged_in(std::move(answer));
  turn_.body_reader->passed({id_, ready_.middle(level) == nullptr ? end : through, level});
  statistics_->fates.unreadable += missing.count;
  turn_.counters.unreadable.add(missing.count);
  turn_.counters.ready.subtract(missing.count);
  turn_.counters.ready_bytes.subtract(missing.body_bytes);
  // All of it may have expired.
  read_ahead(level);
  watch_memory();
  mark_dirty();
}

void Queue::body_read(QueuePlace place, MessageRef message) {
  if (deleted_) return;
  if (message != nullptr) ++statistics().fates.disk_reads;
  if (dead_on_disk_) {
    if (auto dead = dead_on_disk_->extract({place.level, place.position}); !dead.empty()) {
      if (dead_on_disk_->empty()) dead_on_disk_.reset();
      // The disk does not give it back: it stays there, for repair.
      if (message == nullptr) return void(++turn_.counters.unreadable);
      dead.mapped().entry.message = std::move(message);
      turn_.dead_letters.push_back(std::move(dead.mapped()));
      return;
    }
  }
  if (body_pending_ == place.position) body_pending_ = Position();
  // It may be gone: purged, or dropped by a length limit that needs no body.
  QueueEntry* entry = ready_.find_requeued(place.level, place.position);
  if (entry != nullptr && !entry->resident()) {
    if (message) {
      ready_.body_read(*entry, std::move(message));
    } else {
      // The disk does not give it back. It stays on the disk, for repair.
      ++statistics().fates.unreadable;
      QueueEntry lost = ready_.take_requeued(place.level, place.position);
      ++turn_.counters.unreadable;
      --turn_.counters.ready;
      turn_.counters.ready_bytes.subtract(lost.body_size);
    }
  }
  watch_memory();
  mark_dirty();
}

void Queue::evict(const std::vector<EvictionPart>& parts, std::uint64_t written) {
  if (deleted_) return;
  statistics().fates.disk_writes += written;
  for (const EvictionPart& part : parts)
    ready_.evict(part);
  watch_memory();
  // Somebody may be waiting for what has just left.
  mark_dirty();
}

// Stands in the list of queues that hold about as much memory.
void Queue::watch_memory() {
  const std::uint8_t memory_class = Turn::memory_class(ready_.resident_bytes());
  if (memory_class == memory_class_) return;
  memory_class_ = memory_class;
  unlink();
  if (memory_class != 0) turn_.resident[memory_class - 1].push_back(*this);
}

// ---- recovery

void Queue::restore_next_position(Position next) {
  if (next <= next_position_) return;
  // What was given before is not what has been published since.
  if (statistics_) statistics_->first_position.value += next.value - next_position_.value;
  next_position_ = next;
}

void Queue::restore_middle(std::uint8_t level, const PagedMiddle& middle) {
  turn_.counters.ready.add(middle.count);
  turn_.counters.ready_bytes.add(middle.body_bytes);
  if (statistics_) statistics_->first_content += middle.count;
  ready_.restore_middle(level, middle);
  if (middle.may_expire) may_expire_ = true;
  restore_next_position(middle.last.next());
  mark_dirty();
}

void Queue::restore_entry(QueueEntry entry) {
  restore_next_position(entry.position.next());
  if (statistics_) ++statistics_->first_content;
  if (entry.expires_at != base::kNever) may_expire_ = true;
  ++turn_.counters.ready;
  turn_.counters.ready_bytes.add(entry.body_size);
  const PagedMiddle* middle = ready_.middle(entry.priority);
  if (middle != nullptr && entry.position <= middle->after) {
    ready_.requeue(std::move(entry));
  } else {
    ready_.push(std::move(entry));
  }
  watch_memory();
  mark_dirty();
}

}  // namespace harrier::broker

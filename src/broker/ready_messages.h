// The messages that wait in one queue, in delivery order.
//
// Role:       Queue's store of what is ready; knows nothing of consumers, limits or time to live.
// Model:      one level per priority, made lazily; inside a level new entries go to the tail,
//             requeued ones back to their position. The head is the oldest of the highest non-empty
//             level.
// Invariants: in a level every requeued position lies before the tail's first position.
// Cost:       push and take O(1); requeue O(log n) in the number of requeued entries of the level.
// Thread:     confined(broker).
// Spec:       conformance.md S29 (priority), S32 (requeue to the original position).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/chunked_queue.h"
#include "broker/queue_entry.h"

namespace harrier::broker {

class ReadyMessages {
 public:
  bool empty() const { return count_ == 0; }
  std::uint64_t count() const { return count_; }
  std::uint64_t bytes() const { return bytes_; }

  // REQUIRES a position above all that were pushed before.
  void push(QueueEntry entry);
  // Puts an entry back where it was taken from.
  void requeue(QueueEntry entry);

  // REQUIRES !empty().
  QueueEntry& head() { return level_head(*levels_[highest_]); }
  QueueEntry take_head() { return take(highest_); }

  // Visits the head of every non-empty level, highest first, until visit(entry) says to take it:
  // that entry is removed and returned through `taken`. False when no level's head was wanted.
  template <class Wanted>
  bool take_level_head(Wanted&& wanted, QueueEntry& taken) {
    for (std::size_t level = levels_.size(); level-- > 0;) {
      if (!levels_[level] || levels_[level]->empty()) continue;
      if (!wanted(level_head(*levels_[level]))) continue;
      taken = take(level);
      return true;
    }
    return false;
  }
  // The earliest expires_at among the heads of the levels.
  base::MonotonicTime next_expiry() const;
  // The entry at `position`, for paging in; nullptr if it is not ready. O(n) in the worst case:
  // only heads and requeued entries are found quickly.
  QueueEntry* find_head_at(Position position);

  // Calls visit(entry) for everything, unordered between levels; for spilling.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (auto& level : levels_) {
      if (!level) continue;
      for (auto& [position, entry] : level->requeued)
        visit(entry);
      level->tail.for_each(visit);
    }
  }

  // Drops up to `budget` entries; returns how many.
  std::uint64_t discard(std::uint64_t budget);

 private:
  struct Level {
    std::map<Position, QueueEntry> requeued;
    base::ChunkedQueue<QueueEntry, 64> tail;

    bool empty() const { return requeued.empty() && tail.empty(); }
  };

  static QueueEntry& level_head(Level& level) {
    return level.requeued.empty() ? level.tail.front() : level.requeued.begin()->second;
  }
  Level& level_for(std::uint8_t priority);
  QueueEntry take(std::size_t level);
  void note_added(const QueueEntry& entry);

  std::vector<std::unique_ptr<Level>> levels_;
  std::size_t highest_ = 0;  // the highest non-empty level; meaningless when empty
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace harrier::broker

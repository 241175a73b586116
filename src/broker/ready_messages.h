// The messages that wait in one queue, in delivery order.
//
// Role:       Queue's store of what is ready; knows nothing of consumers, limits or time to live.
// Model:      one level per priority, made lazily. A level is
//               requeued (back at their positions) · front (resident) · middle (on disk, counted)
//               · back (resident)
//             in growing positions. New entries go to the front's end, or to the back while there
//             is a middle or a back; evict() turns entries into middle, paged_in() brings them to
//             the front.
//             The head is the oldest of the highest non-empty level.
// Invariants: in a level every requeued position lies before the front's, these before the middle,
//             this before the back. Whatever is alive between the first of the front and the last
//             of the back is ready: entries are handed out from the front only.
// Cost:       push and take O(1); requeue O(log n) in the number of requeued entries of the level.
// Thread:     confined(broker).
// Spec:       conformance.md S29 (priority), S32 (requeue to the original position); rulings B2,
//             C1.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/chunked_queue.h"
#include "broker/paged_middle.h"
#include "broker/queue_entry.h"

namespace harrier::broker {

class ReadyMessages {
 public:
  bool empty() const { return count_ == 0; }
  std::uint64_t count() const { return count_; }
  std::uint64_t bytes() const { return bytes_; }
  // Memory of what is resident.
  std::uint64_t resident_bytes() const { return resident_bytes_; }
  std::size_t levels() const { return levels_.size(); }
  // Entries in memory, with their messages or without.
  std::uint64_t resident_count() const;
  // What the log knows; of those that came back at most so many of each level are looked at.
  struct Recorded {
    std::uint64_t count = 0;
    std::uint64_t body_bytes = 0;
  };
  Recorded recorded(std::size_t requeued_max) const;

  // REQUIRES a position above all that were pushed before.
  void push(QueueEntry entry);
  // Puts an entry back where it was taken from.
  void requeue(QueueEntry entry);

  // A level's oldest; entry is nullptr when the middle comes next.
  struct Head {
    std::uint8_t level = 0;
    QueueEntry* entry = nullptr;

    bool resident() const { return entry != nullptr && entry->resident(); }
  };
  // REQUIRES !empty().
  Head head() { return level_head(highest_); }
  // Calls visit(head) for every non-empty level, highest first, until it says false.
  template <class Visit>
  void visit_heads(Visit&& visit) {
    for (std::size_t level = levels_.size(); level-- > 0;) {
      if (!levels_[level] || levels_[level]->empty()) continue;
      if (!visit(level_head(level))) return;
    }
  }
  // REQUIRES that the level's head is an entry.
  QueueEntry take(std::uint8_t level);
  // The earliest expires_at among the heads that are entries.
  base::MonotonicTime next_expiry();

  // Calls visit(level, first, last, count, body_bytes) for ranges of recorded messages that
  // together hold everything ready and recorded, and nothing that is not ready.
  template <class Visit>
  void visit_logged_ranges(Visit&& visit) const;

  // ---- one by one, wherever they stand. OnDisk: what is ready in (after, last] of a level.
  struct OnDisk {
    Position after;
    Position last;
  };
  // Calls visit(entry) for what is ready behind `after` in the level, in growing positions, until
  // it says false or the disk has what comes next.
  template <class Visit>
  std::optional<OnDisk> visit_behind(std::uint8_t level, Position after, Visit&& visit) const;
  // The entry at this place, if it is in memory; it may be there without its body.
  const QueueEntry* find(std::uint8_t level, Position position) const;
  // REQUIRES that find() finds it. Cost: linear in what stands before it in memory.
  QueueEntry extract(std::uint8_t level, Position position);
  // One that is alive in the middle, which nobody reads, leaves it. The disk may still show it.
  void extract_from_middle(const QueueEntry& entry);
  bool extracted(std::uint8_t level, Position position) const;

  // ---- paging
  // nullptr when nothing of the level is on disk.
  PagedMiddle* middle(std::uint8_t level) {
    const bool some = level < levels_.size() && levels_[level] && levels_[level]->middle.count != 0;
    return some ? &levels_[level]->middle : nullptr;
  }
  // The last position before what lies in memory behind the middle: nothing that the middle named
  // lies further. REQUIRES that the level has a middle.
  Position middle_end(std::uint8_t level) {
    Entries& back = levels_[level]->back;
    return back.empty() ? kNoPosition : Position(back.front().position.value - 1);
  }
  // Whether there is a middle to be asked for because the front is empty or has less than `bytes`
  // left.
  bool wants_read_ahead(std::uint8_t number, std::uint64_t bytes) const {
    const Level& level = *levels_[number];
    if (level.middle.count == 0 || level.middle.reading) return false;
    return level.front.empty() || level.front_bytes < bytes;
  }
  // What of each level stays in memory when `keep_bytes` of every front do: up to which position,
  // by level.
  using KeptHeads = std::vector<Position>;
  KeptHeads kept_heads(std::uint64_t keep_bytes) const;
  // The first position behind `after` that may leave memory; kNoPosition: none.
  Position first_evictable(Position after, const KeptHeads& kept) const;
  // Names what in (after, through] may leave memory; calls visit(entry) for it in growing (level,
  // position). A plan in several pieces goes on behind the last entry of the one before, and is
  // evicted in that order. One plan at a time: an eviction makes other plans worthless.
  template <class Visit>
  std::vector<EvictionPart> plan_eviction(Position after, Position through, const KeptHeads& kept,
                                          Visit&& visit);
  // What is still there of `part` becomes middle. Returns what was freed.
  std::uint64_t evict(const EvictionPart& part);
  // REQUIRES that the answer begins where the middle does. Returns how many messages the disk did
  // not give back although they were counted, with their bytes.
  struct Missing {
    std::uint64_t count = 0;
    std::uint64_t body_bytes = 0;
  };
  Missing paged_in(PagedIn answer);
  // The entry at `position` that was requeued without its body; nullptr if there is none.
  QueueEntry* find_requeued(std::uint8_t level, Position position);
  void body_read(QueueEntry& entry, MessageRef message);
  // REQUIRES that find_requeued() finds it.
  QueueEntry take_requeued(std::uint8_t level, Position position);
  // At recovery, before anything is pushed to the level.
  void restore_middle(std::uint8_t level, const PagedMiddle& middle);

  // Frees up to `budget` resident entries; returns how many. For contents that nobody needs.
  std::uint64_t discard(std::uint64_t budget);
  // Gives back what messages took that are no longer here: kilobytes for each level once used, kept
  // so that a queue in use does not allocate. Nothing happens while it holds any.
  void trim() {
    if (empty()) levels_ = Levels();
  }
  bool resident_empty() const { return resident_bytes_ == 0; }

 private:
  using Entries = base::ChunkedQueue<QueueEntry, 64>;
  struct Level {
    std::map<Position, QueueEntry> requeued;
    Entries front;
    PagedMiddle middle;
    Entries back;
    // Taken out of the middle, or of what is on its way there, without a record that would tell the
    // disk. Goes with what lies before it.
    std::set<Position> extracted;
    // Up to here entries in memory may be on their way to the disk.
    Position planned_through;
    std::uint64_t front_bytes = 0;
    // Of front, middle and back.
    std::uint64_t logged_count = 0;
    std::uint64_t logged_body_bytes = 0;

    bool empty() const { return requeued.empty() && front.empty() && middle.count == 0; }
    // Nothing lies behind the front: it grows, and leaves memory from its end.
    bool from_front() const { return middle.count == 0 && back.empty(); }
    const Entries& evictable() const { return from_front() ? front : back; }
    Position last();
  };

  Head level_head(std::size_t level);
  template <class Visit>
  void visit_evictable(std::size_t level, Position after, const KeptHeads& kept,
                       Visit&& visit) const;
  Level& level_for(std::uint8_t priority);
  void note_added(std::uint8_t level, std::uint64_t count, std::uint64_t body_bytes);
  void note_removed(std::size_t level, std::uint64_t count, std::uint64_t body_bytes);
  void move_to_middle(Level& level, QueueEntry entry);
  // The back is the front when there is nothing between them.
  static void close_gap(Level& level);

  using Levels = std::vector<std::unique_ptr<Level>>;
  Levels levels_;
  std::size_t highest_ = 0;  // the highest non-empty level; meaningless when empty
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t resident_bytes_ = 0;
};

template <class Visit>
void ReadyMessages::visit_logged_ranges(Visit&& visit) const {
  for (std::size_t index = 0; index != levels_.size(); ++index) {
    if (!levels_[index]) continue;
    Level& level = *levels_[index];
    const auto number = static_cast<std::uint8_t>(index);
    // Between two requeued ones others may be delivered and outstanding: adjacent ones only.
    Position first, last;
    std::uint64_t count = 0, body_bytes = 0;
    const auto close = [&] {
      if (count != 0) visit(number, first, last, count, body_bytes);
      count = body_bytes = 0;
    };
    for (const auto& [position, entry] : level.requeued) {
      if (!entry.logged) continue;
      if (count != 0 && position != last.next()) close();
      if (count == 0) first = position;
      last = position;
      ++count;
      body_bytes += entry.body_size;
    }
    close();
    if (level.logged_count == 0) continue;
    const Position start =
        level.front.empty() ? level.middle.after.next() : level.front.front().position;
    visit(number, start, level.last(), level.logged_count, level.logged_body_bytes);
  }
}

template <class Visit>
std::optional<ReadyMessages::OnDisk> ReadyMessages::visit_behind(std::uint8_t number,
                                                                 Position after,
                                                                 Visit&& visit) const {
  if (number >= levels_.size() || !levels_[number]) return std::nullopt;
  const Level& level = *levels_[number];
  bool going_on = true;
  for (auto at = level.requeued.upper_bound(after); going_on && at != level.requeued.end(); ++at) {
    if (!at->second.resident()) return OnDisk{Position(at->first.value - 1), at->first};
    going_on = visit(at->second);
  }
  const auto visit_all = [&](const Entries& entries) {
    if (!going_on) return;
    entries.visit_while([after](const QueueEntry& entry) { return entry.position <= after; },
                        [&](const QueueEntry& entry) { return going_on = visit(entry); });
  };
  visit_all(level.front);
  if (!going_on) return std::nullopt;
  if (level.middle.count != 0 && after < level.middle.last)
    return OnDisk{std::max(after, level.middle.after), level.middle.last};
  visit_all(level.back);
  return std::nullopt;
}

template <class Visit>
void ReadyMessages::visit_evictable(std::size_t level, Position after, const KeptHeads& kept,
                                    Visit&& visit) const {
  if (!levels_[level]) return;
  if (level < kept.size()) after = std::max(after, kept[level]);
  levels_[level]->evictable().visit_while(
      [after](const QueueEntry& entry) { return entry.position <= after; },
      std::forward<Visit>(visit));
}

template <class Visit>
std::vector<EvictionPart> ReadyMessages::plan_eviction(Position after, Position through,
                                                       const KeptHeads& kept, Visit&& visit) {
  std::vector<EvictionPart> parts;
  for (std::size_t index = 0; index != levels_.size(); ++index) {
    EvictionPart part{static_cast<std::uint8_t>(index), {}, {}};
    visit_evictable(index, after, kept, [&](const QueueEntry& entry) {
      if (entry.position > through) return false;
      if (part.through == Position()) part.after = Position(entry.position.value - 1);
      part.through = entry.position;
      visit(entry);
      return true;
    });
    if (part.through == Position()) continue;
    levels_[index]->planned_through = part.through;
    parts.push_back(part);
  }
  return parts;
}

}  // namespace harrier::broker

// What the disk knows of one durable queue: which of its messages are alive, and where.
//
// Role:       ShardState keeps one per durable queue and applies records to it; spills move
//             messages from the journal to runs; the pager asks what of a run is alive; checkpoints
//             write it down. It does not know what is ready, delivered or consumed: that is
//             broker's Queue.
// Model:      young: alive and in the journal only, with the message in memory, by position.
//             extents: alive in runs, per level, by position; an extent counts what is alive of it,
//             `settled` tells which of it is not. A spill takes a prefix of the positions, so every
//             extent lies before everything young: spilled_through().
// Invariants: (1) the extents of a level do not overlap and grow; (2) an extent with nothing alive
//             is gone; (3) next_position() is above every position ever named.
// Thread:     confined(broker); at recovery to the thread that recovers.
// Errors:     settling what is not alive is no error: records are replayed over state that may
//             already hold them.
// Spec:       docs/formats/checkpoint.md; rulings A1, A3, B5, C1; ADR 0007.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "broker/changes.h"
#include "broker/ready_messages.h"
#include "store/range_set.h"
#include "store/run_file.h"
#include "store/run_ledger.h"

namespace harrier::store {

using broker::Lsn;
using broker::Position;
using broker::QueueId;

// A message in the journal; without message: dead, waiting to be popped.
struct YoungMessage {
  broker::MessageRef message;
  Position position;
  std::uint64_t lsn = 0;
  base::WallTime expires_at = broker::kNoExpiry;
  std::uint8_t level = 0;
};

struct StoredExtent {
  std::shared_ptr<const RunFile> run;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  Position first;
  Position last;
  // Alive.
  std::uint64_t count = 0;
  std::uint64_t body_bytes = 0;
  bool may_expire = false;
  // Where reading goes on: the first block that ends behind this position. Not kept.
  Position read_through;
  std::uint64_t read_offset = 0;
};

struct StoredLevel {
  std::uint8_t number = 0;
  // Delivered up to here, maybe (B5).
  Position dispatched;
  std::vector<StoredExtent> extents;
  // Messages that no record names, in runs of their own; they do not outlive the process.
  std::vector<StoredExtent> transient_extents;
  // Dead positions inside `extents`.
  RangeSet settled;
  // May have been delivered before an unclean stop.
  RangeSet suspect;
};

class StoredQueue {
 public:
  StoredQueue(QueueId id, std::string definition) : id_(id), definition_(std::move(definition)) {}
  ~StoredQueue() { set_ledger(nullptr); }
  StoredQueue(const StoredQueue&) = delete;
  StoredQueue& operator=(const StoredQueue&) = delete;

  QueueId id() const { return id_; }
  // The payload of its declaration's record.
  const std::string& definition() const { return definition_; }
  void set_definition(const std::string& definition) { definition_ = definition; }
  Position next_position() const { return next_position_; }
  Position spilled_through() const { return spilled_through_; }
  // Records up to here are in its extents already (A1).
  std::uint64_t applied_lsn() const { return applied_lsn_; }
  std::uint64_t young_count() const { return young_count_; }
  // ShardState's: it stands in the list of queues with young messages.
  bool young_listed = false;

  // ---- records; `lsn` is the record's
  void publish(const broker::PublishPlace& place, const broker::MessageRef& message,
               std::uint64_t lsn);
  void settle(const broker::SettleChange& change, std::uint64_t lsn);
  void requeue(std::uint8_t level, Position first, Position last, std::uint32_t count);
  void dispatched(std::uint8_t level, Position position);

  // ---- young messages
  // The oldest one alive; nullptr when there is none.
  const YoungMessage* oldest_young() const {
    return young_ && !young_->empty() ? &young_->front() : nullptr;
  }
  // Those in (after, through].
  template <class Visit>
  void visit_young(Position after, Position through, Visit&& visit) const {
    if (!young_ || young_->empty()) return;
    for (auto young = young_at_or_after(after.next());
         young != young_->end() && young->position <= through; ++young)
      if (young->message) visit(*young);
  }
  // The first one alive behind `after`; kNoPosition: none.
  Position first_young(Position after) const;
  // The last position with a record up to `lsn`; zero when there is none.
  Position last_young_with_lsn(std::uint64_t lsn) const;
  // Gives back what young messages took while nothing is in them.
  void trim() {
    if (young_ && young_->empty()) young_.reset();
  }

  // ---- spilling and merging
  // A message that a spill has written: alive or not when the run was safe.
  struct Spilled {
    std::uint8_t level = 0;
    Position position;
    std::uint32_t body_size = 0;
  };
  // The run is on disk: young messages up to `through` that are in it move there. `extents`: what
  // of the run is this queue's; `spilled`: some of it, by (level, position), the rest may follow.
  void move_to_run(const std::shared_ptr<const RunFile>& run, std::span<const RunExtent> extents,
                   const std::vector<Spilled>& spilled, Position through, bool may_expire);
  // Nothing is young up to here any more, though nothing was alive to be written. No message is
  // ever published up to here either, even if no record named that position.
  void note_spilled_through(Position through) {
    spilled_through_ = std::max(spilled_through_, through);
    next_position_ = std::max(next_position_, through.next());
  }
  // What was alive in the extents of a level from `first` to `last`, neighbours, is in another run
  // now: one extent stands for them. Reads of the old ones may be under way: it covers the same
  // positions, and `settled` goes on to tell of them. False when they are all gone.
  bool replace_extents(std::uint8_t level, Position first, Position last,
                       const std::shared_ptr<const RunFile>& run, const RunExtent& written);
  // Who counts, for its loop, what runs are needed for; nullptr: nobody.
  void set_ledger(RunLedger* ledger);
  // Again is no error.
  void add_transient_extent(const std::shared_ptr<const RunFile>& run, const RunExtent& written,
                            bool may_expire);
  // Transient messages up to here are needed no more.
  void passed(std::uint8_t level, Position through);
  bool has_extents() const;

  // ---- reading
  const std::vector<StoredLevel>& levels() const { return levels_; }
  const StoredLevel* find_level(std::uint8_t number) const;
  StoredLevel* find_level(std::uint8_t number) {
    return const_cast<StoredLevel*>(std::as_const(*this).find_level(number));
  }
  StoredLevel& level(std::uint8_t number);
  std::uint32_t delivery_count(Position position) const;
  // Whether it may have been delivered before: for a message read from a run, or young at recovery.
  bool redelivered(std::uint8_t level, Position position) const;

  // ---- checkpoint and recovery
  void restore(Position next, Position spilled_through, std::uint64_t applied_lsn) {
    next_position_ = std::max(next_position_, next);
    spilled_through_ = spilled_through;
    applied_lsn_ = applied_lsn;
  }
  struct DeliveryCount {
    std::uint32_t count = 0;
    std::uint8_t level = 0;
  };
  const std::map<Position, DeliveryCount>* delivery_counts() const { return counts_.get(); }
  // After an unclean stop: what may have been handed out is suspect from now on.
  void suspect_delivered();
  // What broker's Queue starts with.
  std::map<std::uint8_t, broker::PagedMiddle> middles() const;

 private:
  bool kill_young(Position position);
  void pop_dead();
  using Young = std::deque<YoungMessage>;
  Young::iterator young_at_or_after(Position position) const;
  void append_extent(StoredLevel& level, StoredExtent extent);
  struct Killed {
    std::uint64_t count = 0;
    std::uint64_t body_bytes = 0;
  };
  Killed settle_young(const broker::SettleChange& change);
  void settle_extents(StoredLevel& level, const broker::SettleChange& change, Killed in_extents);
  void drop_dead_extents(StoredLevel& level);
  static void subtract_bytes(StoredLevel& level, StoredExtent* first, StoredExtent* last,
                             std::uint64_t bytes);
  void lose(StoredExtent& extent, std::uint64_t count);

  QueueId id_;
  std::string definition_;
  Position next_position_{1};
  Position spilled_through_;
  std::uint64_t applied_lsn_ = 0;
  std::uint64_t young_count_ = 0;
  std::unique_ptr<Young> young_;
  std::vector<StoredLevel> levels_;
  RunLedger* ledger_ = nullptr;
  // Of those that came back at least once and are alive.
  std::unique_ptr<std::map<Position, DeliveryCount>> counts_;
};

}  // namespace harrier::store

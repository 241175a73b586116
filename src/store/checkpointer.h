// Keeps the journal short: has old segments emptied, writes checkpoints, frees segments and runs.
//
// Role:       one per node. Looks at the journal after every flush and drives the loops through a
//             cycle when half of it is in use, when runs lie dead on the disk, or when asked.
// Model:      idle → spilling (every loop moves what is alive in the oldest segments to runs) →
//             snapshotting (every loop tells what it knows) → waiting (until the journal has
//             committed all that the snapshots reflect) → writing → idle.
//             Two generations stay: segments and runs that the older one needs are kept until the
//             next one is safe, or the journal is so full that the next one could not be written.
//             When what a checkpoint waits for has no segment to go to, the older generation lets
//             go of its own; then the journal grows, up to segments_max.
// Invariants: (1) a segment is free only when a checkpoint covers it, as long as there is room
//             only when two do; (2) a checkpoint appears on
//             disk only when every record it reflects is committed (A3).
// Thread:     look() and request(): any; mutex_ guards everything but what a step hands to loops
//             and worker. Steps run on the loops and on the worker.
// Errors:     no room: the cycle ends, the reserve is given away, the next look tries again after
//             kRetry. Any other failure of the disk is fatal.
// Spec:       rulings A1, A3, B3; docs/formats/checkpoint.md.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "base/clock.h"
#include "base/counter.h"
#include "store/checkpoint_file.h"
#include "store/loop_store.h"
#include "store/publisher_hold.h"
#include "store/reserve_file.h"
#include "store/run_store.h"

namespace harrier::store {

class Checkpointer {
 public:
  static constexpr base::Milliseconds kRetry{1'000};
  static constexpr std::uint64_t kDeadBytesMax = 64 << 20;

  struct Loop {
    LoopStore* store;
    LoopPort* port;
  };
  struct Surroundings {
    journal::Journal& journal;
    PublisherHold& hold;
    CheckpointFiles& files;
    RunStore& runs;
    ReserveFile& reserve;
    Worker& writer;
    const base::Clock& clock;
    std::uint64_t epoch;
    // What may be pending when a checkpoint waits for it, in segments.
    std::uint32_t room_segments;
    // The journal grows up to so many.
    std::uint32_t segments_max;
    FatalError fatal;
    std::function<void()> out_of_space;
  };
  // What is on disk: nothing, or up to two generations.
  struct Known {
    CheckpointHead head;
    std::set<RunId> runs;
  };

  Checkpointer(const Surroundings& surroundings, std::optional<Known> newest,
               std::optional<Known> older)
      : around_(surroundings), newest_(std::move(newest)), older_(std::move(older)) {}

  void set_loops(std::vector<Loop> loops) { loops_ = std::move(loops); }

  // After a flush, and now and then: starts a cycle if one is due, or goes on with one that waits
  // for the journal.
  void look();
  // From now on the journal's last free segments are for the records that a checkpoint waits for.
  void keep_room();
  // A cycle at the next look, whatever the journal looks like.
  void request();
  // Waits until a cycle that began after this call has ended; false when `timeout` came first. Not
  // on a loop, the worker or the flusher.
  bool run_cycle(base::Milliseconds timeout);

  // Runs that one of the two checkpoints on disk names.
  std::set<RunId> named_runs() const;

  // ---- for metrics, any thread
  std::uint64_t generation() const;
  // Checkpoints written since the start.
  std::uint64_t cycles() const;

 private:
  enum class Phase : std::uint8_t { kIdle, kSpilling, kSnapshotting, kWaiting, kWriting };

  bool due(const journal::JournalUsage& usage);
  void start_cycle(const journal::JournalUsage& usage);
  void spilled(Spiller::Result result);
  void ask_for_snapshots();
  void snapshot_taken(LoopSnapshot snapshot);
  // With mutex_ held.
  bool everything_committed() const;
  // On the worker.
  void write();
  journal::IoStatus write_file();
  void written();
  void end_cycle(bool good);
  void give_up_older();
  void make_way();
  bool older_keeps_segments() const;
  bool not_yet() const;
  void remove(Generation obsolete);
  // With mutex_ held.
  void begin_writing();
  void keep_room_now();

  const Surroundings around_;
  std::vector<Loop> loops_;

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  Phase phase_ = Phase::kIdle;
  bool requested_ = false;
  bool keeps_room_ = false;
  bool making_way_ = false;
  bool out_of_space_ = false;
  base::MonotonicTime not_before_{};
  std::uint64_t looks_ = 0;
  std::uint64_t started_ = 0;
  std::uint64_t done_ = 0;  // the last one started that ended well
  std::uint64_t written_ = 0;
  std::size_t awaited_ = 0;
  CheckpointHead next_;
  std::vector<base::Buffer> chunks_;
  std::set<RunId> next_runs_;
  std::optional<Known> newest_;
  std::optional<Known> older_;
};

}  // namespace harrier::store

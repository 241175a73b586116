// Rewrites runs of which little is alive, and small neighbours into one, so that the disk comes
// back.
//
// Role:       LoopStore lets it look at the end of turns in which nothing else of the loop writes
//             runs, and tells it of snapshots. Who needs what of a run it learns from the
//             RunLedger.
// Model:      choose (loop) → read the runs' indexes (writer) → plan: the extents, and what is
//             settled in them (loop) → copy what is alive, in slices (writer) → the queues name the
//             new run instead of the old extents (loop). The old files go with the checkpoints that
//             name them, like every run that nobody holds.
//             A run is worth it when it is sparse and has outlived a snapshot as such (a queue that
//             is drained from one end empties its runs by itself), or when sparse runs hold much
//             dead room; several, when they are neighbours in age with small extents and the new
//             run is at least twice as large as each, so that nothing is copied often.
//             Sparse is said of messages; while most of their bytes are alive a run waits all the
//             same.
// Invariants: one job at a time. What dies while it is copied is dead in the new run by the same
//             `settled` set. A body that several entries of a run share is written once.
// Thread:     confined(broker); the reading and writing part: the worker's.
// Errors:     no room: the file is discarded, and it rests until the next snapshot. A run that
//             cannot be read is left alone and logged. Any other failure of the disk is fatal.
//             Stopped: the file is discarded, the queues keep their old extents.
// Limits:     RunMerger::Limits.
// Spec:       rulings A2, A3, B3.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/counter.h"
#include "store/run_ledger.h"
#include "store/run_store.h"
#include "store/spiller.h"
#include "store/worker.h"

namespace harrier::store {

class RunMerger {
 public:
  static constexpr std::ptrdiff_t kRunsMax = 64;  // in a job
  static constexpr std::uint64_t kSmallExtentBytes = 16 << 10;
  static constexpr std::ptrdiff_t kSmallRunsMin = 4;

  struct Limits {
    // Of live messages in a job; one extent at least. What is left is the next job's.
    std::uint64_t bytes_max = 256 << 20;
    // Dead room in sparse runs that does not wait for a snapshot.
    std::uint64_t dead_bytes_max = 64 << 20;
    // In a job of small neighbours.
    std::uint64_t extents_max = 500'000;
    // Between slices of so much the writer does other things, and a stop is noticed.
    std::uint64_t slice_bytes = 4 << 20;
    // Of shared messages kept to refer to; others are written again.
    std::uint64_t shared_bytes_max = 64 << 20;
    // Extents that the loop plans or replaces in one turn.
    std::size_t groups_per_turn = 2'000;
  };

  RunMerger(RunStore& runs, Worker& worker, LoopPort& loop, Spiller::FindState find_state,
            RunLedger& ledger, const Limits& limits, FatalError fatal)
      : runs_(runs),
        worker_(worker),
        loop_(loop),
        find_state_(std::move(find_state)),
        ledger_(ledger),
        limits_(limits),
        fatal_(std::move(fatal)) {}

  bool busy() const { return busy_; }
  // Starts a job if one is worth it; costs nothing while nothing has changed.
  void look();
  // A snapshot of the loop is complete.
  void snapshot_taken();
  // An orderly end does not wait for a copy: no job begins any more, and the one under way is
  // given up after its slice.
  void stop_from_any_thread() { stopping_.store(true, std::memory_order_relaxed); }

  // ---- for metrics, any thread
  const base::Counter& merges() const { return merges_; }
  const base::Counter& merged_bytes() const { return merged_bytes_; }

 private:
  struct Group;
  struct Job;
  class Copy;
  using Uses = std::vector<const RunLedger::Use*>;

  Uses by_age() const;
  Uses choose_sparse(const Uses& all) const;
  Uses choose_small(const Uses& all) const;
  std::uint64_t age_of(RunId run) const;
  bool may_merge(const RunLedger::Use& use) const;
  void start(const Uses& chosen, bool whole);
  void plan(const std::shared_ptr<Job>& job);
  bool plan_group(QueueId queue, std::uint8_t level_number, Job& job);
  void plan_first_alone(Job& job);
  // False, and the job has ended: most of the bytes are alive.
  bool is_worth_it(const Job& job);
  // On the worker's thread.
  static void read_indexes(Job& job);
  void copy(const std::shared_ptr<Job>& job);
  void finish(const std::shared_ptr<Job>& job);
  void replace(const std::shared_ptr<Job>& job);
  void replace_group(Job& job, const Group& group);

  RunStore& runs_;
  Worker& worker_;
  LoopPort& loop_;
  Spiller::FindState find_state_;
  RunLedger& ledger_;
  const Limits limits_;
  FatalError fatal_;
  bool busy_ = false;
  bool again_ = false;
  bool resting_ = false;
  std::atomic<bool> stopping_{false};
  // Counts snapshots; 0 means never to the ledger.
  std::uint64_t cycle_ = 1;
  // Runs that are not what their queues think, or cannot be read.
  std::set<RunId> left_alone_;
  // Runs that turned out to be no neighbours: they are not taken together with others.
  std::set<RunId> scattered_;
  // Runs with few messages alive that are most of the bytes, and how many those were: nothing is to
  // be had before half of them have died.
  std::map<RunId, std::uint64_t> full_;
  // Of merged ones: the oldest run whose messages they have.
  std::map<RunId, std::uint64_t> ages_;
  base::Counter merges_;
  base::Counter merged_bytes_;
};

}  // namespace harrier::store

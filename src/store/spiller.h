// Moves messages of a loop from the journal and from memory to run files.
//
// Role:       asked by LoopStore, for one of two reasons: a segment of the journal is to be
//             recycled (everything young up to an LSN), or memory is short (the largest queues).
//             Both do the same: what of a queue is young up to a position goes to a run; what is
//             ready up to there leaves memory.
// Model:      plan on the loop, in slices → write on the worker → finish on the loop, slice by
//             slice: the queue's state names the run for more and more positions, ready messages
//             are evicted. Messages are borrowed by the job meanwhile, and whatever is settled
//             meanwhile is dead in the run. A slice is a window of positions of one queue.
//             Messages that no record names go to a run of their own, which no checkpoint names.
// Invariants: one spill at a time. A run is named by the state only after it, and the folder's
//             entry of it, are on disk (A3). No checkpoint sees a run of which only a part is
//             named: the rest would be in it twice, for whoever reads all of it.
// Thread:     confined(broker); the writing part: the worker's.
// Errors:     no room on the disk: the run is discarded, the messages stay where they are, and
//             whoever asked is told; it asks again later. Any other failure of the disk is fatal.
// Limits:     spill_bytes per spill for memory; a segment's survivors for recycling. A turn plans
//             or finishes about slice_messages.
// Spec:       rulings A2, A3, B1, B2, B5.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/counter.h"
#include "store/run_store.h"
#include "store/tenant.h"
#include "store/worker.h"

namespace harrier::store {

// What becomes of a failure that must end the process.
using FatalError = std::function<void(const journal::IoError&)>;

class Spiller {
 public:
  enum class Result : std::uint8_t { kDone, kNothing, kOutOfSpace };
  using Done = std::function<void(Result)>;
  using FindTenant = std::function<Tenant*(QueueId)>;
  // Of a queue whose virtual host has not been restored yet, too.
  using FindState = std::function<ShardState*(QueueId)>;

  Spiller(RunStore& runs, Worker& worker, LoopPort& loop, FindTenant find_tenant,
          FindState find_state, std::uint64_t slice_messages, FatalError fatal)
      : runs_(runs),
        worker_(worker),
        loop_(loop),
        find_tenant_(std::move(find_tenant)),
        find_state_(std::move(find_state)),
        slice_messages_(slice_messages),
        fatal_(std::move(fatal)) {}

  bool busy() const { return busy_; }
  // Of a queue everything up to `through`, the oldest first, until it is about `bytes_max`.
  struct Target {
    QueueId queue;
    Position through;
    std::uint64_t bytes_max;
  };
  // REQUIRES !busy(), and targets sorted by queue. `done` is called on the loop, never inside.
  void start(std::vector<Target> targets, Done done);

  // The state names some of a run and not yet all.
  bool finishing() const { return finishing_; }
  // Nothing is finished until go_on(). REQUIRES !finishing().
  void hold_back() { held_back_ = true; }
  void go_on();

  const base::Counter& spilled_messages() const { return spilled_messages_; }
  const base::Counter& spilled_bytes() const { return spilled_bytes_; }

 private:
  static constexpr std::size_t kSliceParts = 512;
  struct Part;
  struct Job;

  broker::Queue* find_queue(QueueId id, Tenant** tenant) const;
  void plan(const std::shared_ptr<Job>& job);
  // Of the target in turn; false when there is nothing more of it.
  bool plan_part(Job& job);
  void plan_evictions(broker::Queue& queue, base::Now now, Position through, Part& part, Job& job);
  void plan_young(const StoredQueue& stored, Position through, Part& part, Job& job);
  // On the worker's thread.
  static void write(RunStore& runs, Job& job);
  void finish(const std::shared_ptr<Job>& job);
  void finish_part(const Job& job, const Part& part);
  void end(Job& job, Result result);

  RunStore& runs_;
  Worker& worker_;
  LoopPort& loop_;
  FindTenant find_tenant_;
  FindState find_state_;
  const std::uint64_t slice_messages_;
  FatalError fatal_;
  bool busy_ = false;
  bool finishing_ = false;
  bool held_back_ = false;
  // What waits for go_on().
  std::shared_ptr<Job> written_;
  base::Counter spilled_messages_;
  base::Counter spilled_bytes_;
};

}  // namespace harrier::store

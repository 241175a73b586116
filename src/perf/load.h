// A load on a broker: its loops, and the phases that they are led through.
//
// Role:   workloads make a plan, a Load from it, and run phases: a warm-up, the measured one, more.
//         When run() returns well, what was published in it is confirmed, committed and consumed,
//         and the broker has read every acknowledgement; meters read between two runs belong to the
//         run between them.
// Model:  producers and consumers are spread over the loops, producers from the first on, consumers
//         from the last on, so that two threads have one side each.
// Thread: confined(its user). Loops have threads of their own.
// Errors: LoadError: closed, no progress for kPatience (longer on a slow schedule; for ever where
//         consumers alone wait for others' messages), interrupted in the constructor.
// Limits: kThreadsMax; what is left after the end of a phase has Goal::drain_limit to come through.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "perf/consumer.h"
#include "perf/load_loop.h"
#include "perf/producer.h"

namespace harrier::perf {

inline constexpr unsigned kThreadsMax = 64;

struct LoadPlan {
  Endpoint endpoint;
  unsigned threads = 2;
  Clock::duration spin{};  // see LoadLoop
  std::vector<ProducerPlan> producers;
  std::vector<ConsumerPlan> consumers;
  // Deliveries of one message to these consumers.
  std::uint64_t copies = 1;
  // What already waits in their queues.
  std::uint64_t waiting = 0;
  std::uint64_t ahead = 0;  // see Backlog
  // Whether everything that is published reaches a consumer of ours, so that it can be waited for.
  bool is_consumed = true;
};

// Whichever comes first.
struct Goal {
  std::uint64_t messages_per_producer = kUnlimited;
  Clock::duration duration = Clock::duration::max();
  Clock::duration drain_limit = kPatience;
};

// What all loops have counted since they began.
struct Totals {
  std::uint64_t sent = 0, confirmed = 0, nacked = 0, returned = 0, committed = 0;
  std::uint64_t received = 0, body_bytes = 0;
  std::uint64_t settled = 0, synced = 0;
  std::uint64_t sent_sum = 0, received_sum = 0, out_of_order = 0, damaged = 0;
  Clock::time_point last_confirm{}, last_delivery{};
  Histogram latency, confirm_latency, lag;

  Totals since(const Totals& earlier) const;
};

struct PhaseResult {
  Totals totals;         // of this phase
  double elapsed_s = 0;  // until all was settled
  double publish_s = 0;  // until the last confirm, or the last message was sent
  double consume_s = 0;  // until the last delivery
  bool is_drained = false;
  bool is_interrupted = false;
};

// Called about once in each interval, and at the end.
using Observer = std::function<void(const Totals& since_start, Clock::duration elapsed)>;

class Load {
 public:
  explicit Load(const LoadPlan& plan);
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  PhaseResult run(const Goal& goal, const Observer& observer = {},
                  Clock::duration interval = std::chrono::seconds(1));
  Totals totals(bool with_histograms = true) const;
  // Closes the connections in order. Without it they are dropped, as after a failure.
  void finish();

 private:
  struct Watch;
  void add_producers(const LoadPlan& plan);
  void look(Watch& watch);
  bool wait_until(Watch& watch, Clock::time_point deadline, const std::function<bool()>& done);
  bool is_received() const;

  const std::uint64_t copies_;
  const std::uint64_t waiting_;
  const bool is_consumed_;
  const std::size_t producers_;
  const bool can_settle_;  // it ends by itself, not only by its time
  Clock::duration patience_ = kPatience;
  Backlog backlog_;
  std::vector<std::unique_ptr<LoadLoop>> loops_;
  std::size_t flows_ = 0;
  std::uint64_t phases_ = 0;
  std::uint64_t syncs_ = 0;
};

}  // namespace harrier::perf

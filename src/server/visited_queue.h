// A queue that somebody on no loop works on, with what was taken from it meanwhile.
//
// Role:   holds what belongs to the loop, and gives it back there whatever happens.
// Thread: the members: on the loop; the rest: its owner's, which is no loop's.
#pragma once

#include <functional>
#include <vector>

#include "broker/queue.h"
#include "server/command.h"
#include "server/host_visit.h"
#include "server/signal.h"

namespace harrier::server {

struct VisitedQueue {
  explicit VisitedQueue(HostVisit& host_visit) : visit(host_visit) {}
  VisitedQueue(const VisitedQueue&) = delete;
  VisitedQueue& operator=(const VisitedQueue&) = delete;
  ~VisitedQueue() {
    if (!visit.found()) return;
    visit.run_on_loop([this] {
      waiter.unlink();
      held.clear();
      queue = broker::QueueRef();
      target = broker::QueueRef();
    });
  }

  enum class Slice : std::uint8_t { kDone, kMore, kWait };
  enum class End : std::uint8_t { kDone, kGone, kGivenUp };
  // How long nobody asks give_up.
  static constexpr std::chrono::milliseconds kPatience{50};

  // One slice after the other, until there is none or nobody wants more. After kWait `signal` tells
  // when to go on.
  End run(Signal& signal, const GiveUp& give_up,
          const std::function<Slice(broker::VirtualHost&)>& slice) {
    while (true) {
      if (give_up && give_up()) return End::kGivenUp;
      Slice outcome = Slice::kDone;
      bool gone = false;
      const bool lives = visit.run([&](broker::VirtualHost& host) {
        gone = queue->deleted();
        if (!gone) outcome = slice(host);
      });
      if (!lives || gone) return End::kGone;
      if (outcome == Slice::kDone) return End::kDone;
      if (outcome == Slice::kWait) signal.wait_for(kPatience);
    }
  }
  End run(const GiveUp& give_up, const std::function<Slice(broker::VirtualHost&)>& slice) {
    return run(waiter.signal, give_up, slice);
  }

  HostVisit& visit;
  broker::QueueRef queue;
  // Of a move.
  broker::QueueRef target;
  std::vector<broker::QueueEntry> held;
  QueueWaiter waiter;
};

}  // namespace harrier::server

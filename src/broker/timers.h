// The deadlines of one virtual host: queue expiry, message expiry at queue heads, consumer
// time-outs.
//
// Model:  an object has at most one armed deadline. Arming for a later time than it has does
//         nothing: who is called looks at the clock and arms again, so that nothing is re-armed per
//         message.
// Cost:   O(log n) to arm, O(1) to ask for the next deadline.
// Thread: confined(broker).
#pragma once

#include <cstdint>

#include "base/deadline_heap.h"
#include "base/time.h"

namespace harrier::broker {

class Timers;

class Timed {
 public:
  virtual ~Timed() = default;
  // The armed deadline is here, and no longer armed.
  virtual void deadline_reached() = 0;

 protected:
  Timed() = default;

 private:
  friend class Timers;
  struct Reference {
    std::uint64_t number;  // order of first arming: addresses would make replays differ
    Timed* timed;
    bool operator<(const Reference& other) const { return number < other.number; }
  };

  std::uint64_t number_ = 0;
  base::DeadlineHeap<Reference>::Handle handle_;
};

class Timers {
 public:
  void arm(Timed& timed, base::MonotonicTime when) {
    if (timed.number_ == 0) timed.number_ = ++last_number_;
    heap_.arm(timed.handle_, {timed.number_, &timed}, when);
  }
  // REQUIRED before an armed object dies.
  void disarm(Timed& timed) { heap_.disarm(timed.handle_, {timed.number_, &timed}); }
  base::MonotonicTime next_deadline() const { return heap_.next_deadline(); }
  // Calls the one that has been due longest; false when none is due.
  bool run_one_due(base::MonotonicTime now) {
    auto due = heap_.take_due(
        now, [](const Timed::Reference& reference) -> auto& { return reference.timed->handle_; });
    if (due) due->timed->deadline_reached();
    return due.has_value();
  }

 private:
  base::DeadlineHeap<Timed::Reference> heap_;
  std::uint64_t last_number_ = 0;
};

}  // namespace harrier::broker

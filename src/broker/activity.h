// Who moves messages now: what keeps figures for a while is looked at every few seconds, and gives
// them up when it is quiet.
//
// Role:   one in each Turn. A queue or channel joins with the first message after a pause; from its
//         looks come rates (base/rate_window.h), and the end of what only busy objects keep.
// Model:  not in the list → join() → look() every kPeriod → (look() is false) quiet() → not in the
//         list, which is in the order of the next look. Without anybody in it there is no deadline:
//         an idle virtual host has nothing to do.
// Thread: confined(broker).
// Limits: a look spends one unit of the turn's budget; what is left over is looked at next turn.
#pragma once

#include "base/intrusive_list.h"
#include "base/time.h"
#include "broker/timers.h"

namespace harrier::broker {

struct Turn;

class Active : public base::ListNode<Active> {
 public:
  virtual ~Active() { unlink(); }
  // False: it is quiet.
  virtual bool look(base::MonotonicTime now) = 0;
  // It has left the list; may destroy it.
  virtual void quiet() = 0;

 private:
  friend class Activity;
  base::MonotonicTime next_look_{};
};

class Activity final : private Timed {
 public:
  static constexpr base::Milliseconds kPeriod{5'000};

  // `turn` owns it.
  explicit Activity(Turn& turn) : turn_(turn) {}
  ~Activity() override;

  // REQUIRES that it is not in the list.
  void join(Active& active);

 private:
  void deadline_reached() override;

  Turn& turn_;
  base::IntrusiveList<Active> active_;
};

}  // namespace harrier::broker

#include "broker/activity.h"

#include "broker/queue.h"

namespace harrier::broker {

Activity::~Activity() { turn_.timers.disarm(*this); }

void Activity::join(Active& active) {
  active.next_look_ = turn_.now.monotonic + kPeriod;
  active_.push_back(active);
  turn_.timers.arm(*this, active.next_look_);
}

void Activity::deadline_reached() {
  const base::MonotonicTime now = turn_.now.monotonic;
  while (!active_.empty()) {
    Active& first = active_.front();
    if (first.next_look_ > now) return turn_.timers.arm(*this, first.next_look_);
    if (!turn_.spend()) return turn_.timers.arm(*this, now);
    first.unlink();
    if (first.look(now)) {
      join(first);
    } else {
      first.quiet();
    }
  }
}

}  // namespace harrier::broker

// The two clocks of a connection: one stands still while we do not read, one starts at a time that
// is known only later.
//
// Role:   building blocks of ConnectionSession's time-outs.
// Thread: confined(io).
// Time:   takes now.
#pragma once

#include <algorithm>

#include "base/time.h"

namespace harrier::session {

// A deadline for something the peer owes us: it counts only time in which we were reading, so that
// our own back-pressure never looks like a dead peer.
class ReadDeadline {
 public:
  bool running() const { return when_ != base::kNever || paused_; }
  // kNever while stopped or paused.
  base::MonotonicTime when() const { return when_; }
  bool expired(base::MonotonicTime now) const { return when_ <= now; }

  void start(base::MonotonicTime now, base::Milliseconds allowed) {
    if (reading_) {
      when_ = now + allowed;
    } else {
      left_ = allowed;
      paused_ = true;
    }
  }
  void stop() {
    when_ = base::kNever;
    paused_ = false;
  }
  void set_reading(bool reading, base::MonotonicTime now) {
    if (reading == reading_) return;
    reading_ = reading;
    if (reading && paused_) {
      when_ = now + left_;
      paused_ = false;
    } else if (!reading && when_ != base::kNever) {
      left_ = std::max(base::Milliseconds{0}, when_ - now);
      when_ = base::kNever;
      paused_ = true;
    }
  }

 private:
  base::MonotonicTime when_ = base::kNever;
  base::Milliseconds left_{0};
  bool paused_ = false;
  bool reading_ = true;
};

// A wait that may begin in a call that carries no time (SessionOutput): it then starts counting
// when it is first looked at with a time in hand. Late by one time-out at most, never early.
class OpenWait {
 public:
  bool running() const { return running_; }
  void start(base::MonotonicTime since, bool exact) {
    since_ = since;
    exact_ = exact;
    running_ = true;
  }
  void stop() { running_ = false; }

  base::MonotonicTime deadline(base::Milliseconds allowed) const {
    return running_ ? since_ + allowed : base::kNever;
  }
  bool expired(base::MonotonicTime now, base::Milliseconds allowed) {
    if (!running_ || deadline(allowed) > now) return false;
    if (exact_) return true;
    start(now, true);
    return false;
  }

 private:
  base::MonotonicTime since_{};
  bool running_ = false;
  bool exact_ = true;
};

}  // namespace harrier::session

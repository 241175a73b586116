// When to fetch something again that changes now and then.
//
// Model:  due at once; after a success due in `interval`, after a failure in `interval_min`; a
//         request makes it due at once, unless the last fetch began less than `interval_min` ago.
// Thread: compatible.
// Time:   takes now.
#pragma once

#include <algorithm>

#include "base/time.h"

namespace harrier::server {

class FetchSchedule {
 public:
  FetchSchedule(base::Milliseconds interval, base::Milliseconds interval_min)
      : interval_(std::max(interval, interval_min)), interval_min_(interval_min) {}

  base::MonotonicTime next() const { return next_; }
  // Whether it is to be fetched now: it was due, or this has made it so.
  bool request(base::MonotonicTime now) {
    if (begun_ && now < last_ + interval_min_) return next_ <= now;
    next_ = std::min(next_, now);
    return true;
  }
  void begin(base::MonotonicTime now) {
    begun_ = true;
    last_ = now;
  }
  void end(base::MonotonicTime now, bool good) { next_ = now + (good ? interval_ : interval_min_); }

 private:
  const base::Milliseconds interval_;
  const base::Milliseconds interval_min_;
  base::MonotonicTime next_ = base::MonotonicTime::min();
  base::MonotonicTime last_{};
  bool begun_ = false;
};

}  // namespace harrier::server

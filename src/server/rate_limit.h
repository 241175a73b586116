// So many events in each span of time.
//
// Model:  spans follow each other without overlap; the first begins with the first event. Around
//         the border of two, twice the number may pass within one span's length.
// Thread: confined to its owner.
// Time:   takes now.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace harrier::server {

class RateLimit {
 public:
  RateLimit(std::uint32_t events_max, base::Milliseconds span)
      : events_max_(events_max), span_(span) {}

  // Whether another event may happen.
  bool allows(base::MonotonicTime now) const { return events_ < events_max_ || now >= end_; }
  // It happens. False when it was not allowed.
  bool take(base::MonotonicTime now) {
    if (now >= end_) {
      end_ = now + span_;
      events_ = 0;
    }
    if (events_ >= events_max_) return false;
    ++events_;
    return true;
  }
  // From when on the next event is allowed for certain.
  base::MonotonicTime end() const { return end_; }

 private:
  std::uint32_t events_max_;
  base::Milliseconds span_;
  std::uint32_t events_ = 0;
  base::MonotonicTime end_{};
};

}  // namespace harrier::server

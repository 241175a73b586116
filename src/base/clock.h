// Where a loop reads the time, and how tests hold it in their hand.
//
// Thread: synchronized for SystemClock (it has no state); a test's ManualClock is confined to its
//         test.
#pragma once

#include "base/time.h"

namespace harrier::base {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now now() const = 0;
};

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  Now now() const override;
};

}  // namespace harrier::base

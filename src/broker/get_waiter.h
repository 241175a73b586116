// A basic.get that found its message on disk, and what a get can come to.
//
// Role:   session waits with it in line at the queue.
// Thread: confined(broker).
#pragma once

#include <cstdint>

#include "base/intrusive_list.h"

namespace harrier::broker {

// Told when to try again (or that the queue is gone), until Queue::get() answers something else
// than kWait.
class GetWaiter : public base::ListNode<GetWaiter> {
 public:
  virtual void try_again() = 0;

 protected:
  ~GetWaiter() { unlink(); }
};

enum class GetOutcome : std::uint8_t { kEntry, kEmpty, kWait };

}  // namespace harrier::broker

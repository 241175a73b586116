// Long work that runs a slice per turn until it says it is done.
//
// Role:   VirtualHost::add_task() runs the first slice at once, its turns the others.
// Thread: confined(broker).
#pragma once

#include "base/intrusive_list.h"

namespace harrier::broker {

struct Turn;

class SlicedTask : public base::ListNode<SlicedTask> {
 public:
  // Spends turn.spend() per entry; true when finished (it is then unlinked).
  virtual bool run_slice(Turn& turn) = 0;

 protected:
  ~SlicedTask() { unlink(); }
};

}  // namespace harrier::broker

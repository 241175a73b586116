#include "broker/policy_pass.h"

#include <algorithm>
#include <utility>

#include "broker/queue.h"

namespace harrier::broker {
namespace {

void move_all(base::IntrusiveList<PolicyListener>& from, base::IntrusiveList<PolicyListener>& to) {
  while (!from.empty()) {
    PolicyListener& listener = from.front();
    listener.unlink();
    to.push_back(listener);
  }
}

}  // namespace

PolicyPass::~PolicyPass() {
  for (Listeners* listeners : {&told_after_this_, &told_after_next_})
    while (!listeners->empty())
      listeners->front().unlink();
}

bool PolicyPass::note_change(PolicyListener* listener) {
  const bool idle = !std::exchange(walking_, true);
  if (listener != nullptr) {
    listener->unlink();
    (idle ? told_after_this_ : told_after_next_).push_back(*listener);
  }
  if (idle) {
    walk_.begin(roster_);
  } else {
    again_ = true;
  }
  return idle;
}

bool PolicyPass::run_slice(Turn& turn) {
  while (true) {
    while (turn.budget != 0) {
      RoutingTarget* target = walk_.next(roster_);
      if (target == nullptr) break;
      turn.budget -= std::min(turn.budget, 1 + apply_(*target));
    }
    if (turn.budget == 0) return false;
    // One at a time: a listener may change policies, or end another listener.
    while (!told_after_this_.empty()) {
      PolicyListener& listener = told_after_this_.front();
      listener.unlink();
      listener.policies_applied();
    }
    if (!std::exchange(again_, false)) break;
    move_all(told_after_next_, told_after_this_);
    walk_.begin(roster_);
  }
  walking_ = false;
  return true;
}

}  // namespace harrier::broker

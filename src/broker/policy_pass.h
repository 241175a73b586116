// Brings a change of policies to every queue and exchange, a slice per turn.
//
// Role:   VirtualHost starts it after a change and tells how one target is brought up to date.
// Model:  idle → walking → idle. What is changed while it walks counts for the rest of the walk
//         and makes another one follow. A listener is told at the end of the first walk that began
//         after its change.
// Thread: confined(broker).
// Cost:   one unit of the turn's budget for each target, and one for each pattern it was compared
//         with.
#pragma once

#include <cstdint>
#include <functional>

#include "base/intrusive_list.h"
#include "broker/roster.h"
#include "broker/routing_target.h"
#include "broker/sliced_task.h"
#include "broker/turn.h"

namespace harrier::broker {

// Told once when a change has reached everything; gone before that, it is not told.
class PolicyListener : public base::ListNode<PolicyListener> {
 public:
  virtual void policies_applied() = 0;

 protected:
  ~PolicyListener() { unlink(); }
};

class PolicyPass final : public SlicedTask {
 public:
  // Brings one target up to date; answers how many patterns were asked.
  using Apply = std::function<std::uint32_t(RoutingTarget&)>;
  // `roster` outlives it.
  PolicyPass(const Roster<RoutingTarget>& roster, Apply apply)
      : roster_(roster), apply_(std::move(apply)) {}
  ~PolicyPass();

  // A change has been made. True: it was idle and must be added as a task.
  bool note_change(PolicyListener* listener);
  bool run_slice(Turn& turn) override;

 private:
  using Listeners = base::IntrusiveList<PolicyListener>;

  const Roster<RoutingTarget>& roster_;
  const Apply apply_;
  Roster<RoutingTarget>::Walk walk_;
  Listeners told_after_this_;
  Listeners told_after_next_;
  bool walking_ = false;
  bool again_ = false;
};

}  // namespace harrier::broker

// Who wants to be told when a virtual host's turn ends, or its log has committed.
//
// Role:   channels link themselves with VirtualHost::at_turn_end() and on_commit().
// Thread: confined(broker).
#pragma once

#include "base/intrusive_list.h"
#include "broker/changes.h"

namespace harrier::broker {

// Told once at the end of the turn in which it was linked.
class TurnEndListener : public base::ListNode<TurnEndListener> {
 public:
  virtual void turn_ended() = 0;

 protected:
  ~TurnEndListener() { unlink(); }
};

// Told whenever the log has committed more; unlinks itself when it waits for nothing.
class CommitListener : public base::ListNode<CommitListener> {
 public:
  virtual void commit_reached(Lsn committed) = 0;

 protected:
  ~CommitListener() { unlink(); }
};

}  // namespace harrier::broker

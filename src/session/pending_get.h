// A basic.get whose message is still on the disk: it keeps its place among the channel's replies.
//
// Role:   made by Channel for every basic.get; most are answered in attempt() at once.
// Thread: confined(broker).
// Spec:   docs/architecture.md, "Replies in order".
#pragma once

#include "broker/queue.h"
#include "session/channel.h"

namespace harrier::session {

class Channel::PendingGet final : public broker::GetWaiter {
 public:
  PendingGet(Channel& channel, broker::QueueRef queue, bool no_ack, ReplySlots::Slot& slot)
      : channel_(channel), queue_(std::move(queue)), slot_(slot), no_ack_(no_ack) {}

  // False while it has to wait.
  bool attempt() {
    broker::QueueEntry entry;
    const broker::GetOutcome outcome = queue_->get(no_ack_, entry, *this);
    if (outcome == broker::GetOutcome::kWait) return false;
    if (outcome == broker::GetOutcome::kEmpty) channel_.note_get_empty();
    channel_.fill_get(slot_, outcome, no_ack_, queue_, std::move(entry));
    return true;
  }
  // Its channel closes: answers that there is nothing.
  void give_up() { channel_.fill_get(slot_, broker::GetOutcome::kEmpty, no_ack_, queue_, {}); }
  void try_again() override {
    if (attempt()) channel_.get_done(*this);
  }

 private:
  Channel& channel_;
  broker::QueueRef queue_;
  ReplySlots::Slot& slot_;
  bool no_ack_;
};

}  // namespace harrier::session

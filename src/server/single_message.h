// One ready message, taken out of its queue wherever it stands, also if only the disk has it.
//
// Model:  looking → (the disk is asked → looking) … → taken, or absent. Shared with the answer of
//         a disk that comes when nobody waits any more.
// Thread: confined(broker) but for signal.
#pragma once

#include <functional>
#include <memory>

#include "broker/queue.h"
#include "server/command.h"
#include "server/signal.h"

namespace harrier::server {

class SingleMessage : public std::enable_shared_from_this<SingleMessage> {
 public:
  // What is done with it once it is out of the queue, in the same turn.
  using Act = std::function<void(broker::Queue& queue, broker::QueueEntry entry)>;
  // Asked before, with the size of its body; false: it stays.
  using May = std::function<bool(std::size_t body_size)>;

  SingleMessage(MessagePlace place, May may, Act act)
      : place_(place), may_(std::move(may)), act_(std::move(act)) {}

  enum class Outcome : std::uint8_t { kLooking, kTaken, kAbsent, kRefused };
  // Once for each look; kLooking: again when the signal tells, or a little later.
  Outcome look(broker::Queue& queue, bool needs_body);
  Outcome outcome() const { return outcome_; }
  // Nothing is done with it from now on.
  void abandon() { abandoned_ = true; }

  Signal signal;

 private:
  void take(broker::Queue& queue, const broker::PagedIn& page);

  const MessagePlace place_;
  const May may_;
  const Act act_;
  bool reading_ = false;
  bool abandoned_ = false;
  Outcome outcome_ = Outcome::kLooking;
};

}  // namespace harrier::server

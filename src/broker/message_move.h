// Messages from the head of a queue to other queues of its virtual host, a few at a time.
//
// Role:   an operator's move; Redrive uses its single step. Whoever asks checks permissions and
//         calls run() until it is done, from one turn to the next as it likes.
// Model:  taken → published to its target and settled in its source, as one group of the log: after
//         a crash it stands in one of the two. It is a new message there: its time to live begins
//         anew, and it was never delivered.
// Thread: confined(broker).
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "broker/queue.h"
#include "broker/virtual_host.h"

namespace harrier::broker {

enum class MoveStep : std::uint8_t {
  kDone,
  kMore,  // enough
  kWait,  // the waiter will be told
  kFull,  // the target refuses messages
  kGone,  // a queue was deleted
};

// Asked before each message; true: not in this turn.
using Enough = std::function<bool()>;

// Whether `target` takes a message of this size now.
bool takes(const VirtualHost& host, const Queue& target, std::size_t body_size);
// REQUIRES that it does. `entry` was taken from `source`.
void move_taken(VirtualHost& host, Queue& source, const QueueEntry& entry, Queue& target);

// The next message from the head of `source`, or why there is none now.
std::optional<MoveStep> take_head(Queue& source, const Enough& enough, GetWaiter& waiter,
                                  QueueEntry& entry);

class MessageMove {
 public:
  // Moves at most so many: those that are ready now, unless others go meanwhile.
  MessageMove(QueueRef source, QueueRef target, std::uint64_t count)
      : source_(std::move(source)),
        target_(std::move(target)),
        left_(std::min(count, source_->ready_count())) {}

  MoveStep run(VirtualHost& host, const Enough& enough, GetWaiter& waiter);
  std::uint64_t moved() const { return moved_; }

 private:
  QueueRef source_;
  QueueRef target_;
  std::uint64_t left_;
  std::uint64_t moved_ = 0;
};

}  // namespace harrier::broker

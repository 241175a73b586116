// The messages of a dead-letter queue back to where they died.
//
// Role:   an operator's redrive, beside MessageMove. Whoever asks checks permissions.
// Model:  each message ready at the beginning is taken: its newest x-death entry names a queue that
//         takes it → moved there; else to the fallback, if there is one; else kept aside until
//         end(), which puts it back where it stood.
// Thread: confined(broker).
// Limits: Request::held_max messages aside; with one more it stops (kFull).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/message_move.h"

namespace harrier::broker {

// The queue that the newest x-death entry names; a view of the message.
std::optional<std::string_view> origin_of(const Message& message);

class Redrive {
 public:
  struct Request {
    // So many are moved at most.
    std::uint64_t count = UINT64_MAX;
    QueueRef fallback;
    std::uint64_t held_max = UINT64_MAX;
  };
  struct Counts {
    std::map<std::string, std::uint64_t, std::less<>> moved;  // by target
    std::uint64_t source_gone = 0;
    std::uint64_t no_history = 0;
    std::uint64_t refused = 0;
  };

  Redrive(QueueRef source, Request request)
      : source_(std::move(source)), request_(std::move(request)), left_(source_->ready_count()) {}

  MoveStep run(VirtualHost& host, const Enough& enough, GetWaiter& waiter);
  // REQUIRED after the last run(), in a turn if the virtual host is still there.
  void end();
  // Of a message that is only looked at.
  void count_only(VirtualHost& host, const Message& message);
  bool may_move() const { return moved_ != request_.count; }
  const Counts& counts() const { return counts_; }
  std::uint64_t moved() const { return moved_; }

 private:
  // Where it goes; nullptr: it stays. Counts why.
  Queue* target_of(VirtualHost& host, const Message& message);
  void note_moved(const Queue& target);
  void hold(QueueEntry entry);

  QueueRef source_;
  const Request request_;
  std::uint64_t left_;
  std::uint64_t moved_ = 0;
  Counts counts_;
  std::vector<QueueEntry> held_;
};

}  // namespace harrier::broker

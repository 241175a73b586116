// Which messages of a confirming channel are unanswered.
//
// Role:   a publisher publishes while there is room, and hands in each basic.ack and basic.nack.
// Model:  tags lowest_ .. next_ - 1 are open or answered out of turn; a ring remembers which.
// Invariants: unanswered() <= limit.
// Thread: confined(its publisher).
// Errors: LoadError for an answer to what was not published.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "bench/load/arguments.h"

namespace harrier::bench {

class ConfirmWindow {
 public:
  // The ring is larger than the window: an early message may stay open while later ones turn over.
  explicit ConfirmWindow(std::uint64_t limit)
      : limit_(limit), ring_(std::bit_ceil(std::max<std::uint64_t>(limit * 16, 1024))) {}

  std::uint64_t room() const {
    const std::uint64_t span_room = ring_.size() - (next_ - lowest_);
    return std::min(limit_ - unanswered_, span_room);
  }
  std::uint64_t unanswered() const { return unanswered_; }
  std::uint64_t published() const { return next_ - 1; }

  void publish(std::uint64_t messages) {
    next_ += messages;
    unanswered_ += messages;
  }

  // Returns how many messages this answers for the first time.
  std::uint64_t answer(std::uint64_t tag, bool multiple) {
    if (tag == 0 && multiple) tag = next_ - 1;  // AMQP: all of them
    if (tag >= next_) throw LoadError("a confirm for what was not published");
    std::uint64_t answered = 0;
    if (multiple) {
      for (; lowest_ <= tag; ++lowest_)
        answered += take(lowest_);
    } else if (tag >= lowest_ && !ring_[tag & (ring_.size() - 1)]) {
      ring_[tag & (ring_.size() - 1)] = true;
      answered = 1;
    }
    for (; lowest_ < next_ && ring_[lowest_ & (ring_.size() - 1)]; ++lowest_)
      ring_[lowest_ & (ring_.size() - 1)] = false;
    unanswered_ -= answered;
    return answered;
  }

 private:
  // Forgets the mark of `tag`; 1 if it was still open.
  std::uint64_t take(std::uint64_t tag) {
    char& mark = ring_[tag & (ring_.size() - 1)];
    const bool was_open = !mark;
    mark = false;
    return was_open ? 1 : 0;
  }

  const std::uint64_t limit_;
  std::uint64_t lowest_ = 1;
  std::uint64_t next_ = 1;
  std::uint64_t unanswered_ = 0;
  std::vector<char> ring_;
};

}  // namespace harrier::bench

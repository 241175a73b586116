// Which messages of a confirming channel are unanswered, and since when.
//
// Role:   a producer publishes while there is room, and hands in each basic.ack and basic.nack.
// Model:  tags lowest_ .. next_ - 1 are open or answered out of turn; a ring remembers when each
//         open one was sent, and 0 for an answered one.
// Invariants: unanswered() <= limit.
// Thread: confined(its producer).
// Errors: LoadError for an answer to what was not published.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "perf/load_error.h"

namespace harrier::perf {

class ConfirmWindow {
 public:
  // The ring is larger than the window: an early message may stay open while later ones turn over.
  explicit ConfirmWindow(std::uint64_t limit)
      : limit_(limit), ring_(std::bit_ceil(std::max<std::uint64_t>(limit * 4, 1024))) {}

  std::uint64_t room() const {
    const std::uint64_t span_room = ring_.size() - (next_ - lowest_);
    return std::min(limit_ - unanswered_, span_room);
  }
  std::uint64_t unanswered() const { return unanswered_; }
  std::uint64_t published() const { return next_ - 1; }

  // REQUIRES room() > 0, stamp > 0.
  void publish(std::uint64_t stamp) {
    ring_[next_ & (ring_.size() - 1)] = stamp;
    ++next_;
    ++unanswered_;
  }

  // Calls visit(stamp) for each message that this answers for the first time.
  template <class Visit>
  void answer(std::uint64_t tag, bool multiple, Visit&& visit) {
    if (tag == 0 && multiple) tag = next_ - 1;  // AMQP: all of them
    if (tag >= next_) throw LoadError("a confirm for what was not published");
    if (multiple) {
      for (; lowest_ <= tag; ++lowest_)
        take(lowest_, visit);
    } else if (tag >= lowest_) {
      take(tag, visit);
    }
    while (lowest_ < next_ && ring_[lowest_ & (ring_.size() - 1)] == 0)
      ++lowest_;
  }

 private:
  template <class Visit>
  void take(std::uint64_t tag, Visit& visit) {
    std::uint64_t& stamp = ring_[tag & (ring_.size() - 1)];
    if (stamp == 0) return;
    visit(stamp);
    stamp = 0;
    --unanswered_;
  }

  const std::uint64_t limit_;
  std::uint64_t lowest_ = 1;
  std::uint64_t next_ = 1;
  std::uint64_t unanswered_ = 0;
  std::vector<std::uint64_t> ring_;
};

}  // namespace harrier::perf

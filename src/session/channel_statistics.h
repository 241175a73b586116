// What a channel counts of messages besides what its tags tell.
//
// Role:   Channel has one from its first message on.
// Thread: confined(broker).
#pragma once

#include <cstdint>
#include <memory>

#include "base/rate_window.h"
#include "broker/message_counts.h"

namespace harrier::session {

struct ChannelStatistics {
  using Window = base::RateWindow<broker::kMessageEvents>;

  std::uint64_t confirmed = 0;
  std::uint64_t returned = 0;
  std::uint64_t dropped = 0;
  std::uint64_t got = 0;  // to be acknowledged
  std::uint64_t got_no_ack = 0;
  std::uint64_t get_empty = 0;
  std::uint64_t redelivered = 0;
  std::uint64_t direct_replies = 0;
  base::MonotonicTime quiet_since{};
  std::unique_ptr<Window> window;  // nullptr: quiet
};

}  // namespace harrier::session

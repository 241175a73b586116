// What there is to know of a channel at one moment.
//
// Role:   Channel::read() fills it, for views outside of the loop.
// Thread: plain values.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "broker/message_counts.h"

namespace harrier::session {

enum class ChannelState : std::uint8_t { kRunning, kFlow, kClosing };

// What is the same wherever it is read.
struct ChannelFigures {
  std::uint64_t consumers = 0;
  std::uint32_t prefetch_count = 0;         // for each new consumer; 0: none
  std::uint32_t global_prefetch_count = 0;  // 0: none
  bool confirm = false;
  bool transactional = false;
  std::uint64_t unacked = 0;
  std::uint64_t unconfirmed = 0;
  std::uint64_t uncommitted = 0;
  std::uint64_t acks_uncommitted = 0;
};

struct ChannelReading : ChannelFigures {
  // kFlow: the client does not read what was sent to it.
  ChannelState state = ChannelState::kRunning;
  // Nothing: in use in the last ten seconds.
  std::optional<base::MonotonicTime> idle_since;
  broker::MessageCounts counts;
};

}  // namespace harrier::session

// A channel as it was at one moment, copied out of its loop.
//
// Thread: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "server/connection_view.h"
#include "server/measured.h"

namespace harrier::server {

// Whose channel: for those that name one. Stable while the channel lives; a number may be used
// again.
struct ChannelKey {
  ConnectionKey connection;
  std::uint16_t number = 0;

  bool operator==(const ChannelKey&) const = default;
};

struct ChannelView {
  ChannelKey key;
  // "host:port -> host:port (number)".
  std::string name;
  ConnectionEnds ends;
  std::string user;
  std::string virtual_host;
  // "running", "flow" (its connection does not read what was sent) or "closing".
  std::string_view state;
  std::uint64_t consumers = 0;
  std::uint32_t prefetch_count = 0;         // for each new consumer; 0: none
  std::uint32_t global_prefetch_count = 0;  // 0: none
  bool confirm = false;
  bool transactional = false;
  std::uint64_t unacked = 0;
  std::uint64_t unconfirmed = 0;
  std::uint64_t uncommitted = 0;
  std::uint64_t acks_uncommitted = 0;
  // Nothing: it is in use now.
  std::optional<base::WallTime> idle_since;
  MessageStatistics statistics;
};

}  // namespace harrier::server

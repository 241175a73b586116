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
#include "session/channel_reading.h"

namespace harrier::server {

// Whose channel: for those that name one. Stable while the channel lives; a number may be used
// again.
struct ChannelKey {
  ConnectionKey connection;
  std::uint16_t number = 0;

  bool operator==(const ChannelKey&) const = default;
};

struct ChannelView : session::ChannelFigures {
  ChannelKey key;
  // "host:port -> host:port (number)".
  std::string name;
  ConnectionEnds ends;
  std::string user;
  std::string virtual_host;
  // "running", "flow" (its connection does not read what was sent) or "closing".
  std::string_view state;
  // Nothing: it is in use now.
  std::optional<base::WallTime> idle_since;
  MessageStatistics statistics;
};

}  // namespace harrier::server

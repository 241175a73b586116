// What commands from outside the protocol may take: get, browse, move, redrive.
//
// Role: the part of Options that server::Commands heeds; see options.h.
#pragma once

#include <cstdint>

namespace harrier {

struct CommandLimitOptions {
  // Of one answer.
  std::uint64_t messages_max = 10'000;
  std::uint64_t bytes_max = 64 << 20;
  // A redrive keeps so many aside that cannot leave, to see what stands behind them.
  std::uint64_t held_messages_max = 10'000;

  bool operator==(const CommandLimitOptions&) const = default;
};

}  // namespace harrier

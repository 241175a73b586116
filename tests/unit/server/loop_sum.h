// A counter that each loop of a node keeps, over all of them.
#pragma once

#include "server/node.h"

namespace harrier::server {

inline std::uint64_t loop_sum(const Node& node, base::Counter LoopCounters::*counter) {
  std::uint64_t total = 0;
  for (const LoopView& loop : node.loops())
    total += (loop.counters->*counter).value();
  return total;
}

}  // namespace harrier::server

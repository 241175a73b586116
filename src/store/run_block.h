// A block of a run in memory: its entries as views.
//
// Role:      RunFile reads it; whoever pages in or merges makes messages of its entries.
// Thread:    compatible.
// Lifetimes: the views of `entries` live as long as the block, moved or not.
#pragma once

#include <cstdint>
#include <vector>

#include "base/buffer.h"
#include "base/time.h"
#include "broker/ids.h"
#include "broker/message.h"
#include "store/run.h"

namespace harrier::store {

// One entry of a block that was read.
struct RunBlockEntry {
  broker::Position position;
  base::WallTime expires_at = kNoExpiry;
  std::uint16_t delivery_count = 0;
  bool transient = false;
  // Other entries of the run may have the same message: those whose message_offset is the same.
  bool may_be_shared = false;
  std::uint64_t message_offset = 0;  // in the file
  broker::MessageParts parts;
};

struct RunBlock {
  RunBlockHead head;
  std::vector<RunBlockEntry> entries;
  // What the views of `entries` point into.
  base::Buffer bytes;
  std::vector<base::Buffer> shared_bodies;
};

}  // namespace harrier::store

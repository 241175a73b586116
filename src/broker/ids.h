// The numbers by which broker names its things.
#pragma once

#include "base/strong_id.h"

namespace harrier::broker {

// A connection: slot in its loop's table and a generation, so that a late call never meets a
// successor.
using ConnectionId = base::StrongId<struct ConnectionIdTag>;
// A queue's number; never reused.
using QueueId = base::StrongId<struct QueueIdTag>;
// A message's place in its queue: dense, grows by one, its identity and its order there.
using Position = base::StrongId<struct PositionTag>;
// Behind every one.
inline constexpr Position kNoPosition{UINT64_MAX};
// A shard's log sequence number: dense, given by the owning loop; 0 is "nothing to wait for".
using Lsn = base::StrongId<struct LsnTag>;

}  // namespace harrier::broker

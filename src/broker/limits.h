// The limits of one virtual host.
//
// Model: every number has a key in the YAML (limits.*), and a defined outcome when it is reached.
// Thread: immutable value.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace harrier::broker {

struct VirtualHostLimits {
  std::uint32_t queues_max = 100'000;    // more: channel error 406
  std::uint32_t exchanges_max = 10'000;  // more: channel error 406
  std::uint32_t bindings_max = 500'000;  // more: channel error 406
  std::uint32_t policies_max = 1'000;    // of each kind; more: refused
  // A delivery unacknowledged for so long closes its channel (406); zero switches the check off.
  base::Milliseconds consumer_timeout{1'800'000};
  // The delivery limit of a quorum queue that names none; negative: unlimited.
  std::int64_t default_delivery_limit = 20;
  // Entries that long work (expiry, purge, requeue, dead-lettering) may touch in one turn.
  std::uint32_t slice_entries = 4'096;
  // Dead letters waiting for their slice; at the limit expiry and trimming wait, nothing is lost.
  std::uint32_t pending_dead_letters_max = 65'536;
  // A queue whose messages are on disk keeps about so much of its head in memory, and reads as much
  // at a time.
  std::uint64_t read_ahead_bytes = 512 << 10;
};

}  // namespace harrier::broker

// What the queues of a virtual host share during one turn: the time, the log, the counters, and the
// lists of work that must not happen inside the call that causes it.
//
// Role:   VirtualHost owns it and hands it to its queues. A queue that needs another look, has a
//         dead letter to send or must be deleted says so here; VirtualHost::settle_down() does it
//         after the input call, never in the middle of a dispatch.
// Thread: confined(broker).
// Limits: pending dead letters by VirtualHostLimits; the lists hold each queue once.
#pragma once

#include <cstdint>

#include "base/chunked_queue.h"
#include "base/ref.h"
#include "base/time.h"
#include "broker/changes.h"
#include "broker/counters.h"
#include "broker/limits.h"
#include "broker/message.h"
#include "broker/ready_messages.h"
#include "broker/timers.h"

namespace harrier::broker {

class Queue;

struct DeadLetter {
  base::Ref<Queue> source;
  MessageRef message;
  SettleReason reason = SettleReason::kRejected;
};

struct Turn {
  Turn(ChangeLog& change_log, const VirtualHostLimits& host_limits)
      : log(change_log), limits(host_limits), budget(host_limits.slice_entries) {}

  base::Now now{};
  ChangeLog& log;
  const VirtualHostLimits& limits;
  VirtualHostCounters counters;
  Timers timers;
  // Set by a store that pages (or by a test); without them nothing ever leaves memory.
  Spill* spill = nullptr;
  BodyReader* body_reader = nullptr;

  // Entries that long work may still touch this turn.
  std::uint32_t budget;
  // Queues that want pump(): something became possible.
  base::ChunkedQueue<base::Ref<Queue>, 32> dirty;
  // Queues that must go: their auto-delete or expiry condition came true.
  base::ChunkedQueue<base::Ref<Queue>, 32> doomed;
  // Queues with messages whose records are not committed yet and must not be delivered before (C2).
  base::ChunkedQueue<base::Ref<Queue>, 32> gated;
  base::ChunkedQueue<DeadLetter, 32> dead_letters;
  // Contents of purged and deleted queues, freed in slices.
  base::ChunkedQueue<ReadyMessages, 4> discarded;

  bool dead_letters_full() const { return dead_letters.size() >= limits.pending_dead_letters_max; }
  // Takes one unit; false when the turn has done its share.
  bool spend() {
    if (budget == 0) return false;
    --budget;
    return true;
  }
};

}  // namespace harrier::broker

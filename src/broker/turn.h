// What the queues of a virtual host share during one turn: the time, the log, the counters, and the
// lists of work that must not happen inside the call that causes it.
//
// Role:   VirtualHost owns it and hands it to its queues. A queue that needs another look, has a
//         dead letter to send or must be deleted says so here; VirtualHost::settle_down() does it
//         after the input call, never in the middle of a dispatch.
// Thread: confined(broker).
// Limits: pending dead letters by VirtualHostLimits; the lists hold each queue once.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "base/chunked_queue.h"
#include "base/intrusive_list.h"
#include "base/ref.h"
#include "base/time.h"
#include "broker/activity.h"
#include "broker/changes.h"
#include "broker/counters.h"
#include "broker/limits.h"
#include "broker/message.h"
#include "broker/queue_arguments.h"
#include "broker/ready_messages.h"
#include "broker/timers.h"

namespace harrier::broker {

class MessageTracer;
class Queue;

struct DeadLetter {
  base::Ref<Queue> source;
  // Not recorded (and without a position) when the queue refused it.
  QueueEntry entry;
  SettleReason reason = SettleReason::kRejected;
};

struct Turn {
  Turn(ChangeLog& change_log, const VirtualHostLimits& host_limits)
      : log(change_log), limits(host_limits), budget(host_limits.slice_entries) {}

  base::Now now{};
  ChangeLog& log;
  VirtualHostLimits limits;
  VirtualHostCounters counters;
  Timers timers;
  Activity activity{*this};
  SharedSettings settings;
  // Set by a store that pages (or by a test); without it nothing ever leaves memory.
  BodyReader* body_reader = nullptr;
  // nullptr: nothing is traced, and no message's `traced` is set.
  MessageTracer* tracer = nullptr;
  // The journal or the disk is short of room: what the broker itself would publish waits, too.
  bool internal_publishing_held = false;

  // Entries that long work may still touch this turn.
  std::uint32_t budget;
  // Queues that want pump(): something became possible.
  base::ChunkedQueue<base::Ref<Queue>, 32> dirty;
  // Queues that must go: their auto-delete or expiry condition came true.
  base::ChunkedQueue<base::Ref<Queue>, 32> doomed;
  // Queues with messages whose records are not committed yet and must not be delivered before (C2).
  base::ChunkedQueue<base::Ref<Queue>, 32> gated;
  base::ChunkedQueue<DeadLetter, 32> dead_letters;
  // Queues whose dead letters wait until internal publishing is no longer held.
  base::ChunkedQueue<base::Ref<Queue>, 32> held;
  // Queues by the memory that their ready messages take: from 2^(12+i) bytes in list i.
  std::array<base::IntrusiveList<Queue>, 28> resident;
  static std::uint8_t memory_class(std::uint64_t bytes) {
    return static_cast<std::uint8_t>(std::min<int>(std::bit_width(bytes >> 12), 28));
  }
  // Contents of purged and deleted queues, freed in slices.
  base::ChunkedQueue<ReadyMessages, 4> discarded;

  bool dead_letters_full() const {
    return internal_publishing_held || dead_letters.size() >= limits.pending_dead_letters_max;
  }
  // Takes one unit; false when the turn has done its share.
  bool spend() {
    if (budget == 0) return false;
    --budget;
    return true;
  }
};

}  // namespace harrier::broker

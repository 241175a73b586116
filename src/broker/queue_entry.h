// A message's place in one queue.
//
// Model:  the message itself, or nothing while only the disk holds it (`resident()` false); the
//         body size stays known either way, so that counting needs no bodies.
// Thread: confined(broker).
#pragma once

#include <cstdint>

#include "base/time.h"
#include "broker/ids.h"
#include "broker/message.h"

namespace harrier::broker {

struct QueueEntry {
  MessageRef message;
  Position position;
  base::MonotonicTime expires_at = base::kNever;
  std::uint32_t body_size = 0;
  std::uint16_t delivery_count = 0;  // returns so far: requeue, reject, lost channel
  std::uint8_t priority = 0;         // the level it waits on
  bool redelivered : 1 = false;
  bool logged : 1 = false;  // a PublishChange names it, so its settling is a record too
  bool stored : 1 = false;  // BodyReader can read it again
  bool traced : 1 = false;  // a MessageTracer follows it here

  bool resident() const { return static_cast<bool>(message); }
  // Memory that the entry and its message take.
  std::size_t footprint() const {
    return sizeof(QueueEntry) + (message ? message->footprint() : 0);
  }
};

}  // namespace harrier::broker

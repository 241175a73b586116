// Time to live: the `expiration` property of a message.
//
// Thread: pure functions.
// Spec:   conformance.md S24: decimal digits only, 0 … 315,360,000,000 milliseconds (ten years).
#pragma once

#include <cstdint>

#include "amqp/protocol_error.h"
#include "base/time.h"

namespace harrier::broker {

inline constexpr std::int64_t kTimeToLiveMaxMs = 315'360'000'000;

// Anything but digits within the range is PRECONDITION_FAILED (406).
amqp::Checked<base::Milliseconds> parse_expiration(amqp::Bytes expiration);

}  // namespace harrier::broker

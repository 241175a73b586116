// The limits of one client connection; each names its outcome.
//
// Role:   made by server from the options, copied by every ConnectionSession.
// Thread: immutable value.
#pragma once

#include <cstddef>
#include <cstdint>

#include "amqp/field_table.h"
#include "base/time.h"

namespace harrier::session {

struct ConnectionLimits {
  // Offered at tune; a larger answer is 530.
  std::uint32_t frame_max = 131072;
  // Before tune-ok; a larger frame is 501. Room for a token in start-ok.
  std::uint32_t initial_frame_max = 8192;
  // Offered at tune; a larger answer is 530.
  std::uint16_t channel_max = 2047;
  // Offered at tune; the client's answer counts, 0 is off.
  std::uint16_t heartbeat_s = 60;
  // A larger body: channel error 406 when its header arrives.
  std::uint64_t max_message_size = 16 << 20;
  // Unfinished contents of all channels, at least max_message_size; more: 506 RESOURCE_ERROR.
  std::uint64_t assembly_bytes_max = 32 << 20;
  // Unsent replies (not deliveries); more: nothing is read until half of them are sent.
  std::size_t reply_bytes_max = 1 << 20;
  // From accept to open; later: end.
  base::Milliseconds handshake_timeout{10'000};
  // For close-ok; later: end.
  base::Milliseconds close_timeout{10'000};
  // Silence after a refused login.
  base::Milliseconds refusal_delay{3'000};
  // Output pending without progress; longer: cut off.
  base::Milliseconds write_stall_timeout{30'000};
  // A frame begun and not finished; longer: cut off.
  base::Milliseconds partial_frame_timeout{60'000};
  amqp::TableLimits table_limits;
};

}  // namespace harrier::session

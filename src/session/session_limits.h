// The limits of one connection's broker half.
//
// Model: every number has a key in the YAML (limits.*), and a defined outcome when it is reached.
// Thread: immutable value.
#pragma once

#include <cstddef>
#include <cstdint>

namespace harrier::session {

struct SessionLimits {
  // Bytes given to the connection and not yet written to its socket: above, its consumers are not
  // served and its confirms stay as ranges; below half they go on.
  std::size_t output_credit_bytes = 1 << 20;
  // Direct replies know no credit: above so many bytes not yet written they are dropped and
  // counted.
  std::size_t direct_reply_bytes_max = 16 << 20;
  std::uint32_t consumers_per_channel_max = 10'000;      // more: 530
  std::uint32_t consumers_per_connection_max = 100'000;  // more: 530
  // Unacknowledged deliveries of a channel whose consumers set no prefetch: then they wait;
  // basic.get beyond it is 406.
  std::uint32_t unacked_per_channel_max = 1'000'000;
  // Replies of one channel that wait for the disk or for one another; more: connection error 506.
  std::uint32_t reply_slots_max = 65'536;
  // Messages and bytes that a transaction may hold until its commit; more: 406.
  std::uint32_t transaction_entries_max = 100'000;
  std::uint64_t transaction_bytes_max = 256ull << 20;
};

}  // namespace harrier::session

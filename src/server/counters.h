// What each loop counts about its sockets and batches, for metrics.
//
// Thread: synchronized: written by the owning loop only, read by any thread.
#pragma once

#include <array>
#include <cstdint>

#include "base/counter.h"
#include "base/histogram.h"

namespace harrier::server {

// In microseconds.
inline constexpr std::array<std::uint64_t, 12> kTurnBounds = {
    50, 100, 250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 1'000'000};

struct LoopCounters {
  base::Counter connections_opened;  // sockets taken over
  base::Counter connections_closed;
  base::Counter logins;  // accepted; update-secret is none
  base::Counter logins_refused;
  base::Counter tls_handshakes;
  base::Counter tls_handshakes_failed;
  base::Counter proxy_headers;          // of trusted proxies, and good
  base::Counter proxy_headers_refused;  // of trusted proxies: bad, late or not there
  base::Counter proxied_refused;        // clients named by a proxy, by a limit of limits.accept
  base::Counter bytes_received;
  base::Counter bytes_sent;
  // Times a connection had no input credit, too much unread output, or was held.
  base::Counter reads_paused;
  base::Counter held;           // connections not read now, because publishers are held
  base::Counter held_by_quota;  // likewise, because their virtual host stores enough
  base::Counter throttled;      // connections not read now, because they published too fast
  // Times one had to wait for the publish rate of its own, its user's, its virtual host's.
  base::Counter throttled_by_connection;
  base::Counter throttled_by_user;
  base::Counter throttled_by_virtual_host;
  base::Counter writes_blocked;  // times a socket took less than there was
  base::Counter batches_sent;    // to other loops, both directions
  // From a turn's first handler to its end, in microseconds: for so long everything else waits.
  base::Histogram<kTurnBounds> turn_us;
};

// Counted where connections are accepted.
struct ListenerCounters {
  base::Counter accepted;
  base::Counter refused;        // a limit of limits.accept
  base::Counter accept_errors;  // EMFILE and its like
  base::Counter untrusted;      // did not come through the proxy that is required
  base::Counter rate_pauses;    // times the rest had to wait, for too many had come
};

}  // namespace harrier::server

// What is counted beside the node, by the HTTP server and the API behind it.
//
// Role:   app tells MetricsSite of them before the server starts; the API counts in its part.
// Thread: the counters: any.
#pragma once

#include <atomic>
#include <cstdint>

#include "http/server.h"

namespace harrier::metrics {

struct ApiCounters {
  // Of metrics with a login, too.
  std::atomic<std::uint64_t> logins_accepted{0};
  std::atomic<std::uint64_t> logins_refused{0};
  // Known, and without the right to what they asked for.
  std::atomic<std::uint64_t> requests_refused{0};
  std::atomic<std::uint64_t> log_streams{0};  // followed now
};

// nullptr: there is none, and nothing of it is told.
struct HttpSources {
  const http::Server* server = nullptr;
  const ApiCounters* api = nullptr;
};

}  // namespace harrier::metrics

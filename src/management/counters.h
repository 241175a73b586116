// What the API counts; any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "metrics/http_sources.h"

namespace harrier::management {

struct Counters : metrics::ApiCounters {
  // What DELETE /api/auth/attempts takes from the numbers shown there; counters never fall.
  struct Attempts {
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> refused{0};
  };
  Attempts forgotten_amqp;
  Attempts forgotten_http;
};

}  // namespace harrier::management

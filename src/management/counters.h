// What the API counts, for metrics; any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace harrier::management {

struct Counters {
  std::atomic<std::uint64_t> logins_accepted{0};
  std::atomic<std::uint64_t> logins_refused{0};
  // Known, and without the right to what they asked for.
  std::atomic<std::uint64_t> requests_refused{0};
  std::atomic<std::uint64_t> log_streams{0};  // followed now
  // What DELETE /api/auth/attempts takes from the numbers shown there; counters never fall.
  struct Attempts {
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> refused{0};
  };
  Attempts forgotten_amqp;
  Attempts forgotten_http;
};

}  // namespace harrier::management

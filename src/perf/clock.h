// The one clock of a run, and how its times are counted.
//
// Model:  CLOCK_MONOTONIC. Stamps in bodies are its nanoseconds, so that a publisher and a consumer
//         in two processes of one machine agree.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace harrier::perf {

using Clock = std::chrono::steady_clock;

// Only a broker that hangs is silent for so long.
inline constexpr std::chrono::seconds kPatience{60};

inline double seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}
inline Clock::duration seconds_of(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}
inline std::uint64_t nanoseconds(Clock::duration duration) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count());
}
inline std::uint64_t stamp_of(Clock::time_point time) {
  return nanoseconds(time.time_since_epoch());
}

// Nothing without a time to count in.
inline std::optional<double> per_second(std::uint64_t count, double seconds) {
  if (seconds <= 0) return std::nullopt;
  return static_cast<double>(count) / seconds;
}

}  // namespace harrier::perf

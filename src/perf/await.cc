// Tries to open a connection until the broker lets us in.
#include <thread>

#include "perf/interrupt.h"
#include "perf/workloads.h"

namespace harrier::perf {
namespace {

constexpr double kDefaultSeconds = 60;
constexpr std::chrono::milliseconds kPause{5};

}  // namespace

// Refused sockets and CONNECTION_FORCED while the broker recovers are both "not yet".
Outcome run_await(const Options& options) {
  const auto now = Clock::now();
  const auto begin =
      options.since_ns == 0 ? now : Clock::time_point(std::chrono::nanoseconds(options.since_ns));
  const auto deadline = now + seconds_of(options.seconds.value_or(kDefaultSeconds));
  std::uint64_t attempts = 0;
  std::string refusal = "nothing";
  while (true) {
    ++attempts;
    try {
      Connection connection(options.endpoint);
      connection.close();
      break;
    } catch (const LoadError& error) {
      refusal = error.what();
    }
    if (is_interrupted()) throw LoadError("interrupted");
    if (Clock::now() > deadline) throw LoadError("not ready in time; last: " + refusal);
    std::this_thread::sleep_for(kPause);
  }
  Outcome outcome;
  outcome.figures = begin_figures(options);
  outcome.figures.real("ready_s", seconds(Clock::now() - begin)).count("attempts", attempts);
  outcome.figures.text("last_refusal", refusal);
  return outcome;
}

}  // namespace harrier::perf

// Tries to open a connection until the broker lets us in.
#include <thread>

#include "bench/load/flow.h"
#include "bench/load/modes.h"

namespace harrier::bench {

// Refused sockets and CONNECTION_FORCED while the broker recovers are both "not yet". --since is
// the moment from which to count, in nanoseconds of CLOCK_MONOTONIC.
void run_await(Arguments& arguments) {
  const Target target(arguments);
  const auto now = Clock::now();
  const auto since = static_cast<std::int64_t>(arguments.number("since", 0));
  const auto begin = since == 0 ? now : Clock::time_point(std::chrono::nanoseconds(since));
  const auto deadline = now + seconds_of(arguments.real("seconds", 60));
  arguments.refuse_unknown();
  std::uint64_t attempts = 0;
  std::string refusal = "nothing";
  while (true) {
    ++attempts;
    try {
      const Connection connection(target.port);
      break;
    } catch (const LoadError& error) {
      refusal = error.what();
    }
    if (Clock::now() > deadline) throw LoadError("not ready in time; last: " + refusal);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  JsonLine line = begin_line(arguments, target.label);
  line.real("ready_s", seconds(Clock::now() - begin)).count("attempts", attempts);
  line.text("last_refusal", refusal);
  line.print();
}

}  // namespace harrier::bench

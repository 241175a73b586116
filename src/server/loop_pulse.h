// Whether every loop of a node still takes turns.
//
// Role:   asked by whoever must not believe a process alive just because its threads exist: the
//         watchdog's thread, which waits for the answer, and liveness probes, which must not.
// Model:  an idle loop takes no turns, so each is given an empty task and answers in the turn that
//         runs it. A loop that has not answered is not asked again: however often somebody asks,
//         one task waits at it.
// Thread: synchronized by mutex_. The loops' threads end before it does.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "base/time.h"

namespace harrier::server {

class LoopPulse {
 public:
  static constexpr base::Milliseconds kPatience{15'000};
  // Has a task run in a turn of one loop; any thread.
  using Post = std::function<void(std::function<void()>)>;
  explicit LoopPulse(std::vector<Post> loops);

  // Whether no loop has left a task lying for kPatience. Does not wait: the first question after a
  // loop got stuck says yes.
  bool beats(base::MonotonicTime now);
  // Whether each loop takes a turn within `patience`; returns as soon as it is known. None of the
  // loops may ask.
  bool beats_within(std::chrono::milliseconds patience, base::MonotonicTime now);
  // The loops are about to end: whoever waits hears no, and whoever asks.
  void stop();

 private:
  struct Loop {
    Post post;
    std::uint64_t answers = 0;  // guarded by mutex_
    // Nothing: no task is under way. Guarded by mutex_.
    std::optional<base::MonotonicTime> asked;
  };

  void ask(Loop& loop, base::MonotonicTime now);

  std::mutex mutex_;
  std::condition_variable answered_;
  std::vector<Loop> loops_;
  bool stopped_ = false;  // guarded by mutex_
};

}  // namespace harrier::server

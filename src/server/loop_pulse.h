// Whether every loop of a node still takes turns.
//
// Role:   asked by whoever must not believe a process alive just because its threads exist.
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
#include <vector>

namespace harrier::server {

class LoopPulse {
 public:
  // Has a task run in a turn of one loop; any thread.
  using Post = std::function<void(std::function<void()>)>;
  explicit LoopPulse(std::vector<Post> loops);

  // Whether each loop takes a turn within `patience`; returns as soon as it is known. None of the
  // loops may ask.
  bool beats_within(std::chrono::milliseconds patience);
  // The loops are about to end: whoever waits hears no, and whoever asks.
  void stop();

 private:
  struct Loop {
    Post post;
    std::uint64_t answers = 0;  // guarded by mutex_
    bool asked = false;         // guarded by mutex_
  };

  void ask(Loop& loop);

  std::mutex mutex_;
  std::condition_variable answered_;
  std::vector<Loop> loops_;
  bool stopped_ = false;  // guarded by mutex_
};

}  // namespace harrier::server

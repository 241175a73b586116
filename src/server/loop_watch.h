// Whether a loop still turns, without waiting for it.
//
// Role:   asked by liveness probes, through Node.
// Model:  each question posts a task to the loop unless one is under way; a loop that has left one
//         lying for kPatience is stuck. The first question after the loop got stuck says yes.
// Thread: synchronized by atomics; any.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "base/time.h"

namespace harrier::server {

class LoopWatch {
 public:
  static constexpr base::Milliseconds kPatience{15'000};
  using Post = std::function<void(std::function<void()>)>;

  // `post` runs a task on the loop, some time.
  bool beats(const Post& post, base::MonotonicTime now) {
    const base::MonotonicTime asked{base::Milliseconds(state_->asked.load())};
    if (asked != base::MonotonicTime()) return now - asked < kPatience;
    std::int64_t none = 0;
    const std::int64_t count = now.time_since_epoch().count();
    if (state_->asked.compare_exchange_strong(none, count))
      post([state = state_] { state->asked.store(0); });
    return true;
  }

 private:
  struct State {
    std::atomic<std::int64_t> asked{0};  // 0: nothing is under way
  };
  // The task may outlive this.
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace harrier::server

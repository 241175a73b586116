#include "server/loop_pulse.h"

#include <utility>

namespace harrier::server {

LoopPulse::LoopPulse(std::vector<Post> loops) {
  loops_.reserve(loops.size());
  for (Post& post : loops)
    loops_.push_back({.post = std::move(post)});
}

// With mutex_ held: a post only puts the task into a mailbox.
void LoopPulse::ask(Loop& loop, base::MonotonicTime now) {
  if (loop.asked) return;
  loop.asked = now;
  loop.post([this, &loop] {
    const std::lock_guard lock(mutex_);
    loop.asked.reset();
    ++loop.answers;
    answered_.notify_all();
  });
}

bool LoopPulse::beats(base::MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return false;
  bool beats = true;
  for (Loop& loop : loops_) {
    if (loop.asked && now - *loop.asked >= kPatience) beats = false;
    ask(loop, now);
  }
  return beats;
}

bool LoopPulse::beats_within(std::chrono::milliseconds patience, base::MonotonicTime now) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::unique_lock lock(mutex_);
  if (stopped_) return false;
  std::vector<std::uint64_t> before;
  for (Loop& loop : loops_) {
    before.push_back(loop.answers);
    ask(loop, now);
  }
  const auto all_answered = [&] {
    for (std::size_t index = 0; index != loops_.size(); ++index)
      if (loops_[index].answers == before[index]) return false;
    return true;
  };
  answered_.wait_until(lock, deadline, [&] { return stopped_ || all_answered(); });
  return all_answered();
}

void LoopPulse::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  answered_.notify_all();
}

}  // namespace harrier::server

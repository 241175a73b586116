#include "server/loop.h"

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

#include "base/check.h"

namespace harrier::server {

// One thread runs the context: asio needs its lock only for what other threads post.
Loop::Loop(const base::Clock& clock)
    : clock_(clock),
      context_(static_cast<int>(ASIO_CONCURRENCY_HINT_UNSAFE_IO)),
      timer_(context_) {}

Loop::~Loop() {
  stop();
  join();
}

void Loop::start(LoopWork& work) {
  work_ = &work;
  thread_ = std::thread([this] { run(); });
}

void Loop::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  asio::post(context_, [] {});
}

void Loop::join() {
  if (thread_.joinable()) thread_.join();
}

void Loop::wake() {
  asio::post(context_, [this] {
    ++wakes_;
    work_->take_mail();
  });
}

const base::Now& Loop::now() {
  DCHECK(checker_.on_loop());
  if (!now_) {
    now_ = clock_.now();
    turn_began_ = std::chrono::steady_clock::now();
  }
  return *now_;
}

void Loop::run() {
  checker_.bind();
  const auto guard = asio::make_work_guard(context_);
  while (!stopping_.load(std::memory_order_relaxed))
    run_turn();
  checker_.unbind();
}

void Loop::run_turn() {
  // With a deadline in the past the turn must not sleep.
  const bool at_once = next_deadline_ != base::kNever && next_deadline_ <= now().monotonic;
  now_.reset();
  run_handlers(at_once);
  if (next_deadline_ <= now().monotonic) work_->handle_deadlines();
  next_deadline_ = work_->finish_turn();
  arm_timer(next_deadline_);
  ++turns_;
}

// Handlers that a turn leaves are the next turn's, without asking the reactor in between.
void Loop::run_handlers(bool at_once) {
  std::size_t handlers = at_once ? context_.poll_one() : context_.run_one();
  const bool ask = company_ || turns_.value() % kAskAgainEvery == 0;
  int run = 1;
  for (; ask && handlers != 0 && run < kHandlersPerTurn && input_of_turn_ < kInputPerTurn; ++run)
    handlers = context_.poll_one();
  if (ask) company_ = run > 2;
  input_of_turn_ = 0;
}

// The timer is only ever moved forward: waking too early costs a turn, moving it for every change
// of a deadline would cost more.
void Loop::arm_timer(base::MonotonicTime deadline) {
  if (deadline >= timer_deadline_ || deadline <= now().monotonic) return;
  timer_deadline_ = deadline;
  timer_.expires_at(deadline);
  timer_.async_wait([this](const asio::error_code& error) {
    // Cancelled means moved forward: the new wait has its own handler.
    if (!error) timer_deadline_ = base::kNever;
  });
}

}  // namespace harrier::server

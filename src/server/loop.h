// One thread that runs turns: asio's reactor, a clock reading per turn, one timer.
//
// Role:   waits for readiness, for the deadline its work named, or for wake(); knows nothing of
//         connections or virtual hosts: LoopWork does.
// Model:  turn = some handlers that were ready (at most kHandlersPerTurn, fewer once they used up
//         the input budget), then work.finish_turn(), which names the next deadline. All handlers
//         of a turn see the same now().
// Thread: confined(loop) but for start(), stop(), join() and wake().
// Time:   reads its Clock once per turn, when first asked.
// Limits: a turn ends after kHandlersPerTurn handlers or kInputPerTurn bytes, so that output and
//         other loops never wait longer than that.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <thread>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include "base/clock.h"
#include "base/counter.h"
#include "server/loop_checker.h"

namespace harrier::server {

class LoopWork {
 public:
  virtual ~LoopWork() = default;
  // wake() was called since the last take_mail().
  virtual void take_mail() = 0;
  // The deadline that finish_turn() named has come.
  virtual void handle_deadlines() = 0;
  // Last call of every turn. Answers when the loop must call again at the latest: a time that has
  // passed asks for another turn at once, kNever for none.
  virtual base::MonotonicTime finish_turn() = 0;
};

class Loop {
 public:
  static constexpr int kHandlersPerTurn = 64;
  static constexpr std::size_t kInputPerTurn = 512 << 10;
  // A turn asks the reactor for further handlers if that was of use before, and else every so many
  // turns: with one client talking it is a system call in vain.
  static constexpr std::uint64_t kAskAgainEvery = 16;

  explicit Loop(const base::Clock& clock);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  // REQUIRES that `work` outlives join().
  void start(LoopWork& work);
  // Asks the thread to end after its turn; any thread.
  void stop();
  // Waits for it; then the loop's objects belong to the caller.
  void join();

  // The time of this turn.
  const base::Now& now();
  // Reports bytes that this turn has read, for its budget.
  void count_input(std::size_t bytes) { input_of_turn_ += bytes; }

  // Any thread: has take_mail() called in a turn to come.
  void wake();

  asio::io_context& context() { return context_; }
  const LoopChecker& checker() const { return checker_; }
  // For metrics, any thread.
  const base::Counter& turns() const { return turns_; }
  // In a turn: since its first handler. What comes meanwhile waits for so long.
  std::chrono::microseconds turn_so_far() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                 turn_began_);
  }
  // How often another thread woke it.
  const base::Counter& wakes() const { return wakes_; }

 private:
  void run();
  void run_turn();
  void run_handlers(bool at_once);
  void arm_timer(base::MonotonicTime deadline);

  const base::Clock& clock_;
  asio::io_context context_;
  asio::steady_timer timer_;
  LoopChecker checker_;
  std::thread thread_;
  LoopWork* work_ = nullptr;

  std::optional<base::Now> now_;
  std::chrono::steady_clock::time_point turn_began_;  // with the reading of now_
  base::MonotonicTime next_deadline_ = base::kNever;
  base::MonotonicTime timer_deadline_ = base::kNever;
  std::size_t input_of_turn_ = 0;
  // Another handler was ready when the reactor was last asked a second time in a turn.
  bool company_ = true;
  std::atomic<bool> stopping_{false};
  base::Counter turns_;
  base::Counter wakes_;
};

}  // namespace harrier::server

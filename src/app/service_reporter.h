// What a service manager hears of this process: starting, ready, reloading, stopping, alive.
//
// Role:   made by run(), which tells it what the process is about to do. Without a service manager
//         (no NOTIFY_SOCKET) every call does nothing, and there is no thread.
// Model:  starting() → ready() → [ reloading() → ready() ]… → stopping(). While it starts, the
//         manager's patience is extended for as long as recovery takes; once it is ready, a
//         watchdog is fed at half of its interval, each time only after every loop took a turn.
// Thread: confined to the application's; a thread of its own extends and feeds.
// Time:   waits by itself, for the intervals it was given.
// Errors: a manager that cannot be reached is logged once; the broker goes on.
// Spec:   sd_notify(3), sd_watchdog_enabled(3); ecosystem.md 4.3.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "app/notify_socket.h"

namespace harrier::app {

class ServiceReporter {
 public:
  struct Settings {
    std::string socket;                     // NOTIFY_SOCKET; empty: nobody listens
    std::chrono::microseconds watchdog{0};  // WATCHDOG_USEC; zero: none
    // While it starts: how often it asks for more time, and for how much.
    std::chrono::milliseconds extend_every{10'000};
    std::chrono::microseconds extension{60'000'000};
  };
  // A watchdog that is another process's (WATCHDOG_PID) is none.
  static Settings from_environment();

  // Whether every loop takes a turn within `patience`; called on the thread.
  using LoopsTurn = std::function<bool(std::chrono::milliseconds patience)>;
  ServiceReporter(const Settings& settings, LoopsTurn loops_turn);
  ~ServiceReporter();
  ServiceReporter(const ServiceReporter&) = delete;
  ServiceReporter& operator=(const ServiceReporter&) = delete;

  // `status` is one line for `systemctl status`.
  void starting(std::string_view status);
  void ready(std::string_view status);
  void reloading();
  void stopping(std::string_view status);

 private:
  enum class Phase { kNew, kStarting, kReady, kStopping };

  void enter(Phase phase, std::string state);
  void run();
  // How long the thread sleeps in `phase`; none: until the phase changes.
  std::optional<std::chrono::milliseconds> interval(Phase phase) const;
  void extend();
  void feed_watchdog(std::chrono::milliseconds patience);
  void send(const std::string& state);
  Phase phase() const;

  const Settings settings_;
  const LoopsTurn loops_turn_;
  std::optional<NotifySocket> socket_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Phase phase_ = Phase::kNew;     // guarded by mutex_
  bool told_of_failure_ = false;  // guarded by mutex_
  bool standing_still_ = false;   // the thread's
  std::thread thread_;
};

}  // namespace harrier::app

#include "app/service_reporter.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

#include <unistd.h>

#include "base/log.h"

namespace harrier::app {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value <= 0) return std::nullopt;
  return value;
}

// One line: a second one would be taken for another statement.
std::string status_line(std::string_view status) {
  return "STATUS=" + std::string(status.substr(0, status.find('\n')));
}

// Of CLOCK_MONOTONIC, which is what steady_clock reads on Linux.
std::string monotonic_now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::to_string(duration_cast<microseconds>(now).count());
}

}  // namespace

ServiceReporter::Settings ServiceReporter::from_environment() {
  Settings settings;
  settings.socket = variable("NOTIFY_SOCKET");
  const std::string_view pid = variable("WATCHDOG_PID");
  if (!pid.empty() && number(pid) != ::getpid()) return settings;
  settings.watchdog = microseconds(number(variable("WATCHDOG_USEC")).value_or(0));
  return settings;
}

ServiceReporter::ServiceReporter(const Settings& settings, LoopsTurn loops_turn)
    : settings_(settings), loops_turn_(std::move(loops_turn)) {
  if (settings.socket.empty()) return;
  auto opened = NotifySocket::open(settings.socket);
  if (opened) {
    socket_.emplace(std::move(opened).value());
  } else {
    base::log_warning("server", opened.error().message);
  }
}

ServiceReporter::~ServiceReporter() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    phase_ = Phase::kStopping;
  }
  changed_.notify_one();
  thread_.join();
}

void ServiceReporter::starting(std::string_view status) {
  enter(Phase::kStarting, status_line(status));
  if (socket_) thread_ = std::thread([this] { run(); });
}

void ServiceReporter::ready(std::string_view status) {
  enter(Phase::kReady, "READY=1\n" + status_line(status));
}

void ServiceReporter::reloading() {
  enter(Phase::kReady, "RELOADING=1\nMONOTONIC_USEC=" + monotonic_now() + "\nSTATUS=Reloading");
}

void ServiceReporter::stopping(std::string_view status) {
  enter(Phase::kStopping, "STOPPING=1\n" + status_line(status));
}

void ServiceReporter::enter(Phase phase, std::string state) {
  if (!socket_) return;
  {
    const std::lock_guard lock(mutex_);
    phase_ = phase;
  }
  changed_.notify_one();
  send(state);
}

ServiceReporter::Phase ServiceReporter::phase() const {
  const std::lock_guard lock(mutex_);
  return phase_;
}

std::optional<milliseconds> ServiceReporter::interval(Phase phase) const {
  if (phase == Phase::kStarting) return settings_.extend_every;
  if (settings_.watchdog.count() == 0) return std::nullopt;
  return std::max(milliseconds(1), duration_cast<milliseconds>(settings_.watchdog / 2));
}

void ServiceReporter::run() {
  std::unique_lock lock(mutex_);
  while (phase_ != Phase::kStopping) {
    const Phase now = phase_;
    const auto begun = std::chrono::steady_clock::now();
    lock.unlock();
    if (now == Phase::kStarting) {
      extend();
    } else if (const auto patience = interval(now)) {
      feed_watchdog(*patience);
    }
    lock.lock();
    const auto other_phase = [this, now] { return phase_ != now; };
    if (const auto pause = interval(now)) {
      changed_.wait_until(lock, begun + *pause, other_phase);
    } else {
      changed_.wait(lock, other_phase);
    }
  }
}

void ServiceReporter::extend() {
  send("EXTEND_TIMEOUT_USEC=" + std::to_string(settings_.extension.count()));
}

// A loop that stands still is not reported to anybody else: the manager ends the process.
void ServiceReporter::feed_watchdog(milliseconds patience) {
  const bool turning = loops_turn_(patience);
  if (turning) {
    send("WATCHDOG=1");
  } else if (phase() == Phase::kReady && !standing_still_) {
    base::log_error("server", "a loop stands still; the watchdog is not fed",
                    {{"for_ms", std::to_string(patience.count())}});
  }
  standing_still_ = !turning;
}

void ServiceReporter::send(const std::string& state) {
  const auto sent = socket_->send(state);
  const std::lock_guard lock(mutex_);
  if (!sent.ok() && !std::exchange(told_of_failure_, true))
    base::log_warning("server", sent.error().message);
}

}  // namespace harrier::app

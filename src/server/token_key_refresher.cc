#include "server/token_key_refresher.h"

#include <utility>

#include "base/log.h"

namespace harrier::server {

TokenKeyRefresher::TokenKeyRefresher(const FetchSchedule& schedule, const base::Clock& clock,
                                     Fetch fetch)
    : clock_(clock),
      fetch_(std::move(fetch)),
      schedule_(schedule),
      keys_(std::make_shared<const auth::TokenKeys>()) {}

TokenKeyRefresher::~TokenKeyRefresher() { stop(); }

base::Status<> TokenKeyRefresher::load() { return fetch_once(); }

void TokenKeyRefresher::start() {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = schedule_.next() <= clock_.now().monotonic;
  }
  thread_ = std::thread([this] { run(); });
}

void TokenKeyRefresher::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void TokenKeyRefresher::refresh() {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = true;
  }
  wake_.notify_one();
}

std::shared_ptr<const auth::TokenKeys> TokenKeyRefresher::current() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

bool TokenKeyRefresher::request_newer() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    if (wanted_ || running_) return true;
    if (!schedule_.request(clock_.now().monotonic)) return false;
    wanted_ = true;
  }
  wake_.notify_one();
  return true;
}

bool TokenKeyRefresher::fetching() const {
  const std::lock_guard lock(mutex_);
  return (wanted_ || running_) && !stopping_;
}

void TokenKeyRefresher::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const base::MonotonicTime now = clock_.now().monotonic;
    // Due from the beginning: no time is subtracted from the least one.
    if (!wanted_ && schedule_.next() > now) {
      wake_.wait_for(lock, schedule_.next() - now, [this] { return stopping_ || wanted_; });
      continue;
    }
    wanted_ = false;
    running_ = true;
    lock.unlock();
    // The caller of load() is told, here there is only the log.
    (void)fetch_once();
    lock.lock();
    running_ = false;
  }
}

base::Status<> TokenKeyRefresher::fetch_once() {
  {
    const std::lock_guard lock(mutex_);
    schedule_.begin(clock_.now().monotonic);
  }
  counters_.fetches.fetch_add(1, std::memory_order_relaxed);
  auto text = fetch_(stopping_);
  auto keys = text ? auth::TokenKeys::parse(*text)
                   : base::Result<std::shared_ptr<const auth::TokenKeys>>(base::fail(text.error()));
  base::Status<> outcome = keys ? base::Status<>(base::Done{}) : base::fail(keys.error());
  std::size_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    schedule_.end(clock_.now().monotonic, outcome.ok());
    if (keys) keys_ = std::move(keys).value();
    count = keys_->count();
  }
  if (!outcome) counters_.failures.fetch_add(1, std::memory_order_relaxed);
  if (!stopping_) log_outcome(outcome, count);
  return outcome;
}

void TokenKeyRefresher::log_outcome(const base::Status<>& outcome, std::size_t keys) {
  const std::string failure = outcome ? std::string() : outcome.error().message;
  if (std::exchange(last_failure_, failure) == failure && !outcome) return;
  const std::string count = std::to_string(keys);
  if (!outcome) {
    base::log_warning("auth", "the keys for tokens cannot be read, those of before are kept",
                      {{"error", failure}, {"keys", count}});
  } else {
    base::log(base::LogLevel::kDebug, "auth", "the keys for tokens are read", {{"keys", count}});
  }
}

}  // namespace harrier::server

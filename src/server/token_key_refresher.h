// Keeps the keys that tokens are signed with fresh, on a thread of its own.
//
// Role:   one per node that takes tokens, owned by its authenticator. Knows no files and no HTTP:
//         fetching is a function.
// Model:  made → load(), if the first keys must be there → start() → fetches by FetchSchedule →
//         stop(). What cannot be fetched or understood changes nothing: the old keys stay.
// Thread: synchronized by mutex_, which is not held while it fetches; start() and stop() from one
//         thread.
// Errors: logged when they begin, change or end.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "auth/token_key_source.h"
#include "base/clock.h"
#include "base/result.h"
#include "server/fetch_schedule.h"

namespace harrier::server {

class TokenKeyRefresher final : public auth::TokenKeySource {
 public:
  // The JWKS as text. Gives up soon once `stopping` is set.
  using Fetch = std::function<base::Result<std::string>(const std::atomic<bool>& stopping)>;
  // For metrics; any thread reads.
  struct Counters {
    std::atomic<std::uint64_t> fetches{0};
    std::atomic<std::uint64_t> failures{0};
  };

  // REQUIRES that `clock` outlives it.
  TokenKeyRefresher(const FetchSchedule& schedule, const base::Clock& clock, Fetch fetch);
  ~TokenKeyRefresher() override;

  // On the caller's thread; before start().
  base::Status<> load();
  void start();
  // Idempotent.
  void stop();
  // Any thread: soon, however recent the last time was.
  void refresh();

  std::shared_ptr<const auth::TokenKeys> current() const override;
  bool request_newer() override;
  bool fetching() const override;
  const Counters& counters() const { return counters_; }

 private:
  void run();
  base::Status<> fetch_once();
  void log_outcome(const base::Status<>& outcome, std::size_t keys);

  const base::Clock& clock_;
  const Fetch fetch_;
  Counters counters_;
  std::atomic<bool> stopping_{false};
  std::string last_failure_;  // the fetching thread's

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  FetchSchedule schedule_;
  std::shared_ptr<const auth::TokenKeys> keys_;
  // Due, or being fetched.
  bool wanted_ = false;
  bool running_ = false;
  std::thread thread_;
};

}  // namespace harrier::server

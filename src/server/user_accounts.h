// The accounts of all users that are connected or limited.
//
// Role:   each half of a connection looks up its user's once; Node sets limits.
// Thread: synchronized by mutex_ (two calls per connection's life).
// Limits: who has neither limits nor connections is forgotten, at the latest when there are as many
//         of them as others, and kIdleMin.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/time.h"
#include "broker/user_account.h"

namespace harrier::server {

// For metrics and management.
struct UserUsage {
  std::string name;
  std::uint64_t connections = 0;
  std::uint64_t channels = 0;
  std::uint64_t consumers = 0;
  broker::UserLimits limits;
};

class UserAccounts {
 public:
  static constexpr std::size_t kIdleMin = 1024;

  // Made on demand, without limits.
  std::shared_ptr<broker::UserAccount> account_of(const std::string& user);
  // Counts at once for what comes; what is open stays.
  void set_limits(const std::string& user, const broker::UserLimits& limits,
                  base::Milliseconds burst);
  // In the order of their names.
  std::vector<UserUsage> usage() const;

 private:
  struct Entry {
    std::shared_ptr<broker::UserAccount> account = std::make_shared<broker::UserAccount>();
    broker::UserLimits limits;
  };
  void forget_idle();

  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::size_t look_at_ = kIdleMin;
};

}  // namespace harrier::server

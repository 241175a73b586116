#include "server/user_accounts.h"

#include <algorithm>

namespace harrier::server {

std::shared_ptr<broker::UserAccount> UserAccounts::account_of(const std::string& user) {
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= look_at_) forget_idle();
  return entries_[user].account;
}

void UserAccounts::set_limits(const std::string& user, const broker::UserLimits& limits,
                              base::Milliseconds burst) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[user];
  entry.limits = limits;
  entry.account->set_limits(limits, burst);
}

std::vector<UserUsage> UserAccounts::usage() const {
  const std::lock_guard lock(mutex_);
  std::vector<UserUsage> users;
  users.reserve(entries_.size());
  for (const auto& [name, entry] : entries_)
    users.push_back({name, entry.account->connections().count(), entry.account->channels().count(),
                     entry.account->consumers().count(), entry.limits});
  return users;
}

// Nobody else can take a reference meanwhile: all come from account_of().
void UserAccounts::forget_idle() {
  std::erase_if(entries_, [](const auto& item) {
    const Entry& entry = item.second;
    return entry.account.use_count() == 1 && entry.limits == broker::UserLimits{};
  });
  look_at_ = std::max(kIdleMin, 2 * entries_.size());
}

}  // namespace harrier::server

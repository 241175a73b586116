#include "auth/login_throttle.h"

#include <algorithm>
#include <utility>

#include "auth/digest.h"

namespace harrier::auth {

LoginThrottle::LoginThrottle(const Limits& limits, std::string key)
    : key_(std::move(key)), limits_(limits) {}

std::string LoginThrottle::name_of(char kind, base::Bytes value) const {
  std::string text(1, kind);
  text.append(value);
  return hmac(DigestKind::kSha256, key_, text).substr(0, 16);
}

base::MonotonicTime LoginThrottle::wait_until(base::Bytes address, base::Bytes user,
                                              base::MonotonicTime now) {
  if (size() == 0) return base::MonotonicTime::min();
  const std::string address_name = name_of('a', address);
  const std::string user_name = name_of('u', user);
  const std::lock_guard lock(mutex_);
  return std::max(end_of_wait(address_name, now), end_of_wait(user_name, now));
}

base::MonotonicTime LoginThrottle::end_of_wait(const std::string& name,
                                               base::MonotonicTime now) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return base::MonotonicTime::min();
  const Entry& entry = found->second;
  if (entry.failures <= kFreeFailures || entry.last + kForgetAfter <= now)
    return base::MonotonicTime::min();
  const std::uint32_t doublings = std::min(entry.failures - kFreeFailures - 1, 20U);
  return entry.last + std::min(kFirstDelay * (1 << doublings), limits_.delay_max);
}

void LoginThrottle::note_failure(base::Bytes address, base::Bytes user, base::MonotonicTime now) {
  const std::string address_name = name_of('a', address);
  const std::string user_name = name_of('u', user);
  const std::lock_guard lock(mutex_);
  if (limits_.delay_max.count() == 0) return;
  count(address_name, now);
  count(user_name, now);
}

void LoginThrottle::count(const std::string& name, base::MonotonicTime now) {
  auto found = entries_.find(name);
  if (found == entries_.end()) {
    if (entries_.size() >= limits_.entries_max) forget_oldest();
    order_.push_back(name);
    found = entries_.emplace(name, Entry{0, now, std::prev(order_.end())}).first;
  }
  Entry& entry = found->second;
  if (entry.last + kForgetAfter <= now) entry.failures = 0;
  if (entry.failures != UINT32_MAX) ++entry.failures;
  entry.last = now;
  order_.splice(order_.end(), order_, entry.place);
}

void LoginThrottle::forget_oldest() {
  entries_.erase(order_.front());
  order_.pop_front();
}

void LoginThrottle::set_limits(const Limits& limits) {
  const std::lock_guard lock(mutex_);
  limits_ = limits;
  while (entries_.size() > limits_.entries_max)
    forget_oldest();
}

std::size_t LoginThrottle::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace harrier::auth

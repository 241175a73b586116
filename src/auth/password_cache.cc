#include "auth/password_cache.h"

#include <utility>

#include "auth/digest.h"

namespace harrier::auth {

PasswordCache::PasswordCache(const Limits& limits, std::string key)
    : key_(std::move(key)), limits_(limits) {}

// The user makes the key, so that ("a", "bc") and ("ab", "c") differ.
std::string PasswordCache::mac_of(base::Bytes user, base::Bytes password) const {
  const std::string inner = hmac(DigestKind::kSha256, key_, user);
  return hmac(DigestKind::kSha256, inner, password);
}

bool PasswordCache::holds(base::Bytes user, base::Bytes password, std::uint64_t version,
                          base::MonotonicTime now) {
  if (size() == 0) return false;
  const std::string mac = mac_of(user, password);
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(user);
  if (entry == entries_.end()) return false;
  if (entry->second.end <= now || entry->second.version != version) {
    erase(entry);
    return false;
  }
  return equal_in_constant_time(entry->second.mac, mac);
}

void PasswordCache::put(base::Bytes user, base::Bytes password, std::uint64_t version,
                        base::MonotonicTime now) {
  std::string mac = mac_of(user, password);
  const std::lock_guard lock(mutex_);
  if (limits_.lifetime.count() == 0) return;
  if (const auto entry = entries_.find(user); entry != entries_.end()) erase(entry);
  if (entries_.size() >= limits_.entries_max) erase(entries_.find(order_.front()));
  order_.emplace_back(user);
  entries_.emplace(std::string(user),
                   Entry{std::move(mac), version, now + limits_.lifetime, std::prev(order_.end())});
}

void PasswordCache::drop(base::Bytes user) {
  const std::lock_guard lock(mutex_);
  if (const auto entry = entries_.find(user); entry != entries_.end()) erase(entry);
}

void PasswordCache::set_limits(const Limits& limits) {
  const std::lock_guard lock(mutex_);
  if (limits.lifetime < limits_.lifetime || limits.entries_max < limits_.entries_max) {
    entries_.clear();
    order_.clear();
  }
  limits_ = limits;
}

std::size_t PasswordCache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

void PasswordCache::erase(std::map<std::string, Entry, std::less<>>::iterator entry) {
  order_.erase(entry->second.place);
  entries_.erase(entry);
}

}  // namespace harrier::auth

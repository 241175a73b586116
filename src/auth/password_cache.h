// Passwords that were right a moment ago, so that a client which connects again costs no hash.
//
// Role:   asked before a password is checked, told when one was right. It holds no password: an
//         HMAC over user and password, with a key that lives as long as the process.
// Model:  one entry per user, tied to the version of the password it was checked against: a
//         changed user cannot be let in by it.
// Thread: synchronized by mutex_, which guards the rest.
// Time:   takes now.
// Limits: entries; one more drops the oldest. Lifetime from the check, not from the last use.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <string>

#include "base/bytes.h"
#include "base/time.h"

namespace harrier::auth {

class PasswordCache {
 public:
  struct Limits {
    base::Milliseconds lifetime{60'000};  // zero: nothing is kept
    std::size_t entries_max = 10'000;
  };

  // `key`: random bytes.
  PasswordCache(const Limits& limits, std::string key);

  bool holds(base::Bytes user, base::Bytes password, std::uint64_t version,
             base::MonotonicTime now);
  void put(base::Bytes user, base::Bytes password, std::uint64_t version, base::MonotonicTime now);
  void drop(base::Bytes user);
  // For passwords from now on. Shorter or fewer than before: what was kept is forgotten, so that
  // nothing lasts longer than the new limits say.
  void set_limits(const Limits& limits);
  std::size_t size() const;

 private:
  struct Entry {
    std::string mac;
    std::uint64_t version = 0;
    base::MonotonicTime end;
    std::list<std::string>::iterator place;
  };

  std::string mac_of(base::Bytes user, base::Bytes password) const;
  void erase(std::map<std::string, Entry, std::less<>>::iterator entry);

  const std::string key_;
  mutable std::mutex mutex_;
  Limits limits_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::list<std::string> order_;  // of names, oldest first
};

}  // namespace harrier::auth

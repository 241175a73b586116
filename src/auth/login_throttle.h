// How long somebody who guessed wrong has to wait before the next guess is looked at.
//
// Role:   asked before a password is checked, told of each failure. Failures count for the address
//         and for the user, whether that user exists or not.
// Model:  kFreeFailures cost nothing, then the wait doubles from kFirstDelay up to delay_max; after
//         kForgetAfter without a failure they are forgotten. It is a wait, never a refusal, and an
//         attempt waits once: whoever knows the password gets in after delay_max, even while others
//         guess.
// Thread: synchronized by mutex_, which guards the rest.
// Time:   takes now.
// Limits: entries_max; one more forgets what failed longest ago. Names are kept as MACs, so that an
//         entry's size does not depend on what strangers send.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/bytes.h"
#include "base/time.h"

namespace harrier::auth {

class LoginThrottle {
 public:
  static constexpr std::uint32_t kFreeFailures = 3;
  static constexpr base::Milliseconds kFirstDelay{100};
  static constexpr base::Milliseconds kForgetAfter{60'000};

  struct Limits {
    base::Milliseconds delay_max{2'000};  // zero: nobody waits
    std::size_t entries_max = 10'000;
  };

  // `key`: random bytes.
  LoginThrottle(const Limits& limits, std::string key);

  // In the past: at once.
  base::MonotonicTime wait_until(base::Bytes address, base::Bytes user, base::MonotonicTime now);
  void note_failure(base::Bytes address, base::Bytes user, base::MonotonicTime now);
  std::size_t size() const;
  // Failures that were counted go on counting, except those beyond a smaller entries_max.
  void set_limits(const Limits& limits);

 private:
  struct Entry {
    std::uint32_t failures = 0;
    base::MonotonicTime last;
    std::list<std::string>::iterator place;
  };

  std::string name_of(char kind, base::Bytes value) const;
  base::MonotonicTime end_of_wait(const std::string& name, base::MonotonicTime now) const;
  void count(const std::string& name, base::MonotonicTime now);
  void forget_oldest();

  const std::string key_;
  mutable std::mutex mutex_;
  Limits limits_;
  std::unordered_map<std::string, Entry> entries_;
  std::list<std::string> order_;  // by the last failure, oldest first
};

}  // namespace harrier::auth

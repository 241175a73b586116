// How much may still be handed out, and which consumers wait for more.
//
// Role:   one class for every reason why a consumer may not be served now: its own prefetch, its
//         channel's prefetch, its connection's output credit. Dispatch never scans consumers: one
//         that meets a closed Credit parks there and is woken by it.
// Model:  open while used < limit (limit 0: always). Once closed it opens again at `reopen_at` or
//         below.
// Thread: confined(broker).
#pragma once

#include <cstdint>

#include "base/intrusive_list.h"

namespace harrier::broker {

class Consumer;

class Credit {
 public:
  Credit() = default;
  // Prefetch: opens with the first unit given back.
  explicit Credit(std::uint64_t limit) { set_limit(limit, limit == 0 ? 0 : limit - 1); }
  Credit(std::uint64_t limit, std::uint64_t reopen_at) { set_limit(limit, reopen_at); }

  bool open() const { return limit_ == 0 || (used_ < limit_ && !closed_); }
  std::uint64_t used() const { return used_; }
  std::uint64_t limit() const { return limit_; }

  void take(std::uint64_t amount) {
    used_ += amount;
    if (limit_ != 0 && used_ >= limit_) closed_ = true;
  }
  // Wakes the parked consumers when this opens the credit.
  void give(std::uint64_t amount);
  // Raising or lifting the limit wakes, too.
  void set_limit(std::uint64_t limit, std::uint64_t reopen_at);
  void park(Consumer& consumer);

 private:
  void wake_if_open();

  std::uint64_t limit_ = 0;
  std::uint64_t reopen_at_ = 0;
  std::uint64_t used_ = 0;
  bool closed_ = false;
  base::IntrusiveList<Consumer> parked_;
};

}  // namespace harrier::broker

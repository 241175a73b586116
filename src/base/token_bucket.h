// A rate that many share: who overdraws it waits until the debt is paid.
//
// Role:   whoever has used something takes what it was, afterwards, and is told from when on it may
//         use more. Nobody is ever refused.
// Model:  holds up to `burst` worth of the rate, and fills at the rate. Kept as one number: when it
//         will be full again. Taking moves that on; above now + burst it is debt. Each taker is
//         told when its own debt, with all that was taken before, is paid: so they take turns.
// Thread: synchronized by atomics; exact whoever takes, overdrawn by one take() of each.
// Time:   takes now.
// Limits: a debt above kDebtMax is forgiven.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/time.h"

namespace harrier::base {

class TokenBucket {
 public:
  static constexpr std::chrono::hours kDebtMax{1};

  // 0: no limit. Another rate than before begins without debt.
  void set_rate(std::uint64_t per_second, Milliseconds burst) {
    burst_ns_.store(std::chrono::nanoseconds(burst).count(), std::memory_order_relaxed);
    if (per_second_.exchange(per_second, std::memory_order_relaxed) != per_second)
      full_at_ns_.store(INT64_MIN, std::memory_order_relaxed);
  }
  bool limited() const { return per_second_.load(std::memory_order_relaxed) != 0; }

  // Answers when the taker may go on; `now` or earlier: at once.
  MonotonicTime take(std::uint64_t amount, MonotonicTime now) {
    const std::uint64_t rate = per_second_.load(std::memory_order_relaxed);
    if (rate == 0) return MonotonicTime::min();
    const std::int64_t now_ns = std::chrono::nanoseconds(now.time_since_epoch()).count();
    const std::int64_t burst = burst_ns_.load(std::memory_order_relaxed);
    const std::int64_t most = now_ns + burst + std::chrono::nanoseconds(kDebtMax).count();
    const double cost = static_cast<double>(amount) * 1e9 / static_cast<double>(rate);
    const auto bounded = static_cast<std::int64_t>(std::min(cost, 1e18));
    std::int64_t full_at = full_at_ns_.load(std::memory_order_relaxed);
    std::int64_t next = 0;
    do
      next = std::min(std::max(full_at, now_ns) + bounded, most);
    while (!full_at_ns_.compare_exchange_weak(full_at, next, std::memory_order_relaxed));
    return at(next - burst);
  }
  // When all that was taken until now is paid.
  MonotonicTime paid_at() const {
    if (!limited()) return MonotonicTime::min();
    const std::int64_t full_at = full_at_ns_.load(std::memory_order_relaxed);
    if (full_at == INT64_MIN) return MonotonicTime::min();
    return at(full_at - burst_ns_.load(std::memory_order_relaxed));
  }

 private:
  // Rounded up: a moment early would be a moment of debt.
  static MonotonicTime at(std::int64_t ns) {
    return MonotonicTime(std::chrono::ceil<Milliseconds>(std::chrono::nanoseconds(ns)));
  }

  std::atomic<std::uint64_t> per_second_{0};
  std::atomic<std::int64_t> burst_ns_{0};
  std::atomic<std::int64_t> full_at_ns_{INT64_MIN};
};

}  // namespace harrier::base

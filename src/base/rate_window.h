// How fast some totals have grown lately, without anybody sampling them on time.
//
// Model:  two earlier readings: `recent` is replaced when it is five seconds old, if one looks,
//         and is `previous` then. Rates are over the time since the older one that is not too old:
//         five to ten seconds if looks are frequent while the totals grow. Nobody looked for ten
//         seconds: nothing moved, and rates are 0. Within the first five seconds growth counts as
//         if it had taken five.
// Thread: compatible.
// Time:   takes now.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace harrier::base {

template <std::size_t kTotals>
class RateWindow {
 public:
  static constexpr Milliseconds kShift{5'000};
  static constexpr Milliseconds kQuiet{10'000};
  using Totals = std::array<std::uint64_t, kTotals>;
  using Rates = std::array<double, kTotals>;

  RateWindow(const Totals& totals, MonotonicTime now)
      : recent_(totals), previous_(totals), recent_at_(now), previous_at_(now) {}

  bool wants_look(MonotonicTime now) const { return now - recent_at_ >= kShift; }
  // While the totals move, every now and then; after a pause before they move again.
  void look(const Totals& totals, MonotonicTime now) {
    if (!wants_look(now)) return;
    const bool paused = now - recent_at_ >= kQuiet;
    previous_ = paused ? totals : recent_;
    previous_at_ = paused ? now : recent_at_;
    recent_ = totals;
    recent_at_ = now;
  }
  // Per second; negative where a total has fallen.
  Rates rates(const Totals& totals, MonotonicTime now) const {
    Rates rates{};
    if (now - recent_at_ >= kQuiet) return rates;
    const bool from_recent = wants_look(now);
    const Totals& then = from_recent ? recent_ : previous_;
    const Milliseconds passed = std::max(now - (from_recent ? recent_at_ : previous_at_), kShift);
    for (std::size_t i = 0; i != kTotals; ++i)
      rates[i] = static_cast<double>(static_cast<std::int64_t>(totals[i] - then[i])) * 1'000 /
                 static_cast<double>(passed.count());
    return rates;
  }
  // Whether nothing has moved since the older reading.
  bool still(const Totals& totals) const { return totals == previous_; }

 private:
  Totals recent_;
  Totals previous_;
  MonotonicTime recent_at_;
  MonotonicTime previous_at_;
};

}  // namespace harrier::base

// How long things took: counts in classes of powers of two.
//
// Model:  class i has what took at most kLatencyBounds[i] milliseconds and more than the bound
//         before; the last class all that took longer.
// Thread: compatible.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "base/histogram.h"
#include "base/time.h"

namespace harrier::base {

class LatencyCounts {
 public:
  static constexpr std::size_t kClasses = kLatencyBounds.size() + 1;
  // A clock that was set back gives negative ones: they count as none.
  static std::size_t class_of(Milliseconds took) {
    if (took.count() <= 1) return 0;
    const auto above = static_cast<std::uint64_t>(took.count()) - 1;
    return std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(above)), kClasses - 1);
  }

  // Most that is quick takes no time, by a turn's clock.
  void add(Milliseconds took) {
    if (took.count() <= 0) {
      ++counts_[0];
    } else {
      add_some(took);
    }
  }
  // So many that took no time.
  void add_none(std::uint64_t times) { counts_[0] += times; }

  const std::array<std::uint64_t, kClasses>& counts() const { return counts_; }
  Milliseconds sum() const { return Milliseconds(sum_); }

 private:
  [[gnu::noinline]] void add_some(Milliseconds took) {
    ++counts_[class_of(took)];
    sum_ += static_cast<std::uint64_t>(took.count());
  }

  std::array<std::uint64_t, kClasses> counts_{};
  std::uint64_t sum_ = 0;
};

}  // namespace harrier::base

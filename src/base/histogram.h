// How the values that one thread sees are spread, for any reader.
//
// Model:  class i counts what is at most kBounds[i] and above the bound before; the last class what
//         is above all bounds. Relaxed single-writer counters: a reading is not of one instant.
// Thread: synchronized: written by the owning thread only, read by any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/counter.h"

namespace harrier::base {

// RabbitMQ's, in bytes.
inline constexpr std::array<std::uint64_t, 8> kMessageSizeBounds = {
    100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 50'000'000, 100'000'000};
// Powers of two: of time in milliseconds up to an hour and more.
inline constexpr std::array<std::uint64_t, 23> kLatencyBounds = [] {
  std::array<std::uint64_t, 23> bounds{};
  for (std::size_t i = 0; i != bounds.size(); ++i)
    bounds[i] = std::uint64_t{1} << i;
  return bounds;
}();

template <auto kBoundsOf>
class Histogram {
 public:
  static constexpr auto kBounds = kBoundsOf;
  static constexpr std::size_t kClasses = kBounds.size() + 1;

  // Only the owning thread: `times` such values.
  void add(std::uint64_t value, std::uint64_t times = 1) {
    add_to(class_of(value), times, value * times);
  }
  // `times` values of this class, together `sum`.
  void add_to(std::size_t index, std::uint64_t times, std::uint64_t sum) {
    counts_[index].add(times);
    sum_.add(sum);
  }
  // To what is counted here what has been counted there.
  void add_all(const Histogram& other) {
    for (std::size_t i = 0; i != kClasses; ++i)
      counts_[i].add(other.count_in(i));
    sum_.add(other.sum());
  }
  static constexpr std::size_t class_of(std::uint64_t value) {
    std::size_t index = 0;
    while (index != kBounds.size() && value > kBounds[index])
      ++index;
    return index;
  }
  // Any thread.
  std::uint64_t count_in(std::size_t index) const { return counts_[index].value(); }
  std::uint64_t sum() const { return sum_.value(); }

 private:
  std::array<Counter, kClasses> counts_;
  Counter sum_;
};

}  // namespace harrier::base

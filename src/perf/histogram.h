// How often which time was seen, in bounded memory.
//
// Model:      nanoseconds below 128 have a bucket each; above, every power of two is cut into 128
//             buckets, so that a bucket is at most 1/128 of its value wide. A percentile is the
//             upper end of its bucket, never more than the greatest value seen.
// Invariants: count() is the sum of the buckets.
// Limits:     kValueMax = about 18 minutes; longer times count as that long. 36 KiB each.
// Thread:     Histogram is a plain value. SharedHistogram has one writer and any number of readers;
//             a snapshot may lack what is being recorded.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/counter.h"

namespace harrier::perf {

inline constexpr int kHistogramStepBits = 7;
inline constexpr int kHistogramValueBits = 40;
inline constexpr std::uint64_t kHistogramValueMax = (std::uint64_t{1} << kHistogramValueBits) - 1;
inline constexpr std::size_t kHistogramBuckets =
    std::size_t{kHistogramValueBits - kHistogramStepBits + 1} << kHistogramStepBits;

// The bucket of a value, which must not be above kHistogramValueMax.
constexpr std::size_t bucket_of(std::uint64_t value) {
  if (value >> kHistogramStepBits == 0) return value;
  const int shift = 63 - __builtin_clzll(value) - kHistogramStepBits;
  return (static_cast<std::size_t>(shift) << kHistogramStepBits) + (value >> shift);
}
// The greatest value of a bucket.
constexpr std::uint64_t bucket_end(std::size_t bucket) {
  constexpr std::size_t kSteps = std::size_t{1} << kHistogramStepBits;
  if (bucket < 2 * kSteps) return bucket;
  const std::size_t shift = (bucket >> kHistogramStepBits) - 1;
  const std::uint64_t step = (bucket & (kSteps - 1)) + kSteps;
  return ((step + 1) << shift) - 1;
}

class Histogram {
 public:
  void record(std::uint64_t value, std::uint64_t times = 1);
  void add(const Histogram& other);
  // What was recorded since `earlier`, a snapshot of the same source. Its extremes are those of its
  // buckets.
  Histogram since(const Histogram& earlier) const;

  std::uint64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  // 0 when there is nothing.
  std::uint64_t min() const { return count_ == 0 ? 0 : min_; }
  std::uint64_t max() const { return max_; }
  // REQUIRES 0 <= percent <= 100. 0 when there is nothing.
  std::uint64_t percentile(double percent) const;

 private:
  friend class SharedHistogram;
  void find_extremes();

  std::uint64_t count_ = 0;
  std::uint64_t min_ = UINT64_MAX;
  std::uint64_t max_ = 0;
  std::vector<std::uint64_t> buckets_;  // empty until something is recorded
};

class SharedHistogram {
 public:
  // Its owner alone.
  void record(std::uint64_t value, std::uint64_t times = 1) {
    if (value > kHistogramValueMax) value = kHistogramValueMax;
    buckets_[bucket_of(value)].add(times);
  }
  // Any thread. Extremes are exact to a bucket.
  Histogram snapshot() const;

 private:
  std::array<base::Counter, kHistogramBuckets> buckets_;
};

}  // namespace harrier::perf

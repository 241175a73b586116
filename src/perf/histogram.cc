#include "perf/histogram.h"

#include <algorithm>
#include <cmath>

namespace harrier::perf {

void Histogram::record(std::uint64_t value, std::uint64_t times) {
  value = std::min(value, kHistogramValueMax);
  if (buckets_.empty()) buckets_.resize(kHistogramBuckets);
  buckets_[bucket_of(value)] += times;
  count_ += times;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void Histogram::add(const Histogram& other) {
  if (other.empty()) return;
  if (buckets_.empty()) buckets_.resize(kHistogramBuckets);
  for (std::size_t i = 0; i < kHistogramBuckets; ++i)
    buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

Histogram Histogram::since(const Histogram& earlier) const {
  Histogram difference = *this;
  if (empty()) return difference;
  if (!earlier.buckets_.empty()) {
    for (std::size_t i = 0; i < kHistogramBuckets; ++i)
      difference.buckets_[i] -= earlier.buckets_[i];
  }
  difference.count_ -= earlier.count_;
  difference.find_extremes();
  return difference;
}

void Histogram::find_extremes() {
  min_ = UINT64_MAX;
  max_ = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    if (buckets_[i] == 0) continue;
    if (min_ == UINT64_MAX) min_ = bucket_end(i);
    max_ = bucket_end(i);
  }
}

std::uint64_t Histogram::percentile(double percent) const {
  if (count_ == 0) return 0;
  const double share = std::ceil(static_cast<double>(count_) * percent / 100);
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(share), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::clamp(bucket_end(i), min_, max_);
  }
  return max_;
}

Histogram SharedHistogram::snapshot() const {
  Histogram histogram;
  histogram.buckets_.resize(kHistogramBuckets);
  for (std::size_t i = 0; i < kHistogramBuckets; ++i) {
    histogram.buckets_[i] = buckets_[i].value();
    histogram.count_ += histogram.buckets_[i];
  }
  histogram.find_extremes();
  return histogram;
}

}  // namespace harrier::perf

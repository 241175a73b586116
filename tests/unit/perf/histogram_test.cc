#include "perf/histogram.h"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace harrier::perf {
namespace {

TEST(HistogramBuckets, AreLessThanOnePercentWide) {
  for (std::uint64_t value = 1; value <= kHistogramValueMax; value = value * 5 / 4 + 1) {
    const std::size_t bucket = bucket_of(value);
    ASSERT_LT(bucket, kHistogramBuckets);
    EXPECT_GE(bucket_end(bucket), value);
    EXPECT_LE(static_cast<double>(bucket_end(bucket) - value), static_cast<double>(value) / 100);
  }
}

TEST(HistogramBuckets, FollowOneAnotherWithoutAGap) {
  for (std::size_t bucket = 0; bucket + 1 < kHistogramBuckets; ++bucket) {
    EXPECT_EQ(bucket_of(bucket_end(bucket)), bucket);
    EXPECT_EQ(bucket_of(bucket_end(bucket) + 1), bucket + 1);
  }
  EXPECT_EQ(bucket_end(kHistogramBuckets - 1), kHistogramValueMax);
}

TEST(Histogram, NothingHasNoPercentiles) {
  const Histogram empty;
  EXPECT_TRUE(empty.empty());
  EXPECT_EQ(empty.min(), 0u);
  EXPECT_EQ(empty.percentile(99), 0u);
}

TEST(Histogram, PercentilesAreThoseOfTheSortedValues) {
  std::mt19937_64 random(7);
  Histogram histogram;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 10'000; ++i) {
    values.push_back(100 + random() % 10'000'000);
    histogram.record(values.back());
  }
  std::sort(values.begin(), values.end());
  EXPECT_EQ(histogram.min(), values.front());
  EXPECT_EQ(histogram.max(), values.back());
  for (const double percent : {1.0, 50.0, 95.0, 99.0, 99.9}) {
    const auto exact = static_cast<double>(
        values[static_cast<std::size_t>(static_cast<double>(values.size()) * percent / 100) - 1]);
    EXPECT_NEAR(static_cast<double>(histogram.percentile(percent)), exact, exact / 100);
  }
  EXPECT_EQ(histogram.percentile(100), values.back());
  EXPECT_LE(histogram.percentile(0), values.front() + values.front() / 100);
}

TEST(Histogram, LongerThanTheMostCountsAsTheMost) {
  Histogram histogram;
  histogram.record(UINT64_MAX);
  EXPECT_EQ(histogram.max(), kHistogramValueMax);
  EXPECT_EQ(histogram.count(), 1u);
}

TEST(Histogram, AddsUpAndTakesApart) {
  SharedHistogram shared;
  shared.record(1000);
  const Histogram before = shared.snapshot();
  shared.record(5000, 3);
  const Histogram since = shared.snapshot().since(before);
  EXPECT_EQ(since.count(), 3u);
  EXPECT_NEAR(static_cast<double>(since.min()), 5000, 50);
  EXPECT_NEAR(static_cast<double>(since.max()), 5000, 50);
  Histogram sum = before;
  sum.add(since);
  EXPECT_EQ(sum.count(), 4u);
  EXPECT_NEAR(static_cast<double>(sum.min()), 1000, 10);
}

}  // namespace
}  // namespace harrier::perf

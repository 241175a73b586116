#include "base/latency_counts.h"

#include <gtest/gtest.h>

namespace harrier::base {
namespace {

TEST(LatencyCounts, ClassesEndAtTheirBounds) {
  for (std::size_t i = 0; i != kLatencyBounds.size(); ++i) {
    const auto bound = static_cast<std::int64_t>(kLatencyBounds[i]);
    EXPECT_EQ(LatencyCounts::class_of(Milliseconds(bound)), i);
    EXPECT_EQ(LatencyCounts::class_of(Milliseconds(bound + 1)), i + 1);
  }
  EXPECT_EQ(LatencyCounts::class_of(Milliseconds(INT64_MAX)), kLatencyBounds.size());
}

TEST(LatencyCounts, AClockSetBackCountsAsNoTime) {
  LatencyCounts counts;
  counts.add(Milliseconds(-5));
  counts.add(Milliseconds(0));
  counts.add(Milliseconds(3));
  counts.add_none(2);
  EXPECT_EQ(counts.counts()[0], 4u);
  EXPECT_EQ(counts.counts()[2], 1u);
  EXPECT_EQ(counts.sum(), Milliseconds(3));
}

TEST(Histogram, CountsWhatIsAtMostABoundInItsClass) {
  Histogram<kMessageSizeBounds> sizes;
  sizes.add(0);
  sizes.add(100);
  sizes.add(101, 3);
  sizes.add(100'000'001);
  EXPECT_EQ(sizes.count_in(0), 2u);
  EXPECT_EQ(sizes.count_in(1), 3u);
  EXPECT_EQ(sizes.count_in(kMessageSizeBounds.size()), 1u);
  EXPECT_EQ(sizes.sum(), 100u + 303 + 100'000'001);
}

}  // namespace
}  // namespace harrier::base

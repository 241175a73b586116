#include "base/rate_window.h"

#include <gtest/gtest.h>

namespace harrier::base {
namespace {

using Window = RateWindow<1>;

MonotonicTime at(int ms) { return MonotonicTime(Milliseconds(1'000'000 + ms)); }

TEST(RateWindow, GrowthOfTheFirstSecondsCountsAsOfFive) {
  const Window window({7}, at(0));
  EXPECT_EQ(window.rates({7}, at(0))[0], 0);
  EXPECT_DOUBLE_EQ(window.rates({57}, at(10))[0], 10);
  EXPECT_DOUBLE_EQ(window.rates({57}, at(5'000))[0], 10);
}

TEST(RateWindow, SteadyGrowthHasOneRateWheneverItIsAskedFor) {
  Window window({0}, at(0));
  for (int ms = 0; ms <= 60'000; ms += 10) {
    const std::uint64_t total = static_cast<std::uint64_t>(ms) / 10;
    window.look({total}, at(ms));
    if (ms >= 5'000) {
      EXPECT_DOUBLE_EQ(window.rates({total}, at(ms))[0], 100) << ms;
    }
  }
}

TEST(RateWindow, IsZeroTenSecondsAfterTheLastReading) {
  Window window({0}, at(0));
  window.look({100}, at(5'000));
  EXPECT_DOUBLE_EQ(window.rates({100}, at(9'000))[0], 100'000.0 / 9'000);
  EXPECT_EQ(window.rates({100}, at(15'000))[0], 0);
}

TEST(RateWindow, WhatWasBeforeAPauseIsNotSpreadOverIt) {
  Window window({0}, at(0));
  window.look({100}, at(3'600'000));
  EXPECT_DOUBLE_EQ(window.rates({150}, at(3'600'100))[0], 10);
}

TEST(RateWindow, FallingTotalsHaveNegativeRates) {
  const Window window({100}, at(0));
  EXPECT_DOUBLE_EQ(window.rates({50}, at(1'000))[0], -10);
}

TEST(RateWindow, IsStillOnlyIfNothingMovedSinceTheOlderReading) {
  Window window({1}, at(0));
  window.look({2}, at(5'000));
  EXPECT_FALSE(window.still({2}));
  window.look({2}, at(10'000));
  EXPECT_FALSE(window.still({3}));
  EXPECT_TRUE(window.still({2}));
}

}  // namespace
}  // namespace harrier::base

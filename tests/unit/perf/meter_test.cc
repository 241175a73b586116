#include "perf/meter.h"

#include <gtest/gtest.h>

namespace harrier::perf {
namespace {

TEST(GrowthEach, IsNegativeWhenMemoryWasGivenBack) {
  const Memory before{.resident_bytes = 5000, .anonymous_bytes = 1000};
  const Memory after{.resident_bytes = 3000, .anonymous_bytes = 1400};
  EXPECT_EQ(growth_each(before, after, 4), -500.0);
  EXPECT_EQ(growth_each(before, after, 4, &Memory::anonymous_bytes), 100.0);
}

TEST(GrowthEach, IsNothingWithoutAProcess) {
  EXPECT_FALSE(growth_each(std::nullopt, Memory{}, 4));
  EXPECT_FALSE(growth_each(Memory{}, std::nullopt, 4));
}

}  // namespace
}  // namespace harrier::perf

#include "base/strong_id.h"

#include <type_traits>
#include <unordered_set>

#include <gtest/gtest.h>

namespace harrier::base {
namespace {

using Apple = StrongId<struct AppleTag, std::uint16_t>;
using Pear = StrongId<struct PearTag, std::uint16_t>;

static_assert(!std::is_convertible_v<Apple, Pear>);
static_assert(!std::is_convertible_v<std::uint16_t, Apple>);
static_assert(!std::is_convertible_v<Apple, std::uint16_t>);
static_assert(sizeof(Apple) == sizeof(std::uint16_t));

TEST(StrongId, ComparesByNumber) {
  EXPECT_EQ(Apple(3), Apple(3));
  EXPECT_NE(Apple(3), Apple(4));
  EXPECT_LT(Apple(3), Apple(4));
  EXPECT_EQ(Apple(), Apple(0));
}

TEST(StrongId, NextFollowsAndWrapsLikeItsNumber) {
  EXPECT_EQ(Apple(3).next(), Apple(4));
  EXPECT_EQ(Apple(0xFFFF).next(), Apple(0));
}

TEST(StrongId, IsAKeyOfHashTables) {
  const std::unordered_set<Apple> apples{Apple(1), Apple(2), Apple(1)};
  EXPECT_EQ(apples.size(), 2u);
  EXPECT_TRUE(apples.contains(Apple(2)));
}

}  // namespace
}  // namespace harrier::base

#include "base/result.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace harrier::base {
namespace {

Result<int> half_of(int number) {
  if (number % 2 != 0) return fail("odd");
  return number / 2;
}

TEST(Result, HoldsItsValue) {
  const Result<int> result = half_of(8);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(static_cast<bool>(result));
  EXPECT_EQ(result.value(), 4);
  EXPECT_EQ(*result, 4);
}

TEST(Result, HoldsItsError) {
  const Result<int> result = half_of(7);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, "odd");
}

TEST(Result, ValueAndErrorMayBeTheSameType) {
  const Result<std::string, std::string> good{std::string("text")};
  const Result<std::string, std::string> bad = Failure<std::string>{"text"};
  EXPECT_TRUE(good.ok());
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.error(), "text");
}

TEST(Result, MoveOnlyValuesComeOutOfTemporaries) {
  const auto make = [](int number) -> Result<std::unique_ptr<int>> {
    return std::make_unique<int>(number);
  };
  std::unique_ptr<int> by_value = make(3).value();
  std::unique_ptr<int> by_star = *make(4);
  EXPECT_EQ(*by_value, 3);
  EXPECT_EQ(*by_star, 4);
}

TEST(Result, AFailureMovesIntoAnotherResult) {
  Result<int> inner = half_of(1);
  const Result<std::string> outer = fail(std::move(inner).error());
  ASSERT_FALSE(outer.ok());
  EXPECT_EQ(outer.error().message, "odd");
}

TEST(Result, FailTakesTextOfEveryKind) {
  const std::string text = "from a string";
  const Result<int> from_string = fail(text);
  const Result<int> from_literal = fail("from a literal");
  EXPECT_EQ(from_string.error().message, text);
  EXPECT_EQ(from_literal.error().message, "from a literal");
}

TEST(Result, StatusIsSuccessWithoutAValue) {
  const Status<> good = Done{};
  const Status<> bad = fail("no");
  EXPECT_TRUE(good.ok());
  EXPECT_FALSE(bad.ok());
}

TEST(Result, ArrowReachesMembers) {
  Result<std::string> result{std::string("abc")};
  EXPECT_EQ(result->size(), 3u);
}

TEST(ResultDeathTest, TakingTheValueOfAFailureStopsTheProcess) {
  const Result<int> result = half_of(7);
  EXPECT_DEATH((void)result.value(), "CHECK\\(ok\\(\\)\\) failed");
}

TEST(ResultDeathTest, TakingTheErrorOfASuccessStopsTheProcess) {
  const Result<int> result = half_of(8);
  EXPECT_DEATH((void)result.error(), "CHECK\\(!ok\\(\\)\\) failed");
}

}  // namespace
}  // namespace harrier::base

#include "broker/credit.h"

#include <gtest/gtest.h>

namespace harrier::broker {
namespace {

TEST(Credit, no_limit_is_always_open) {
  Credit credit;
  credit.take(1'000'000);
  EXPECT_TRUE(credit.open());
  EXPECT_EQ(credit.used(), 1'000'000u);
}

TEST(Credit, prefetch_closes_at_its_limit_and_opens_with_the_first_given_back) {
  Credit credit(2);
  credit.take(1);
  EXPECT_TRUE(credit.open());
  credit.take(1);
  EXPECT_FALSE(credit.open());
  credit.give(1);
  EXPECT_TRUE(credit.open());
}

TEST(Credit, output_opens_again_only_at_its_low_mark) {
  Credit credit(100, 50);
  credit.take(130);
  EXPECT_FALSE(credit.open());
  credit.give(79);
  EXPECT_FALSE(credit.open());
  credit.give(1);
  EXPECT_TRUE(credit.open());
}

TEST(Credit, limits_change_under_what_is_used) {
  Credit credit(10);
  credit.take(5);
  credit.set_limit(5, 4);
  EXPECT_FALSE(credit.open());
  credit.set_limit(6, 5);
  EXPECT_TRUE(credit.open());
  credit.set_limit(0, 0);
  credit.take(100);
  EXPECT_TRUE(credit.open());
}

}  // namespace
}  // namespace harrier::broker

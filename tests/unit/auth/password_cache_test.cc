#include "auth/password_cache.h"

#include <gtest/gtest.h>

namespace harrier::auth {
namespace {

using namespace std::chrono_literals;

constexpr base::MonotonicTime kStart(base::Milliseconds(1'000));

TEST(PasswordCache, HoldsWhatWasRight) {
  PasswordCache cache({}, "key");
  EXPECT_FALSE(cache.holds("ali", "open sesame", 1, kStart));
  cache.put("ali", "open sesame", 1, kStart);
  EXPECT_TRUE(cache.holds("ali", "open sesame", 1, kStart));
  EXPECT_FALSE(cache.holds("ali", "open barley", 1, kStart));
  EXPECT_FALSE(cache.holds("kasim", "open sesame", 1, kStart));
  EXPECT_TRUE(cache.holds("ali", "open sesame", 1, kStart)) << "a wrong one changes nothing";
}

TEST(PasswordCache, UserAndPasswordAreKeptApart) {
  PasswordCache cache({}, "key");
  cache.put("a", "bc", 1, kStart);
  EXPECT_FALSE(cache.holds("ab", "c", 1, kStart));
  EXPECT_FALSE(cache.holds("", "abc", 1, kStart));
}

TEST(PasswordCache, ForgetsAfterItsLifetimeHoweverOftenUsed) {
  PasswordCache cache({60s, 10}, "key");
  cache.put("ali", "x", 1, kStart);
  EXPECT_TRUE(cache.holds("ali", "x", 1, kStart + 60s - 1ms));
  EXPECT_FALSE(cache.holds("ali", "x", 1, kStart + 60s));
  EXPECT_EQ(cache.size(), 0u);
}

TEST(PasswordCache, NothingOutlastsShorterLimits) {
  PasswordCache cache({60s, 10}, "key");
  cache.put("ali", "x", 1, kStart);
  cache.set_limits({90s, 20});
  EXPECT_TRUE(cache.holds("ali", "x", 1, kStart)) << "longer: kept for what was said then";
  EXPECT_FALSE(cache.holds("ali", "x", 1, kStart + 60s));
  cache.put("ali", "x", 1, kStart);
  EXPECT_TRUE(cache.holds("ali", "x", 1, kStart + 60s));
  cache.set_limits({1s, 20});
  EXPECT_FALSE(cache.holds("ali", "x", 1, kStart));
  cache.put("ali", "x", 1, kStart);
  cache.put("kasim", "x", 1, kStart);
  cache.set_limits({1s, 1});
  EXPECT_EQ(cache.size(), 0u);
  cache.set_limits({0s, 1});
  cache.put("ali", "x", 1, kStart);
  EXPECT_EQ(cache.size(), 0u);
}

TEST(PasswordCache, AChangedUserIsForgotten) {
  PasswordCache cache({}, "key");
  cache.put("ali", "x", 1, kStart);
  EXPECT_FALSE(cache.holds("ali", "x", 2, kStart));
  EXPECT_FALSE(cache.holds("ali", "x", 1, kStart));
  cache.put("ali", "x", 2, kStart);
  cache.drop("ali");
  cache.drop("nobody");
  EXPECT_FALSE(cache.holds("ali", "x", 2, kStart));
}

TEST(PasswordCache, OneTooManyDropsTheOldest) {
  PasswordCache cache({60s, 2}, "key");
  cache.put("a", "x", 1, kStart);
  cache.put("b", "x", 2, kStart);
  cache.put("a", "x", 1, kStart + 1s);  // younger than b now
  cache.put("c", "x", 3, kStart + 2s);
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_TRUE(cache.holds("a", "x", 1, kStart + 2s));
  EXPECT_FALSE(cache.holds("b", "x", 2, kStart + 2s));
  EXPECT_TRUE(cache.holds("c", "x", 3, kStart + 2s));
}

TEST(PasswordCache, WithoutLifetimeHoldsNothing) {
  PasswordCache cache({0s, 10}, "key");
  cache.put("ali", "x", 1, kStart);
  EXPECT_FALSE(cache.holds("ali", "x", 1, kStart));
  EXPECT_EQ(cache.size(), 0u);
}

}  // namespace
}  // namespace harrier::auth

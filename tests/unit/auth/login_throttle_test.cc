#include "auth/login_throttle.h"

#include <gtest/gtest.h>

namespace harrier::auth {
namespace {

using namespace std::chrono_literals;

constexpr base::MonotonicTime kStart(base::Milliseconds(1'000'000));

class LoginThrottleTest : public ::testing::Test {
 protected:
  void fail(int times, base::Bytes address = "10.0.0.1", base::Bytes user = "ali") {
    for (int time = 0; time != times; ++time)
      throttle.note_failure(address, user, now);
  }
  base::Milliseconds wait(base::Bytes address = "10.0.0.1", base::Bytes user = "ali") {
    const auto until = throttle.wait_until(address, user, now);
    return until <= now ? 0ms : until - now;
  }

  base::MonotonicTime now = kStart;
  LoginThrottle throttle{{2s, 10}, "key"};
};

TEST_F(LoginThrottleTest, DoublesUpToItsBound) {
  EXPECT_EQ(wait(), 0ms);
  fail(LoginThrottle::kFreeFailures);
  EXPECT_EQ(wait(), 0ms);
  for (const auto expected : {100ms, 200ms, 400ms, 800ms, 1600ms, 2000ms, 2000ms}) {
    fail(1);
    EXPECT_EQ(wait(), expected);
  }
  fail(100);
  EXPECT_EQ(wait(), 2s) << "never longer, however often";
}

TEST_F(LoginThrottleTest, NewLimitsHoldForFailuresOfBefore) {
  fail(20);
  throttle.set_limits({500ms, 10});
  EXPECT_EQ(wait(), 500ms);
  throttle.set_limits({0ms, 10});
  EXPECT_EQ(wait(), 0ms);
  throttle.set_limits({2s, 10});
  EXPECT_EQ(wait(), 2s);
  throttle.set_limits({2s, 1});
  EXPECT_EQ(throttle.size(), 1u);
  fail(1, "10.0.0.2", "veli");
  EXPECT_EQ(throttle.size(), 1u);
}

TEST_F(LoginThrottleTest, CountsAddressesAndUsersEach) {
  for (int user = 0; user != 5; ++user)
    throttle.note_failure("10.0.0.1", "user" + std::to_string(user), now);
  EXPECT_EQ(wait("10.0.0.1", "somebody"), 200ms) << "the address";
  EXPECT_EQ(wait("10.0.0.2", "user1"), 0ms);
  for (int address = 0; address != 4; ++address)
    throttle.note_failure("10.0.1." + std::to_string(address), "ali", now);
  EXPECT_EQ(wait("10.0.0.2", "ali"), 100ms) << "the user";
  EXPECT_EQ(wait("ali", "10.0.0.1"), 0ms) << "an address is no user";
}

TEST_F(LoginThrottleTest, TheWaitEndsAndIsForgottenInTheEnd) {
  fail(5);
  now += 200ms;
  EXPECT_EQ(wait(), 0ms);
  fail(1);
  EXPECT_EQ(wait(), 400ms) << "failures go on counting";
  now += LoginThrottle::kForgetAfter;
  EXPECT_EQ(wait(), 0ms);
  fail(LoginThrottle::kFreeFailures);
  EXPECT_EQ(wait(), 0ms) << "from the beginning";
}

TEST_F(LoginThrottleTest, OneTooManyForgetsWhatFailedLongestAgo) {
  fail(5, "first", "first user");
  for (int number = 0; number != 4; ++number)
    fail(5, "address" + std::to_string(number), "user" + std::to_string(number));
  EXPECT_EQ(throttle.size(), 10u);
  fail(1, "first", "another");  // the address is young again, its user is the oldest
  EXPECT_EQ(throttle.size(), 10u);
  EXPECT_EQ(wait("elsewhere", "first user"), 0ms);
  EXPECT_EQ(wait("first", "nobody"), 400ms);
  EXPECT_EQ(wait("address0", "nobody"), 200ms);
}

TEST_F(LoginThrottleTest, OffItKeepsNothing) {
  LoginThrottle off({0s, 10}, "key");
  for (int time = 0; time != 10; ++time)
    off.note_failure("10.0.0.1", "ali", now);
  EXPECT_LE(off.wait_until("10.0.0.1", "ali", now), now);
  EXPECT_EQ(off.size(), 0u);
}

}  // namespace
}  // namespace harrier::auth

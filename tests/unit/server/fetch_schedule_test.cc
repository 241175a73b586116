#include "server/fetch_schedule.h"

#include <gtest/gtest.h>

namespace harrier::server {
namespace {

using namespace std::chrono_literals;

constexpr base::MonotonicTime kNow(1'000s);

TEST(FetchSchedule, IsDueAtOnce) { EXPECT_LE(FetchSchedule(60s, 5s).next(), kNow); }

TEST(FetchSchedule, IsDueAgainAfterTheInterval) {
  FetchSchedule schedule(60s, 5s);
  schedule.begin(kNow);
  schedule.end(kNow + 1s, true);
  EXPECT_EQ(schedule.next(), kNow + 61s);
}

TEST(FetchSchedule, AFailureIsTriedAgainSooner) {
  FetchSchedule schedule(60s, 5s);
  schedule.begin(kNow);
  schedule.end(kNow + 1s, false);
  EXPECT_EQ(schedule.next(), kNow + 6s);
}

TEST(FetchSchedule, ARequestIsHeardWhenTheLastFetchIsLongEnoughAgo) {
  FetchSchedule schedule(60s, 5s);
  schedule.begin(kNow);
  schedule.end(kNow, true);
  EXPECT_FALSE(schedule.request(kNow + 4'999ms));
  EXPECT_EQ(schedule.next(), kNow + 60s);
  EXPECT_TRUE(schedule.request(kNow + 5s));
  EXPECT_EQ(schedule.next(), kNow + 5s);
}

TEST(FetchSchedule, ARequestIsHeardWhenItIsDueAnyhow) {
  FetchSchedule schedule(60s, 5s);
  EXPECT_TRUE(schedule.request(kNow));
  EXPECT_LE(schedule.next(), kNow);
}

TEST(FetchSchedule, TheIntervalIsNotBelowTheLeastOne) {
  FetchSchedule schedule(1s, 5s);
  schedule.begin(kNow);
  schedule.end(kNow, true);
  EXPECT_EQ(schedule.next(), kNow + 5s);
}

}  // namespace
}  // namespace harrier::server

#include "server/resource_monitor.h"

#include <atomic>

#include <gtest/gtest.h>

#include "support/eventually.h"

namespace harrier::server {
namespace {

using test::eventually;

class ResourceMonitorTest : public ::testing::Test {
 protected:
  std::atomic<std::uint64_t> free_{5'000};
  std::atomic<std::uint64_t> resident_{0};
  std::atomic<int> readings_{0};
  base::SystemClock clock_;
  PublisherGate gate_;
  ResourceMonitor monitor_{
      {.disk_free = 1'000, .memory_high_watermark = 1'000}, gate_, clock_, [this] {
        ++readings_;
        return ResourceReading{free_.load(), resident_.load()};
      }};
};

TEST_F(ResourceMonitorTest, ReadsOnceBeforeStartReturns) {
  free_ = 999;
  monitor_.start();
  EXPECT_TRUE(gate_.is_set(HoldReason::kDiskAlarm));
  EXPECT_EQ(monitor_.gauges().disk_free.load(), 999u);
}

TEST_F(ResourceMonitorTest, FollowsWhatItReads) {
  monitor_.start();
  free_ = 10;
  resident_ = 1'000;
  EXPECT_TRUE(eventually([&] {
    return gate_.is_set(HoldReason::kDiskAlarm) && gate_.is_set(HoldReason::kMemoryAlarm);
  }));
  free_ = 5'000;
  resident_ = 0;
  EXPECT_TRUE(eventually([&] { return !gate_.closed(); }));
}

TEST_F(ResourceMonitorTest, ARefusalOfSpaceIsAnAlarm) {
  monitor_.start();
  EXPECT_FALSE(gate_.closed());
  monitor_.report_out_of_space_from_any_thread();
  EXPECT_TRUE(eventually([&] { return gate_.is_set(HoldReason::kDiskAlarm); }));
}

TEST_F(ResourceMonitorTest, NewLimitsCountAtOnce) {
  monitor_.start();
  EXPECT_FALSE(gate_.closed());
  monitor_.set_limits({.disk_free = 1'000'000, .memory_high_watermark = 1'000});
  EXPECT_EQ(monitor_.limits().disk_free, 1'000'000u);
  EXPECT_TRUE(eventually([&] { return gate_.is_set(HoldReason::kDiskAlarm); }));
  monitor_.set_limits({.disk_free = 1'000, .memory_high_watermark = 1'000});
  EXPECT_TRUE(eventually([&] { return !gate_.closed(); }));
}

TEST_F(ResourceMonitorTest, StopsWithoutWaitingForItsInterval) {
  monitor_.stop();
  monitor_.start();
  monitor_.stop();
  const int readings = readings_;
  monitor_.report_out_of_space_from_any_thread();
  EXPECT_EQ(readings_, readings);
  monitor_.stop();
}

}  // namespace
}  // namespace harrier::server

#include "server/resource_alarms.h"

#include <gtest/gtest.h>

namespace harrier::server {
namespace {

using std::chrono_literals::operator""s;

constexpr std::uint64_t kLimit = 1'000'000;

class ResourceAlarmsTest : public ::testing::Test {
 protected:
  base::Milliseconds free(std::uint64_t bytes) {
    return alarms_.handle_reading({.disk_free = bytes, .memory_resident = 0}, now_);
  }
  base::Milliseconds resident(std::uint64_t bytes) {
    return alarms_.handle_reading({.disk_free = 10 * kLimit, .memory_resident = bytes}, now_);
  }
  bool disk_held() const { return gate_.is_set(HoldReason::kDiskAlarm); }
  bool memory_held() const { return gate_.is_set(HoldReason::kMemoryAlarm); }

  base::MonotonicTime now_{};
  PublisherGate gate_;
  ResourceAlarms alarms_{{.disk_free = kLimit, .memory_high_watermark = kLimit}, gate_};
};

TEST_F(ResourceAlarmsTest, FallThroughTheStatesOfADiskThatFills) {
  free(3 * kLimit);
  EXPECT_EQ(alarms_.disk(), DiskState::kOk);
  free(1'500'000);
  EXPECT_EQ(alarms_.disk(), DiskState::kOk);
  free(1'499'999);
  EXPECT_EQ(alarms_.disk(), DiskState::kLow);
  free(kLimit);
  EXPECT_EQ(alarms_.disk(), DiskState::kLow);
  EXPECT_FALSE(disk_held());
  free(kLimit - 1);
  EXPECT_EQ(alarms_.disk(), DiskState::kAlarm);
  EXPECT_TRUE(disk_held());
}

TEST_F(ResourceAlarmsTest, TakeTheDiskAlarmBackATenthHigher) {
  free(kLimit - 1);
  free(1'099'999);
  EXPECT_TRUE(disk_held());
  free(1'100'000);
  EXPECT_FALSE(disk_held());
  EXPECT_EQ(alarms_.disk(), DiskState::kLow);
  free(1'649'999);
  EXPECT_EQ(alarms_.disk(), DiskState::kLow);
  free(1'650'000);
  EXPECT_EQ(alarms_.disk(), DiskState::kOk);
}

TEST_F(ResourceAlarmsTest, TheNextReadingIsHeldAgainstNewLimits) {
  alarms_.set_limits({.disk_free = 20 * kLimit, .memory_high_watermark = 10});
  EXPECT_FALSE(disk_held());
  resident(10);
  EXPECT_TRUE(disk_held() && memory_held());
  alarms_.set_limits({.disk_free = kLimit, .memory_high_watermark = kLimit});
  resident(10);
  EXPECT_FALSE(disk_held() || memory_held());
  EXPECT_EQ(alarms_.disk(), DiskState::kOk);
}

TEST_F(ResourceAlarmsTest, ALimitThatIsNotKnownStaysWhatItWas) {
  resident(kLimit);
  alarms_.set_limits({});
  EXPECT_EQ(alarms_.limits().memory_high_watermark, kLimit);
  EXPECT_EQ(alarms_.limits().disk_free, kLimit);
  resident(0);
  EXPECT_FALSE(memory_held());
}

TEST_F(ResourceAlarmsTest, FollowAJumpInOneReading) {
  free(0);
  EXPECT_EQ(alarms_.disk(), DiskState::kAlarm);
  EXPECT_TRUE(disk_held());
  free(100 * kLimit);
  EXPECT_EQ(alarms_.disk(), DiskState::kOk);
  EXPECT_FALSE(disk_held());
}

TEST_F(ResourceAlarmsTest, LookMoreOftenNearTheLimit) {
  EXPECT_EQ(free(2 * kLimit), ResourceAlarms::kInterval);
  EXPECT_EQ(free(2 * kLimit - 1), ResourceAlarms::kIntervalNear);
  EXPECT_EQ(free(0), ResourceAlarms::kIntervalNear);
  EXPECT_EQ(free(2 * kLimit), ResourceAlarms::kInterval);
  EXPECT_EQ(resident(799'999), ResourceAlarms::kInterval);
  EXPECT_EQ(resident(800'000), ResourceAlarms::kIntervalNear);
}

// Free bytes say nothing of a quota: what the system refused counts, for a while.
TEST_F(ResourceAlarmsTest, StayCriticalForAWhileThoughSpaceSeemsFree) {
  free(10 * kLimit);
  alarms_.handle_out_of_space(now_);
  EXPECT_EQ(alarms_.disk(), DiskState::kCritical);
  EXPECT_TRUE(disk_held());
  now_ += ResourceAlarms::kCriticalHold - base::Milliseconds(1);
  EXPECT_EQ(free(10 * kLimit), ResourceAlarms::kIntervalNear);
  EXPECT_TRUE(disk_held());
  now_ += base::Milliseconds(1);
  free(10 * kLimit);
  EXPECT_EQ(alarms_.disk(), DiskState::kOk);
  EXPECT_FALSE(disk_held());
}

TEST_F(ResourceAlarmsTest, EveryRefusalProlongsCritical) {
  alarms_.handle_out_of_space(now_);
  now_ += 9s;
  alarms_.handle_out_of_space(now_);
  now_ += 9s;
  free(10 * kLimit);
  EXPECT_EQ(alarms_.disk(), DiskState::kCritical);
}

TEST_F(ResourceAlarmsTest, LeaveCriticalOnlyWithEnoughSpace) {
  free(0);
  alarms_.handle_out_of_space(now_);
  now_ += 3600s;
  free(1'099'999);
  EXPECT_EQ(alarms_.disk(), DiskState::kCritical);
  free(1'100'000);
  EXPECT_EQ(alarms_.disk(), DiskState::kLow);
  EXPECT_FALSE(disk_held());
}

TEST_F(ResourceAlarmsTest, RaiseTheMemoryAlarmAtTheWatermarkAndTakeItBackBelow) {
  resident(kLimit - 1);
  EXPECT_FALSE(memory_held());
  resident(kLimit);
  EXPECT_TRUE(memory_held());
  EXPECT_TRUE(alarms_.memory_alarm());
  resident(950'000);
  EXPECT_TRUE(memory_held());
  resident(949'999);
  EXPECT_FALSE(memory_held());
}

TEST_F(ResourceAlarmsTest, AReadingThatFailedChangesNothing) {
  free(0);
  resident(2 * kLimit);
  ASSERT_TRUE(memory_held());
  free(0);
  alarms_.handle_reading({}, now_);
  EXPECT_TRUE(disk_held());
  EXPECT_EQ(alarms_.disk(), DiskState::kAlarm);
}

TEST_F(ResourceAlarmsTest, NoLimitIsNoAlarm) {
  ResourceAlarms none({}, gate_);
  EXPECT_EQ(none.handle_reading({.disk_free = 0, .memory_resident = UINT64_MAX}, now_),
            ResourceAlarms::kInterval);
  EXPECT_FALSE(gate_.closed());
}

TEST_F(ResourceAlarmsTest, ALimitBeyondEveryDiskDoesNotWrap) {
  ResourceAlarms huge({.disk_free = UINT64_MAX - 1, .memory_high_watermark = 0}, gate_);
  huge.handle_reading({.disk_free = 1'000'000'000'000, .memory_resident = {}}, now_);
  EXPECT_EQ(huge.disk(), DiskState::kAlarm);
}

TEST_F(ResourceAlarmsTest, GaugesShowTheLatestReading) {
  alarms_.handle_reading({.disk_free = 5 * kLimit, .memory_resident = 77}, now_);
  EXPECT_EQ(alarms_.gauges().disk_free.load(), 5 * kLimit);
  EXPECT_EQ(alarms_.gauges().memory_resident.load(), 77u);
}

}  // namespace
}  // namespace harrier::server

#include "journal/flush_schedule.h"

#include <gtest/gtest.h>

namespace harrier::journal {
namespace {

using base::Milliseconds;
using base::MonotonicTime;

constexpr Milliseconds kDelay{100};
const MonotonicTime kThen{Milliseconds(5000)};

TEST(FlushSchedule, NothingToDoIsNeverDue) {
  const auto work = next_work({}, kDelay);
  EXPECT_EQ(work.what, Work::kNothing);
  EXPECT_EQ(work.at, base::kNever);
}

TEST(FlushSchedule, WhoWaitsIsServedAtOnce) {
  const auto work = next_work(
      {.pending = true, .urgent = true, .pending_bytes = 1, .pending_since = kThen}, kDelay);
  EXPECT_EQ(work.what, Work::kFlush);
  EXPECT_EQ(work.at, MonotonicTime{});
}

TEST(FlushSchedule, NobodyWaitsFlushesAfterTheDelayOrWhenMuchIsPending) {
  FlushState state{.pending = true, .pending_bytes = kPendingBytesMax, .pending_since = kThen};
  EXPECT_EQ(next_work(state, kDelay).what, Work::kFlush);
  EXPECT_EQ(next_work(state, kDelay).at, kThen + kDelay);
  ++state.pending_bytes;
  EXPECT_EQ(next_work(state, kDelay).at, MonotonicTime{});
}

TEST(FlushSchedule, AnUnprovenCommitIsSealedAfterTheDelay) {
  const auto work = next_work({.unproven = true, .last_commit = kThen}, kDelay);
  EXPECT_EQ(work.what, Work::kSeal);
  EXPECT_EQ(work.at, kThen + kDelay);
}

TEST(FlushSchedule, PendingRecordsProveBetterThanASeal) {
  const auto work = next_work(
      {.pending = true, .unproven = true, .pending_since = kThen, .last_commit = kThen}, kDelay);
  EXPECT_EQ(work.what, Work::kFlush);
}

TEST(FlushSchedule, WithoutASegmentOnlyASealAndWithoutRoomForThatNothing) {
  FlushState state{
      .pending = true, .urgent = true, .no_segment = true, .unproven = true, .last_commit = kThen};
  EXPECT_EQ(next_work(state, kDelay).what, Work::kSeal);
  state.no_seal = true;
  EXPECT_EQ(next_work(state, kDelay).what, Work::kNothing);
}

TEST(FlushSchedule, StoppingComesFirst) {
  EXPECT_EQ(next_work({.stopped = true, .pending = true, .urgent = true}, kDelay).what,
            Work::kStop);
}

}  // namespace
}  // namespace harrier::journal

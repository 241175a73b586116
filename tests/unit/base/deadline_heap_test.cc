#include "base/deadline_heap.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace harrier::base {
namespace {

class DeadlineHeapTest : public testing::Test {
 protected:
  static MonotonicTime at(int milliseconds) { return MonotonicTime(Milliseconds(milliseconds)); }
  std::optional<int> take(int milliseconds) {
    return heap_.take_due(
        at(milliseconds), [this](int owner) -> auto& { return handles_[owner]; });
  }
  void arm(int owner, int milliseconds) { heap_.arm(handles_[owner], owner, at(milliseconds)); }

  DeadlineHeap<int> heap_;
  std::array<DeadlineHeap<int>::Handle, 32> handles_;
};

TEST_F(DeadlineHeapTest, EmptyHasNoDeadline) {
  EXPECT_EQ(heap_.next_deadline(), kNever);
  EXPECT_EQ(take(1'000'000), std::nullopt);
}

TEST_F(DeadlineHeapTest, NothingIsDueBeforeItsTime) {
  arm(1, 100);
  EXPECT_EQ(heap_.next_deadline(), at(100));
  EXPECT_EQ(take(99), std::nullopt);
  EXPECT_TRUE(handles_[1].armed());
}

TEST_F(DeadlineHeapTest, AtItsTimeTheOwnerIsDueOnceAndDisarmed) {
  arm(1, 100);
  EXPECT_EQ(take(100), 1);
  EXPECT_FALSE(handles_[1].armed());
  EXPECT_EQ(take(100), std::nullopt);
}

TEST_F(DeadlineHeapTest, LongestDueComesFirst) {
  arm(1, 300);
  arm(2, 100);
  arm(3, 200);
  EXPECT_EQ(take(1000), 2);
  EXPECT_EQ(take(1000), 3);
  EXPECT_EQ(take(1000), 1);
}

TEST_F(DeadlineHeapTest, OwnersMayShareATime) {
  arm(1, 100);
  arm(2, 100);
  EXPECT_EQ(take(100), 1);
  EXPECT_EQ(take(100), 2);
}

TEST_F(DeadlineHeapTest, EarlierTimeMovesForwardLaterTimeDoesNothing) {
  arm(1, 100);
  arm(1, 50);
  EXPECT_EQ(handles_[1].when(), at(50));
  arm(1, 200);
  EXPECT_EQ(heap_.next_deadline(), at(50));
  EXPECT_EQ(take(1000), 1);
  EXPECT_EQ(take(1000), std::nullopt);
}

TEST_F(DeadlineHeapTest, DisarmedOwnerIsNeverDue) {
  arm(1, 100);
  heap_.disarm(handles_[1], 1);
  heap_.disarm(handles_[1], 1);
  EXPECT_FALSE(handles_[1].armed());
  EXPECT_EQ(heap_.next_deadline(), kNever);
}

TEST_F(DeadlineHeapTest, ArmingForNeverDoesNothing) {
  heap_.arm(handles_[1], 1, kNever);
  EXPECT_FALSE(handles_[1].armed());
  EXPECT_EQ(heap_.next_deadline(), kNever);
}

TEST_F(DeadlineHeapTest, AgreesWithANaiveModelUnderRandomUse) {
  constexpr std::uint64_t kSeed = 7;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  SeededRandom random(kSeed);
  std::vector<MonotonicTime> model(handles_.size(), kNever);
  int now = 0;
  for (int step = 0; step < 20'000; ++step) {
    const auto owner = static_cast<int>(random.below(handles_.size()));
    if (random.below(4) == 0) {
      heap_.disarm(handles_[owner], owner);
      model[owner] = kNever;
    } else {
      const int when = now + static_cast<int>(random.below(500));
      arm(owner, when);
      model[owner] = std::min(model[owner], at(when));
    }
    now += static_cast<int>(random.below(20));
    MonotonicTime earliest = kNever;
    for (MonotonicTime when : model)
      earliest = std::min(earliest, when);
    ASSERT_EQ(heap_.next_deadline(), earliest);
    if (const std::optional<int> due = take(now)) {
      ASSERT_EQ(model[*due], earliest);
      model[*due] = kNever;
    } else {
      ASSERT_GT(earliest, at(now));
    }
  }
}

}  // namespace
}  // namespace harrier::base

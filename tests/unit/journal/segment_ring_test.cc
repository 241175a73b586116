#include "journal/segment_ring.h"

#include <gtest/gtest.h>

namespace harrier::journal {
namespace {

TEST(SegmentRing, ReleasedFilesGoToTheEndOfTheLine) {
  SegmentRing ring;
  for (const SegmentRing::Slot slot : {2u, 0u, 1u})
    ring.add_free(slot);
  for (std::uint64_t number = 1; number <= 20; ++number) {
    const SegmentRing::Slot expected = number % 3 == 1 ? 2 : number % 3 == 2 ? 0 : 1;
    ASSERT_EQ(ring.next_free(), expected) << number;
    ring.begin(number);
    ring.release(number);
    EXPECT_EQ(ring.used(), 1u);
  }
  EXPECT_EQ(ring.size(), 3u);
}

TEST(SegmentRing, LsnsAreCarriedOnAndNameTheFirstNeeded) {
  SegmentRing ring;
  ring.add_free(0);
  ring.add_free(1);
  EXPECT_FALSE(ring.newest());
  EXPECT_EQ(ring.first_needed({}), 1u);
  ring.begin(5);
  ring.reached(3, 10);
  ring.begin(6);
  EXPECT_FALSE(ring.next_free());
  EXPECT_EQ(ring.through(4), ShardLsns{});
  EXPECT_EQ(ring.through(6)[3], 10u);
  EXPECT_EQ(ring.first_needed({}), 5u);
  ShardLsns covered{};
  covered[3] = 10;
  EXPECT_EQ(ring.first_needed(covered), 6u);
}

}  // namespace
}  // namespace harrier::journal

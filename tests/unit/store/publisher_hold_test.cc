#include "store/publisher_hold.h"

#include <map>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "support/journal_fixture.h"

namespace harrier::store {
namespace {

constexpr std::uint64_t kPendingMax = 100'000;

class PublisherHoldTest : public testing::Test {
 protected:
  void append(std::size_t bytes) {
    journal_->append(1, ++last_, 1, test::record_bytes(std::string(bytes, 'x')), true);
  }
  void flush() {
    ASSERT_TRUE(journal_->run_flush([](std::size_t, std::uint64_t) {}).ok());
    hold_.look_at(*journal_);
  }

  test::FaultyFileSystem files_;
  const journal::JournalOptions options_{.segment_bytes = 256 << 10, .segments = 8};
  std::unique_ptr<journal::Journal> journal_ =
      test::open_journal(files_, options_, {.epoch = 1}).journal;
  std::uint64_t last_ = 0;
  std::map<HoldReason, bool> held_;
  PublisherHold hold_{kPendingMax, [this](HoldReason reason, bool held) { held_[reason] = held; }};
};

TEST_F(PublisherHoldTest, HoldsWhileTooMuchWaits) {
  append(kPendingMax / 2);
  hold_.look_at(*journal_);
  EXPECT_FALSE(held_[HoldReason::kJournalBacklog]);
  append(kPendingMax);
  hold_.look_at(*journal_);
  EXPECT_TRUE(held_[HoldReason::kJournalBacklog]);
  flush();
  EXPECT_FALSE(held_[HoldReason::kJournalBacklog]);
}

TEST_F(PublisherHoldTest, LetsGoWhenSegmentsAreReleasedThoughNothingIsFlushed) {
  while (!held_[HoldReason::kJournalFull]) {
    append(150'000);
    flush();
    ASSERT_LT(last_, 20u);
  }
  journal_->release(journal_->usage().active_segment);
  hold_.look_at(*journal_);
  EXPECT_FALSE(held_[HoldReason::kJournalFull]);
}

}  // namespace
}  // namespace harrier::store

#include "perf/confirm_window.h"

#include <vector>

#include <gtest/gtest.h>

namespace harrier::perf {
namespace {

class ConfirmWindowTest : public testing::Test {
 protected:
  void publish(std::uint64_t messages) {
    for (std::uint64_t i = 0; i < messages; ++i)
      window_.publish(1000 + window_.published() + 1);
  }
  // The tags answered, which the stamps tell.
  std::vector<std::uint64_t> answer(std::uint64_t tag, bool multiple) {
    std::vector<std::uint64_t> tags;
    window_.answer(tag, multiple, [&](std::uint64_t stamp) { tags.push_back(stamp - 1000); });
    return tags;
  }
  using Tags = std::vector<std::uint64_t>;

  ConfirmWindow window_{10};
};

TEST_F(ConfirmWindowTest, HasRoomForTheLimit) {
  EXPECT_EQ(window_.room(), 10u);
  publish(10);
  EXPECT_EQ(window_.room(), 0u);
  EXPECT_EQ(window_.unanswered(), 10u);
}

TEST_F(ConfirmWindowTest, MultipleAnswersAllUpToTheTag) {
  publish(5);
  EXPECT_EQ(answer(3, true), (Tags{1, 2, 3}));
  EXPECT_EQ(window_.unanswered(), 2u);
  EXPECT_EQ(answer(0, true), (Tags{4, 5}));
}

TEST_F(ConfirmWindowTest, AnswersOutOfTurnCountOnce) {
  publish(5);
  EXPECT_EQ(answer(4, false), (Tags{4}));
  EXPECT_EQ(answer(4, false), Tags{});
  EXPECT_EQ(answer(5, true), (Tags{1, 2, 3, 5}));
  EXPECT_EQ(answer(2, true), Tags{});
  EXPECT_EQ(window_.unanswered(), 0u);
}

TEST_F(ConfirmWindowTest, ATagThatWasNotPublishedIsRefused) {
  publish(2);
  EXPECT_THROW(answer(3, false), LoadError);
  EXPECT_THROW(answer(3, true), LoadError);
}

// The oldest stays open while later ones turn over: the ring bounds how far.
TEST_F(ConfirmWindowTest, AnOldOpenOneHoldsTheRest) {
  publish(1);
  std::uint64_t published = 1;
  while (window_.room() > 0) {
    publish(1);
    ++published;
    EXPECT_EQ(answer(published, false), (Tags{published}));
  }
  EXPECT_EQ(window_.unanswered(), 1u);
  EXPECT_EQ(published, 1024u);
  EXPECT_EQ(answer(1, false), (Tags{1}));
  EXPECT_EQ(window_.room(), 10u);
}

}  // namespace
}  // namespace harrier::perf

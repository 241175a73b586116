#include "base/chunked_queue.h"

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace harrier::base {
namespace {

using SmallQueue = ChunkedQueue<std::unique_ptr<int>, 4>;

std::vector<int> contents(SmallQueue& queue) {
  std::vector<int> numbers;
  queue.visit_while([&](const std::unique_ptr<int>& number) {
    numbers.push_back(*number);
    return true;
  });
  return numbers;
}

TEST(ChunkedQueue, FirstInIsFirstOut) {
  SmallQueue queue;
  for (int number = 0; number < 10; ++number)
    queue.push_back(std::make_unique<int>(number));
  EXPECT_EQ(queue.size(), 10u);
  EXPECT_EQ(*queue.back(), 9);
  for (int number = 0; number < 10; ++number) {
    EXPECT_EQ(*queue.front(), number);
    EXPECT_EQ(*queue.take_front(), number);
  }
  EXPECT_TRUE(queue.empty());
}

TEST(ChunkedQueue, ExtractLeavesTheOthersInOrder) {
  for (int taken = 0; taken < 10; ++taken) {
    SmallQueue queue;
    for (int number = -2; number < 10; ++number)
      queue.push_back(std::make_unique<int>(number));
    queue.pop_front();
    queue.pop_front();
    const auto extracted =
        queue.extract([&](const std::unique_ptr<int>& number) { return *number < taken; });
    EXPECT_EQ(*extracted, taken);
    std::vector<int> rest;
    for (int number = 0; number < 10; ++number)
      if (number != taken) rest.push_back(number);
    EXPECT_EQ(contents(queue), rest);
    queue.push_back(std::make_unique<int>(10));
    EXPECT_EQ(*queue.back(), 10);
  }
}

TEST(ChunkedQueue, HoveringAroundAChunkBoundaryKeepsOrder) {
  SmallQueue queue;
  for (int number = 0; number < 4; ++number)
    queue.push_back(std::make_unique<int>(number));
  for (int number = 4; number < 100; ++number) {
    queue.push_back(std::make_unique<int>(number));
    EXPECT_EQ(*queue.take_front(), number - 4);
    EXPECT_EQ(queue.size(), 4u);
  }
  EXPECT_EQ(contents(queue), (std::vector<int>{96, 97, 98, 99}));
}

TEST(ChunkedQueue, IsReusableAfterItRanEmpty) {
  SmallQueue queue;
  for (int round = 0; round < 10; ++round) {
    queue.push_back(std::make_unique<int>(round));
    EXPECT_EQ(*queue.back(), round);
    EXPECT_EQ(*queue.take_front(), round);
  }
  queue.clear();
  EXPECT_TRUE(queue.empty());
}

TEST(ChunkedQueue, MovingTakesTheEntriesAlong) {
  SmallQueue from;
  for (int number = 0; number < 6; ++number)
    from.push_back(std::make_unique<int>(number));
  SmallQueue to(std::move(from));
  EXPECT_TRUE(from.empty());  // NOLINT: documented state
  EXPECT_EQ(to.size(), 6u);
  SmallQueue assigned;
  assigned.push_back(std::make_unique<int>(100));
  assigned = std::move(to);
  EXPECT_EQ(contents(assigned), (std::vector<int>{0, 1, 2, 3, 4, 5}));
  from.push_back(std::make_unique<int>(7));
  EXPECT_EQ(*from.front(), 7);
}

TEST(ChunkedQueue, DestructionDestroysEveryEntryOnce) {
  const auto counted = std::make_shared<int>(0);
  {
    ChunkedQueue<std::shared_ptr<int>, 4> queue;
    for (int number = 0; number < 11; ++number)
      queue.push_back(counted);
    for (int number = 0; number < 3; ++number)
      queue.pop_front();
    EXPECT_EQ(counted.use_count(), 1 + 8);
  }
  EXPECT_EQ(counted.use_count(), 1);
}

TEST(ChunkedQueue, EntriesStayWhereTheyAre) {
  ChunkedQueue<int, 4> queue;
  const int* first = &queue.emplace_back(1);
  for (int number = 2; number < 100; ++number)
    queue.emplace_back(number);
  EXPECT_EQ(first, &queue.front());
}

void random_step(SeededRandom& random, ChunkedQueue<std::string, 7>& queue,
                 std::deque<std::string>& model) {
  const std::uint64_t choice = random.below(100);
  if (choice < 50) {
    const std::string text = std::to_string(random.next());
    queue.push_back(text);
    model.push_back(text);
  } else if (choice < 98) {
    if (model.empty()) return;
    ASSERT_EQ(queue.take_front(), model.front());
    model.pop_front();
  } else if (choice < 99) {
    ChunkedQueue<std::string, 7> other(std::move(queue));
    queue = std::move(other);
  } else if (random.below(10) == 0) {
    queue.clear();
    model.clear();
  }
}

TEST(ChunkedQueue, AWalkMayBeginAndEndAnywhere) {
  for (int taken = 0; taken != 9; ++taken) {
    ChunkedQueue<int, 4> queue;
    for (int number = 0; number != 20; ++number)
      queue.push_back(number);
    for (int i = 0; i != taken; ++i)
      queue.pop_front();
    for (int from = 0; from != 22; ++from) {
      std::vector<int> seen;
      std::size_t asked = 0;
      queue.visit_while(
          [&](int number) {
            ++asked;
            return number < from;
          },
          [&](int number) {
            seen.push_back(number);
            return number < 15;
          });
      std::vector<int> expected;
      for (int number = std::max(from, taken); number < 20; ++number) {
        expected.push_back(number);
        if (number >= 15) break;
      }
      EXPECT_EQ(seen, expected) << "taken " << taken << ", from " << from;
      // Not every one of those before.
      EXPECT_LE(asked, 20u / 4 + 2 * 4 + seen.size());
    }
  }
}

TEST(ChunkedQueue, BehavesLikeADequeUnderRandomUse) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRandom random(seed);
    ChunkedQueue<std::string, 7> queue;
    std::deque<std::string> model;
    for (int step = 0; step < 3000; ++step) {
      random_step(random, queue, model);
      ASSERT_EQ(queue.size(), model.size());
      if (model.empty()) continue;
      ASSERT_EQ(queue.front(), model.front());
      ASSERT_EQ(queue.back(), model.back());
    }
    auto expected = model.begin();
    queue.visit_while([&](const std::string& text) {
      EXPECT_EQ(text, *expected++);
      return true;
    });
    EXPECT_EQ(expected, model.end());
  }
}

}  // namespace
}  // namespace harrier::base

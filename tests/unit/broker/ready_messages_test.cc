#include "broker/ready_messages.h"

#include <map>

#include <gtest/gtest.h>

#include "base/random.h"

namespace harrier::broker {
namespace {

QueueEntry entry_at(std::uint64_t position, std::uint8_t priority = 0,
                    std::uint32_t body_size = 1) {
  QueueEntry entry;
  entry.position = Position(position);
  entry.priority = priority;
  entry.body_size = body_size;
  return entry;
}

QueueEntry take_head(ReadyMessages& ready) { return ready.take(ready.head().level); }

TEST(ReadyMessages, gives_back_in_order_of_position) {
  ReadyMessages ready;
  for (std::uint64_t position = 1; position <= 200; ++position)
    ready.push(entry_at(position));
  for (std::uint64_t position = 1; position <= 200; ++position)
    EXPECT_EQ(take_head(ready).position, Position(position));
  EXPECT_TRUE(ready.empty());
}

TEST(ReadyMessages, counts_entries_and_bytes) {
  ReadyMessages ready;
  ready.push(entry_at(1, 0, 10));
  ready.push(entry_at(2, 3, 20));
  EXPECT_EQ(ready.count(), 2u);
  EXPECT_EQ(ready.bytes(), 30u);
  QueueEntry head = take_head(ready);
  EXPECT_EQ(ready.bytes(), 10u);
  ready.requeue(std::move(head));
  EXPECT_EQ(ready.bytes(), 30u);
}

TEST(ReadyMessages, requeued_entries_return_before_what_was_never_taken) {
  ReadyMessages ready;
  for (std::uint64_t position = 1; position <= 5; ++position)
    ready.push(entry_at(position));
  QueueEntry first = take_head(ready);
  QueueEntry second = take_head(ready);
  ready.requeue(std::move(second));
  ready.requeue(std::move(first));
  for (std::uint64_t position = 1; position <= 5; ++position)
    EXPECT_EQ(take_head(ready).position, Position(position));
}

TEST(ReadyMessages, higher_priority_first_and_order_within_a_level) {
  ReadyMessages ready;
  ready.push(entry_at(1, 0));
  ready.push(entry_at(2, 9));
  ready.push(entry_at(3, 9));
  ready.push(entry_at(4, 5));
  std::vector<std::uint64_t> order;
  while (!ready.empty())
    order.push_back(take_head(ready).position.value);
  EXPECT_EQ(order, (std::vector<std::uint64_t>{2, 3, 4, 1}));
}

TEST(ReadyMessages, next_expiry_is_the_earliest_head) {
  ReadyMessages ready;
  EXPECT_EQ(ready.next_expiry(), base::kNever);
  QueueEntry late = entry_at(1, 0);
  late.expires_at = base::MonotonicTime(base::Milliseconds(500));
  QueueEntry early = entry_at(2, 1);
  early.expires_at = base::MonotonicTime(base::Milliseconds(100));
  ready.push(std::move(late));
  ready.push(std::move(early));
  EXPECT_EQ(ready.next_expiry(), base::MonotonicTime(base::Milliseconds(100)));
  take_head(ready);
  EXPECT_EQ(ready.next_expiry(), base::MonotonicTime(base::Milliseconds(500)));
}

TEST(ReadyMessages, visits_the_heads_of_all_levels_from_the_highest) {
  ReadyMessages ready;
  ready.push(entry_at(1, 0));
  ready.push(entry_at(2, 0));
  ready.push(entry_at(3, 4));
  std::vector<std::uint64_t> heads;
  ready.visit_heads([&](const ReadyMessages::Head& head) {
    heads.push_back(head.entry->position.value);
    return true;
  });
  EXPECT_EQ(heads, (std::vector<std::uint64_t>{3, 1}));
  EXPECT_EQ(ready.take(0).position, Position(1));
  EXPECT_EQ(ready.head().entry->position, Position(3));
  EXPECT_EQ(ready.count(), 2u);
}

TEST(ReadyMessages, finds_what_was_requeued) {
  ReadyMessages ready;
  for (std::uint64_t position = 1; position <= 3; ++position)
    ready.push(entry_at(position));
  QueueEntry first = take_head(ready);
  QueueEntry second = take_head(ready);
  ready.requeue(std::move(second));
  ready.requeue(std::move(first));
  EXPECT_NE(ready.find_requeued(0, Position(1)), nullptr);
  EXPECT_EQ(ready.find_requeued(0, Position(3)), nullptr) << "was never taken";
  EXPECT_EQ(ready.find_requeued(5, Position(1)), nullptr);
  EXPECT_EQ(ready.take_requeued(0, Position(2)).position, Position(2));
  EXPECT_EQ(ready.count(), 2u);
}

TEST(ReadyMessages, discards_in_slices) {
  ReadyMessages ready;
  for (std::uint64_t position = 1; position <= 10; ++position)
    ready.push(entry_at(position, static_cast<std::uint8_t>(position % 3)));
  EXPECT_EQ(ready.discard(4), 4u);
  EXPECT_FALSE(ready.resident_empty());
  EXPECT_EQ(ready.discard(100), 6u);
  EXPECT_TRUE(ready.resident_empty());
}

// Against a map ordered by (level from the highest, position).
void compare_with_a_map(std::uint64_t seed) {
  base::SeededRandom random(seed);
  ReadyMessages ready;
  std::map<std::pair<int, std::uint64_t>, std::uint32_t> naive;
  std::vector<QueueEntry> taken;
  std::uint64_t next_position = 1;
  for (int step = 0; step < 20'000; ++step) {
    const std::uint64_t what = random.below(8);
    if (what < 3) {
      const auto priority = static_cast<std::uint8_t>(random.below(4));
      const auto size = static_cast<std::uint32_t>(random.below(100));
      naive[{-priority, next_position}] = size;
      ready.push(entry_at(next_position++, priority, size));
    } else if (what < 6 && !naive.empty()) {
      QueueEntry entry = take_head(ready);
      ASSERT_EQ(entry.position.value, naive.begin()->first.second);
      ASSERT_EQ(entry.body_size, naive.begin()->second);
      naive.erase(naive.begin());
      taken.push_back(std::move(entry));
    } else if (!taken.empty()) {
      std::swap(taken[random.below(taken.size())], taken.back());
      if (what == 6) {
        naive[{-taken.back().priority, taken.back().position.value}] = taken.back().body_size;
        ready.requeue(std::move(taken.back()));
      }
      taken.pop_back();
    }
    std::uint64_t bytes = 0;
    if (step % 100 == 0) {
      for (const auto& [place, size] : naive)
        bytes += size;
      ASSERT_EQ(ready.bytes(), bytes);
    }
    ASSERT_EQ(ready.count(), naive.size());
  }
}

TEST(ReadyMessages, agrees_with_a_naive_map_whatever_happens) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    compare_with_a_map(seed);
  }
}

TEST(ReadyMessages, trim_gives_back_the_levels_once_nothing_is_in_them) {
  ReadyMessages ready;
  ready.push(entry_at(1, 0));
  ready.push(entry_at(2, 5));
  ready.trim();
  EXPECT_EQ(ready.levels(), 6u);
  EXPECT_EQ(take_head(ready).position, Position(2));
  EXPECT_EQ(take_head(ready).position, Position(1));
  ready.trim();
  EXPECT_EQ(ready.levels(), 0u);
  ready.push(entry_at(3, 2));
  ready.requeue(take_head(ready));
  EXPECT_EQ(take_head(ready).position, Position(3));
  EXPECT_TRUE(ready.resident_empty());
}

}  // namespace
}  // namespace harrier::broker

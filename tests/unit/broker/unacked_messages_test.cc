#include "broker/unacked_messages.h"

#include <map>

#include <gtest/gtest.h>

#include "base/random.h"
#include "broker/queue.h"

namespace harrier::broker {
namespace {

using amqp::DeliveryTag;

Unacked unacked_at(std::uint64_t position) {
  Unacked unacked;
  unacked.entry.position = Position(position);
  return unacked;
}

TEST(UnackedMessages, takes_by_tag_once) {
  UnackedMessages messages;
  messages.push(DeliveryTag(1), unacked_at(10));
  messages.push(DeliveryTag(2), unacked_at(20));
  EXPECT_TRUE(messages.contains(DeliveryTag(2)));
  EXPECT_EQ(messages.take(DeliveryTag(2))->entry.position, Position(20));
  EXPECT_FALSE(messages.contains(DeliveryTag(2)));
  EXPECT_FALSE(messages.take(DeliveryTag(2)).has_value());
  EXPECT_EQ(messages.count(), 1u);
}

TEST(UnackedMessages, knows_no_tag_it_was_never_given) {
  UnackedMessages messages;
  EXPECT_FALSE(messages.take(DeliveryTag(0)).has_value());
  messages.push(DeliveryTag(1'000), unacked_at(1));
  for (const std::uint64_t tag : {0ull, 1ull, 999ull, 1'001ull, ~0ull})
    EXPECT_FALSE(messages.contains(DeliveryTag(tag))) << tag;
}

TEST(UnackedMessages, oldest_first_over_chunk_borders) {
  UnackedMessages messages;
  for (std::uint64_t tag = 1; tag <= 300; ++tag)
    messages.push(DeliveryTag(tag), unacked_at(tag));
  for (std::uint64_t tag = 1; tag <= 300; ++tag) {
    EXPECT_EQ(messages.oldest(), DeliveryTag(tag));
    EXPECT_EQ(messages.take_oldest()->entry.position, Position(tag));
  }
  EXPECT_TRUE(messages.empty());
  EXPECT_FALSE(messages.take_oldest().has_value());
}

TEST(UnackedMessages, restored_entry_keeps_its_place) {
  UnackedMessages messages;
  for (std::uint64_t tag = 1; tag <= 3; ++tag)
    messages.push(DeliveryTag(tag), unacked_at(tag));
  auto second = messages.take(DeliveryTag(2));
  messages.take(DeliveryTag(1));
  messages.restore(DeliveryTag(2), std::move(*second));
  EXPECT_EQ(messages.oldest(), DeliveryTag(2));
  EXPECT_EQ(messages.count(), 2u);
}

TEST(UnackedMessages, two_held_over_ten_million_tags_cost_less_than_4_kib) {
  UnackedMessages messages;
  messages.push(DeliveryTag(1), unacked_at(1));
  std::size_t most = 0;
  for (std::uint64_t tag = 2; tag <= 10'000'000; ++tag) {
    messages.push(DeliveryTag(tag), unacked_at(tag));
    if (tag % 1'000'003 == 0) most = std::max(most, messages.footprint());
    if (tag != 10'000'000) messages.take(DeliveryTag(tag));
  }
  EXPECT_EQ(messages.count(), 2u);
  EXPECT_LT(messages.footprint(), 4'096u);
  EXPECT_LT(most, 4'096u);
  EXPECT_EQ(messages.take_oldest()->entry.position, Position(1));
  EXPECT_EQ(messages.take_oldest()->entry.position, Position(10'000'000));
}

TEST(UnackedMessages, visits_oldest_first_until_told_to_stop) {
  UnackedMessages messages;
  for (std::uint64_t tag = 1; tag <= 200; ++tag)
    messages.push(DeliveryTag(tag), unacked_at(tag));
  for (std::uint64_t tag = 2; tag <= 120; ++tag)
    messages.take(DeliveryTag(tag));
  std::vector<std::uint64_t> seen;
  messages.visit_oldest([&](const Unacked& unacked) {
    seen.push_back(unacked.entry.position.value);
    return seen.size() < 3;
  });
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 121, 122}));
}

// A restored entry may be younger than what stands in the chunks: both are looked at.
TEST(UnackedMessages, a_visit_that_stops_at_a_restored_entry_still_sees_the_others) {
  UnackedMessages messages;
  for (std::uint64_t tag = 1; tag <= 200; ++tag)
    messages.push(DeliveryTag(tag), unacked_at(tag));
  messages.restore(DeliveryTag(150), *messages.take(DeliveryTag(150)));
  std::vector<std::uint64_t> seen;
  messages.visit_oldest([&](const Unacked& unacked) {
    seen.push_back(unacked.entry.position.value);
    return unacked.entry.position < Position(3);
  });
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{150, 1, 2, 3}));
}

class UnackedAgainstAMap {
 public:
  explicit UnackedAgainstAMap(std::uint64_t seed) : random_(seed) {}

  void step() {
    switch (random_.below(8)) {
      case 0:
      case 1:
      case 2: return push();
      case 3:
      case 4: return take(random_.below(next_ + 2));
      case 5: return take_held();
      case 6: return take_oldest();
      default: return restore();
    }
  }
  void check() {
    ASSERT_EQ(messages_.count(), naive_.size());
    if (naive_.empty()) return;
    ASSERT_EQ(messages_.oldest().value, naive_.begin()->first);
  }

 private:
  void push() {
    // Sometimes tags are skipped: deliveries without acknowledgement use them up.
    next_ += random_.below(20) == 0 ? random_.below(200) : 1;
    if (naive_.contains(next_) || taken_.contains(next_) || next_ <= last_) ++next_;
    last_ = next_;
    naive_[next_] = next_;
    messages_.push(DeliveryTag(next_), unacked_at(next_));
  }
  void take(std::uint64_t tag) {
    ASSERT_EQ(messages_.contains(DeliveryTag(tag)), naive_.contains(tag));
    auto unacked = messages_.take(DeliveryTag(tag));
    ASSERT_EQ(unacked.has_value(), naive_.erase(tag) == 1);
    if (!unacked) return;
    ASSERT_EQ(unacked->entry.position.value, tag);
    taken_.insert(tag);
  }
  void take_held() {
    if (naive_.empty()) return;
    auto found = naive_.lower_bound(random_.below(next_ + 1));
    take(found == naive_.end() ? naive_.begin()->first : found->first);
  }
  void take_oldest() {
    if (naive_.empty()) return;
    ASSERT_EQ(messages_.take_oldest()->entry.position.value, naive_.begin()->first);
    naive_.erase(naive_.begin());
  }
  void restore() {
    if (taken_.empty()) return;
    const std::uint64_t tag = *taken_.begin();
    taken_.erase(taken_.begin());
    naive_[tag] = tag;
    messages_.restore(DeliveryTag(tag), unacked_at(tag));
  }

  base::SeededRandom random_;
  UnackedMessages messages_;
  std::map<std::uint64_t, std::uint64_t> naive_;
  std::set<std::uint64_t> taken_;
  std::uint64_t next_ = 0;
  std::uint64_t last_ = 0;
};

TEST(UnackedMessages, agrees_with_a_naive_map_whatever_happens) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    UnackedAgainstAMap test(seed);
    for (int step = 0; step < 10'000 && !::testing::Test::HasFatalFailure(); ++step) {
      test.step();
      test.check();
    }
  }
}

}  // namespace
}  // namespace harrier::broker

#include "store/stored_queue.h"

#include <iostream>
#include <random>

#include <gtest/gtest.h>

#include "base/random.h"
#include "broker/message.h"

namespace harrier::store {
namespace {

// A queue of one level whose messages lie in extents without files, beside what it should say.
class SpilledQueue {
 public:
  explicit SpilledQueue(std::uint64_t seed) : random_(seed) {}

  void fill(std::uint64_t extents) {
    std::uint64_t position = 0;
    for (; extents != 0; --extents) {
      std::vector<StoredQueue::Spilled> spilled;
      const Position first(position + 1);
      for (std::uint64_t count = 1 + random_.below(8); count != 0; --count) {
        const auto size = static_cast<std::uint32_t>(random_.below(900));
        const Position at(++position);
        broker::PublishPlace place;
        place.queue = QueueId(7);
        place.position = at;
        queue_.publish(place, message_of(size), ++lsn_);
        spilled.push_back({0, at, size});
        alive_.emplace(position, size);
      }
      RunExtent extent;
      extent.queue = QueueId(7);
      extent.offset = position * 1'000;
      extent.first = first;
      extent.last = Position(position);
      queue_.move_to_run(nullptr, {&extent, 1}, spilled, Position(position), false);
    }
  }
  // A few neighbours that are all alive, or everything from somewhere on.
  void settle_some() {
    auto first = alive_.lower_bound(1 + random_.below(alive_.rbegin()->first));
    auto last = first;
    const bool tail = random_.below(40) == 0;
    const std::uint64_t wanted = 1 + random_.below(12);
    std::uint64_t count = 0, bytes = 0, end = 0;
    for (; last != alive_.end(); ++last) {
      if (!tail && (count == wanted || (count != 0 && last->first != end + 1))) break;
      ++count;
      bytes += last->second;
      end = last->first;
    }
    queue_.settle({QueueId(7), 0, Position(first->first), Position(end), count, bytes}, ++lsn_);
    alive_.erase(first, last);
  }
  bool empty() const { return alive_.empty(); }
  std::uint64_t count() const { return alive_.size(); }
  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const auto& [position, size] : alive_)
      sum += size;
    return sum;
  }
  const StoredQueue& queue() const { return queue_; }

 private:
  static broker::MessageRef message_of(std::uint32_t size) {
    broker::MessageParts parts;
    const std::string body(size, 'b');
    parts.body = body;
    return broker::Message::create(parts);
  }

  base::SeededRandom random_;
  StoredQueue queue_{QueueId(7), "definition"};
  std::uint64_t lsn_ = 0;
  std::map<std::uint64_t, std::uint32_t> alive_;  // position, bytes
};

// Which of two extents a record's bytes belong to is a guess, and a guess must not be lost.
TEST(StoredQueue, CountsAndBytesStayExactWhileRecordsCrossBordersOfExtents) {
  std::random_device device;
  for (const std::uint64_t seed : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{device()}}) {
    std::cout << "seed " << seed << std::endl;
    SpilledQueue spilled(seed);
    spilled.fill(200);
    while (!spilled.empty()) {
      const auto middles = spilled.queue().middles();
      ASSERT_TRUE(middles.contains(0)) << "seed " << seed;
      ASSERT_EQ(middles.at(0).count, spilled.count()) << "seed " << seed;
      ASSERT_EQ(middles.at(0).body_bytes, spilled.bytes()) << "seed " << seed;
      spilled.settle_some();
    }
    EXPECT_TRUE(spilled.queue().middles().empty());
    EXPECT_FALSE(spilled.queue().has_extents());
  }
}

}  // namespace
}  // namespace harrier::store

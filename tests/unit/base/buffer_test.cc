#include "base/buffer.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/random.h"

namespace harrier::base {
namespace {

TEST(Buffer, StartsEmptyWithoutMemory) {
  const Buffer buffer;
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.capacity(), 0u);
  EXPECT_EQ(buffer.bytes(), "");
}

TEST(Buffer, AppendedBytesComeOutInOrder) {
  Buffer buffer;
  buffer.append("one");
  buffer.append("");
  buffer.append_number(std::uint16_t{0x4142});
  EXPECT_EQ(buffer.bytes(), "oneAB");
}

TEST(Buffer, ConsumingAllStartsOver) {
  Buffer buffer;
  buffer.append("abc");
  buffer.consume(2);
  EXPECT_EQ(buffer.bytes(), "c");
  buffer.consume(1);
  EXPECT_TRUE(buffer.empty());
  const std::size_t capacity = buffer.capacity();
  buffer.append(std::string(capacity, 'x'));
  EXPECT_EQ(buffer.capacity(), capacity);
}

TEST(Buffer, SlidesInsteadOfGrowingWhenHalfIsConsumed) {
  Buffer buffer;
  buffer.append(std::string(512, 'a'));
  const std::size_t capacity = buffer.capacity();
  buffer.consume(capacity / 2 + 1);
  buffer.append(std::string(capacity / 2, 'b'));
  EXPECT_EQ(buffer.capacity(), capacity);
  EXPECT_EQ(buffer.bytes(),
            std::string(512 - capacity / 2 - 1, 'a') + std::string(capacity / 2, 'b'));
}

TEST(Buffer, ReserveKeepsWhatIsThere) {
  Buffer buffer;
  buffer.append("keep");
  char* room = buffer.reserve(100'000);
  std::memset(room, 'x', 100'000);
  buffer.commit(3);
  EXPECT_EQ(buffer.bytes(), "keepxxx");
}

TEST(Buffer, MovedFromIsEmptyAndUsable) {
  Buffer from;
  from.append("text");
  Buffer to = std::move(from);
  EXPECT_EQ(to.bytes(), "text");
  EXPECT_TRUE(from.empty());  // NOLINT: documented state
  from.append("new");
  EXPECT_EQ(from.bytes(), "new");
}

TEST(Buffer, ReleaseGivesTheMemoryBack) {
  Buffer buffer;
  buffer.append("text");
  buffer.release();
  EXPECT_EQ(buffer.capacity(), 0u);
  buffer.append("again");
  EXPECT_EQ(buffer.bytes(), "again");
}

TEST(Buffer, BehavesLikeAStringUnderRandomUse) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRandom random(seed);
    Buffer buffer;
    std::string model;
    for (int step = 0; step < 2000; ++step) {
      const std::size_t size = random.below(random.below(8) == 0 ? 3000 : 60);
      if (random.below(2) == 0) {
        const std::string text(size, static_cast<char>('a' + random.below(26)));
        buffer.append(text);
        model.append(text);
      } else {
        const std::size_t count = std::min(size, model.size());
        buffer.consume(count);
        model.erase(0, count);
      }
      ASSERT_EQ(buffer.bytes(), model);
    }
  }
}

}  // namespace
}  // namespace harrier::base

#include "broker/message_pool.h"

#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace harrier::broker {
namespace {

class MessagePoolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!MessagePool::kPools) GTEST_SKIP() << "off under sanitizers";
  }
  // As a message would: all that was asked for is written to.
  void* take(std::size_t size) { return std::memset(pool.take(size), 0xA5, size); }

  MessagePool pool;
};

TEST_F(MessagePoolTest, WhatWasFreedLastIsTakenNext) {
  void* const first = take(100);
  void* const second = take(100);
  pool.give_back(first, 100);
  pool.give_back(second, 100);
  EXPECT_EQ(take(100), second);
  EXPECT_EQ(take(100), first);
  EXPECT_EQ(pool.kept_bytes(), 0u);
  pool.give_back(first, 100);
  pool.give_back(second, 100);
}

TEST_F(MessagePoolTest, ABlockServesAllSizesOfItsClassAndNoLarger) {
  for (std::size_t size = 1; size <= MessagePool::kSizeMax; ++size) {
    void* const block = take(size);
    pool.give_back(block, size);
    const std::size_t room = pool.kept_bytes();
    ASSERT_GE(room, size);
    EXPECT_EQ(take(room), block) << size;
    pool.give_back(block, room);
    void* const larger = take(room + 1);
    EXPECT_NE(larger, block) << size;
    pool.give_back(larger, room + 1);
    // Nothing may be left for the next size.
    pool.~MessagePool();
    new (&pool) MessagePool;
  }
}

TEST_F(MessagePoolTest, LargeOnesAreNotKept) {
  pool.give_back(take(MessagePool::kSizeMax + 1), MessagePool::kSizeMax + 1);
  EXPECT_EQ(pool.kept_bytes(), 0u);
}

TEST_F(MessagePoolTest, NoMoreIsKeptThanTheLimitOfAClass) {
  constexpr std::size_t kSize = 1000;
  std::vector<void*> blocks;
  for (int block = 0; block < 200; ++block)
    blocks.push_back(take(kSize));
  for (void* block : blocks)
    pool.give_back(block, kSize);
  EXPECT_GE(pool.kept_bytes(), MessagePool::kKeptBytes);
  EXPECT_LT(pool.kept_bytes(), MessagePool::kKeptBytes + 2 * kSize);
}

}  // namespace
}  // namespace harrier::broker

#include "journal/pending_chunks.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "journal/journal_format.h"

namespace harrier::journal {
namespace {

PendingChunk chunk(std::uint64_t lsn, std::size_t size, std::uint32_t records = 1) {
  PendingChunk made{lsn, records, {}};
  made.bytes.append(std::string(size, 'x'));
  return made;
}

constexpr std::uint64_t kMuch = 1 << 30;

TEST(PendingChunks, ChunksOfOneShardGoTogetherInOrder) {
  PendingChunks pending;
  pending.add(3, chunk(10, 100, 2));
  pending.add(3, chunk(12, 200));
  const auto batches = pending.take(kMuch, kMuch);
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].shard, 3u);
  EXPECT_EQ(batches[0].records, 3u);
  EXPECT_EQ(batches[0].length, kBatchHeadBytes + 300);
  EXPECT_EQ(batches[0].first_lsn(), 10u);
  EXPECT_EQ(batches[0].last_lsn(), 12u);
  EXPECT_TRUE(pending.empty());
}

TEST(PendingChunks, ShardsTakeTurnsSoThatNoneStarves) {
  PendingChunks pending;
  for (std::uint64_t i = 0; i < 100; ++i)
    pending.add(1, chunk(i + 1, 500'000));
  pending.add(0, chunk(1, 10));
  pending.add(9, chunk(1, 10));
  // From shard 0 on, one batch each; shard 1 again when all had their turn.
  const auto first = pending.take(kMuch, 4 << 20);
  ASSERT_GE(first.size(), 4u);
  EXPECT_EQ(first[0].shard, 0u);
  EXPECT_EQ(first[1].shard, 1u);
  EXPECT_EQ(first[2].shard, 9u);
  EXPECT_EQ(first[3].shard, 1u);
  // The next flush goes on behind the last.
  pending.add(5, chunk(1, 10));
  const auto second = pending.take(kMuch, 1);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].shard, 5u);
}

TEST(PendingChunks, ABatchEndsBeforeItsLimitAndAFlushBeforeIts) {
  PendingChunks pending;
  for (std::uint64_t i = 0; i < 20; ++i)
    pending.add(1, chunk(i + 1, 400'000));
  const auto batches = pending.take(kMuch, 4 << 20);
  std::uint64_t total = 0;
  for (const PlannedBatch& batch : batches) {
    EXPECT_EQ(batch.chunks.size(), 2u);
    EXPECT_LE(whole_blocks(batch.length), kBatchBytesMax);
    total += whole_blocks(batch.length);
  }
  EXPECT_LE(total, 4u << 20);
  EXPECT_EQ(batches.size(), 5u);
}

TEST(PendingChunks, AChunkLongerThanABatchGoesAlone) {
  PendingChunks pending;
  pending.add(1, chunk(1, 2 << 20));
  pending.add(1, chunk(2, 10));
  const auto batches = pending.take(kMuch, 1 << 20);
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].chunks.size(), 1u);
}

TEST(PendingChunks, WhatDoesNotFitTheRoomStays) {
  PendingChunks pending;
  pending.add(1, chunk(1, 5000));
  pending.add(1, chunk(2, 5000));
  EXPECT_EQ(pending.next_length(), 8192u);
  EXPECT_TRUE(pending.take(4096, kMuch).empty());
  EXPECT_EQ(pending.take(8192, kMuch).size(), 1u);
  EXPECT_EQ(pending.take(8192, kMuch)[0].first_lsn(), 2u);
}

TEST(PendingChunks, TheTurnIsKeptWhenTheRoomEnds) {
  PendingChunks pending;
  pending.add(1, chunk(1, 10));
  pending.add(2, chunk(1, 50'000));
  pending.add(3, chunk(1, 10));
  const auto first = pending.take(8192, kMuch);
  ASSERT_EQ(first.size(), 1u);  // shard 2 is next and does not fit: shard 3 does not overtake it
  const auto second = pending.take(kMuch, kMuch);
  ASSERT_EQ(second.size(), 2u);
  EXPECT_EQ(second[0].shard, 2u);
}

}  // namespace
}  // namespace harrier::journal

#include "journal/pending_chunks.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "journal/journal_format.h"

namespace harrier::journal {

void PendingChunks::add(std::size_t shard, PendingChunk chunk) {
  shards_[shard].push_back(std::move(chunk));
  ++count_;
}

std::size_t PendingChunks::shard_in_turn() const {
  std::size_t shard = turn_;
  while (shards_[shard].empty())
    shard = (shard + 1) % kShards;
  return shard;
}

std::uint64_t PendingChunks::next_length() const {
  CHECK(!empty());
  return whole_blocks(kBatchHeadBytes + shards_[shard_in_turn()].front().bytes.size());
}

std::vector<PlannedBatch> PendingChunks::take(std::uint64_t room, std::uint64_t limit) {
  std::vector<PlannedBatch> batches;
  std::uint64_t total = 0;
  while (!empty()) {
    const std::uint64_t least = next_length();
    if (total + least > room || (!batches.empty() && total + least > limit)) break;
    const std::size_t shard = shard_in_turn();
    std::uint64_t most = room - total;
    // The first chunk is taken however long it is.
    if (limit > total) most = std::min(most, std::max(least, limit - total));
    batches.push_back(gather(shard, most));
    total += whole_blocks(batches.back().length);
    turn_ = (shard + 1) % kShards;
  }
  return batches;
}

PlannedBatch PendingChunks::gather(std::size_t shard, std::uint64_t room) {
  std::deque<PendingChunk>& queue = shards_[shard];
  PlannedBatch batch{.shard = shard, .length = kBatchHeadBytes};
  const std::uint64_t most = std::min<std::uint64_t>(room, kBatchBytesMax);
  while (!queue.empty()) {
    const std::uint64_t length = batch.length + queue.front().bytes.size();
    if (!batch.chunks.empty() && whole_blocks(length) > most) break;
    batch.length = length;
    batch.records += queue.front().records;
    batch.chunks.push_back(std::move(queue.front()));
    queue.pop_front();
    --count_;
  }
  return batch;
}

}  // namespace harrier::journal

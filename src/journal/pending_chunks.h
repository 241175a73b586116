// Appended chunks that are not yet written, and how they are gathered into batches.
//
// Model:  a queue for each shard. take() goes round the shards, one batch for each in turn, and
//         starts the next time where it stopped, so that none starves.
// Thread: compatible; the journal guards it with its mutex.
// Limits: a batch: kBatchBytesMax, unless its only chunk is longer.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "journal/journal.h"

namespace harrier::journal {

struct PendingChunk {
  std::uint64_t first_lsn = 0;
  std::uint32_t records = 0;
  base::Buffer bytes;
};

// Chunks of one shard that go to disk together.
struct PlannedBatch {
  std::size_t shard = 0;
  std::uint32_t records = 0;
  std::uint64_t length = 0;  // with its head, without padding
  std::vector<PendingChunk> chunks;

  std::uint64_t first_lsn() const { return chunks.front().first_lsn; }
  std::uint64_t last_lsn() const { return first_lsn() + records - 1; }
};

class PendingChunks {
 public:
  void add(std::size_t shard, PendingChunk chunk);
  bool empty() const { return count_ == 0; }
  // Padded length of the shortest batch that may come next. REQUIRES !empty().
  std::uint64_t next_length() const;
  // Batches that fit into `room` one behind the other, together at most `limit` unless the first
  // alone is longer.
  std::vector<PlannedBatch> take(std::uint64_t room, std::uint64_t limit);

 private:
  std::size_t shard_in_turn() const;
  PlannedBatch gather(std::size_t shard, std::uint64_t room);

  std::array<std::deque<PendingChunk>, kShards> shards_;
  std::size_t turn_ = 0;
  std::size_t count_ = 0;
};

}  // namespace harrier::journal

// The node's write-ahead journal: records of up to 17 shards in one sequence of batches, flushed in
// groups.
//
// Role:       store appends encoded records and is told when they are on disk; at start it gets all
//             records back in order. Knows bytes only: what a record means is store's business.
// Model:      loops append() → pending per shard → run_flush(): batches → one write, one
//             fdatasync → committed(). While a flush runs the next one's records gather; there is
//             no artificial delay for whoever waits. segments: free → active → full → (release())
//             → free: a ring of fixed files, filled with zeros when the journal is made.
//             docs/formats/journal.md has every byte.
// Invariants: (1) committed() is reported for a shard only after a successful fdatasync covers it,
//             in growing order. (2) A sector that has been synced is never written again until its
//             segment is recycled. (3) LSNs of a shard are dense over its records.
// Thread:     append(), urge(), usage(): any (synchronized by a mutex that is never held across
//             I/O). run_flush(): one thread, the flusher. open(), replay(): before any of them.
// Errors:     a failed write or sync poisons the journal: run_flush() returns the error, nothing is
//             reported as committed afterwards, and the caller ends the process.
// Limits:     JournalOptions; pending bytes are bounded by the callers, who stop producing at
//             usage().
// Spec:       docs/formats/journal.md, docs/adr/0006-journal.md.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "journal/file_system.h"
#include "journal/flush_counters.h"

namespace harrier::journal {

// 0 is the control shard; 1 … 16 hold virtual hosts. Fixed in the format.
inline constexpr std::size_t kShards = 17;
// What a batch, header and padding included, is kept below; one record may be longer.
inline constexpr std::size_t kBatchBytesMax = 1 << 20;
// What one flush writes, at most; a single batch may be longer.
inline constexpr std::size_t kFlushBytesMax = 4 << 20;
// Room of written chunks that is kept for the next ones.
inline constexpr std::size_t kSpareBytesMax = 4 << 20;
// The longest record: larger things are cut into several by the caller.
inline constexpr std::size_t kRecordBytesMax = 512 << 10;

using ShardLsns = std::array<std::uint64_t, kShards>;

// What options may say; sizes are multiples of 4096. A chunk must fit a segment less three blocks.
inline constexpr std::uint64_t kSegmentBytesMin = 32 << 10;
inline constexpr std::uint32_t kSegmentsMax = 10'000;

struct JournalOptions {
  std::uint64_t segment_bytes = 16 << 20;
  std::uint32_t segments = 16;
  // A flush that nobody waits for comes this late; as long after a commit an idle journal seals it.
  base::Milliseconds idle_delay{100};
  // Where salts come from; none: the operating system's generator. Tests pass a seeded one.
  base::RandomSource* random = nullptr;
};

// One record inside a chunk or a batch: an 8-byte head and the payload.
//   u32 payload size · u8 type · u8 version · u8 flags · u8 zero, all big-endian as everywhere.
struct Record {
  std::uint64_t lsn = 0;
  std::uint8_t type = 0;
  std::uint8_t version = 0;
  // Bit 0: the group goes on with the next record; a group without its last record never was.
  std::uint8_t flags = 0;
  base::Bytes payload;
};
inline constexpr std::size_t kRecordHeadBytes = 8;
inline constexpr std::uint8_t kGroupContinues = 1;

// What the journal found when it was opened.
struct RecoveryReport {
  std::uint64_t segments_read = 0;
  std::uint64_t batches = 0;
  std::uint64_t records = 0;
  std::uint64_t torn_bytes = 0;       // behind the last whole batch, zeroed
  std::uint64_t dropped_records = 0;  // of groups whose end is missing
  ShardLsns last_lsn{};
  // The last batch says that the process ended in an orderly way.
  bool clean = false;
};

enum class OpenFailure : std::uint8_t {
  kCorrupt,  // damaged below what was known to be safe: exit 65
  kForeign,  // another node's or a newer version's: exit 78
  kIo,       // the disk failed
};
struct OpenError {
  OpenFailure kind = OpenFailure::kIo;
  // Names segment, offset and LSNs.
  std::string message;
};

// How full it is, for those who hold publishers back.
struct JournalUsage {
  std::uint32_t segments = 0;
  std::uint32_t segments_used = 0;  // not free: the active one and those before it
  std::uint64_t pending_bytes = 0;  // appended, not yet written
  std::uint64_t active_segment = 0;
  // The last flush found no segment that it may begin, and nothing has changed since.
  bool stands_still = false;
};

class Journal {
 public:
  // Gets every record of every group that is whole, in order. False stops the replay with the
  // message that it left in `why` (a record that store cannot understand): OpenFailure::kCorrupt.
  using Replay = std::function<bool(std::size_t shard, const Record& record, std::string& why)>;
  using Progress = std::function<void(std::uint64_t done_bytes, std::uint64_t total_bytes)>;
  // Called by the flusher after a sync: everything up to `lsn` of this shard is on disk.
  using Committed = std::function<void(std::size_t shard, std::uint64_t lsn)>;

  // Where a checkpoint says the journal still matters.
  struct Start {
    std::uint64_t first_segment = 0;  // from first_segment_needed(); older ones are free
    std::uint64_t last_batch = 0;     // known to be on disk: a journal that ends before is damaged
    std::uint64_t epoch = 1;          // of this start; greater than that of any before
    // Of each shard, also of one without records since first_segment: committed for sure.
    ShardLsns committed{};
  };

  // Makes the journal's folder if there is none. Reads what is there from start.first_segment on,
  // calls `replay` for it, cuts a torn tail, and is ready to append under a new epoch. The writer
  // continues in a fresh segment, which is begun by the first batch. `files` outlives the journal.
  static base::Result<std::unique_ptr<Journal>, OpenError> open(
      FileSystem& files, const std::string& node_uuid, const JournalOptions& options,
      const Start& start, const Replay& replay, const Progress& progress, RecoveryReport& report);

  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Takes `chunk`: whole records with their heads, the first of which is `first_lsn` of `shard`.
  // Chunks of one shard come in LSN order, without gaps. `waited_for`: somebody waits for it, flush
  // at once. Returns an empty buffer for the next chunk, with room from one that has been written
  // if there is one. REQUIRES a chunk of one record, or one that fits a batch with its head.
  base::Buffer append(std::size_t shard, std::uint64_t first_lsn, std::uint32_t records,
                      base::Buffer chunk, bool waited_for);
  // Somebody now waits for what was appended before.
  void urge();
  JournalUsage usage() const;

  // ---- the flusher: while (wait_for_work()) run_flush(committed);
  // Waits until there is something to flush or to seal, or stop() was called; false then.
  bool wait_for_work();
  // Writes and syncs up to kFlushBytesMax of what is pending, then reports it; seals if that is
  // what wait_for_work() found due; else does nothing. In tests it is called directly.
  // is_out_of_space() means that no segment is free: nothing is lost or broken, and there is no
  // more work until release(). Every other error is final.
  IoStatus run_flush(const Committed& committed);
  // Appends and syncs an empty batch that proves the one before it, if there is need for it.
  IoStatus seal();
  // Wakes wait_for_work() for good; any thread.
  void stop();
  // Appends and syncs an empty batch, so that the end before it is no longer the last: whatever
  // comes from now on, it was not closed cleanly.
  IoStatus mark_open();
  // After stop(), the last call: flushes what is pending and a batch that says «clean».
  IoStatus close_cleanly(const Committed& committed);

  // ---- recycling, any thread
  // The last LSN of each shard in segments up to and including `segment`.
  ShardLsns last_lsns_through(std::uint64_t segment) const;
  // What Start::first_segment may be for a checkpoint that covers each shard up to `covered`.
  std::uint64_t first_segment_needed(const ShardLsns& covered) const;
  // The oldest segment in use.
  std::uint64_t oldest_segment() const;
  // Number of the last batch known to be on disk, for checkpoints.
  std::uint64_t committed_batch() const;
  std::uint64_t committed_lsn(std::size_t shard) const;
  const FlushCounters& flush_counters() const;
  // Segments before `segment` may be written over. The newest that was begun stays, so that the
  // chain of batches has something to go on from.
  void release(std::uint64_t segment);
  // run_flush() leaves so many segments free; none at first.
  void keep_free(std::uint32_t segments);
  // Makes one more segment, for good: the way on when what is pending must reach the disk before
  // anything can be released. One thread at a time, not the flusher. is_out_of_space(): nothing has
  // changed, also with kSegmentsMax there are.
  IoStatus grow();

 private:
  class Parts;
  explicit Journal(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace harrier::journal

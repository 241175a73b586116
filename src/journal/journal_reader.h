// The journal as it lies on disk, read without changing anything.
//
// Role:   Journal::open() recovers with it; `harrier-journal` lists, checks and repairs with it.
//         Decides where the chain of batches ends and whether that is a torn tail or damage.
// Model:  docs/formats/journal.md, "Reading". headers → chain of batches → end → evidence behind
//         the end: ChainEnd::verdict.
// Thread: confined to its user.
// Errors: IoError when the disk fails; what the bytes say is in SegmentFacts, BatchFacts, ChainEnd.
// Limits: memory: one batch, or 256 KiB; nothing is allocated by a length that the file does not
//         have.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "journal/journal.h"
#include "journal/journal_format.h"

namespace harrier::journal {

struct SegmentFacts {
  std::uint32_t file = 0;  // number in the file's name
  std::string path;
  std::uint64_t file_bytes = 0;
  HeaderState state = HeaderState::kUnused;
  SegmentHeader header;  // when valid
};

enum class BatchState : std::uint8_t { kWhole, kPayloadDamaged };

struct BatchFacts {
  const SegmentFacts* segment = nullptr;
  std::uint64_t offset = 0;
  BatchHead head;
  BatchState state = BatchState::kWhole;
};

enum class Verdict : std::uint8_t {
  kWhole,    // nothing, or nothing of this journal's, behind the end
  kTorn,     // batches behind the end that nobody was told of: to be zeroed
  kCorrupt,  // batches are missing that were on disk
  kForeign,  // another node's, a newer version's, or from a later start than ours
};

struct ChainEnd {
  Verdict verdict = Verdict::kWhole;
  std::string message;  // for kCorrupt and kForeign: what and where
  // The first batch that is not there, and where it was expected; no segment: none is begun.
  std::uint64_t next_batch = 1;
  const SegmentFacts* segment = nullptr;
  std::uint64_t offset = 0;
  bool segment_is_empty = false;  // begun, but without one whole batch
  // Of the last whole batch.
  std::uint64_t last_epoch = 0;
  bool clean = false;
  ShardLsns last_lsn{};
  std::uint64_t proven_batch = 0;  // the highest watermark inside the chain
  std::uint64_t last_record_batch = 0;
  // The highest batch that is known to have been on disk.
  std::uint64_t known_batch = 0;
  // Batches of this journal behind the end.
  std::vector<BatchFacts> later;
  std::vector<const SegmentFacts*> chain;   // in order
  std::vector<const SegmentFacts*> strays;  // begun segments that the chain does not reach
};

class JournalReader {
 public:
  // Reads every header. `writable`: syncs the files and drops their cached pages first, which
  // open() needs and a look from outside must not do.
  static IoResult<std::unique_ptr<JournalReader>> open(FileSystem& files, bool writable);

  // In the order of their file names.
  const std::vector<SegmentFacts>& segments() const { return segments_; }
  // The size that all files have or should have.
  std::uint64_t segment_bytes() const { return segment_bytes_; }
  File& file(const SegmentFacts& segment) const;
  // Gives the files away, in the order of segments(). The reader reads no more.
  std::vector<std::unique_ptr<File>> take_files() { return std::move(files_); }

  // Every whole batch of the chain in order, `padded` with head and padding; false stops the walk
  // with what it returned in `why` as damage.
  using Visit = std::function<bool(const BatchFacts& batch, base::Bytes padded, std::string& why)>;
  IoResult<ChainEnd> walk(const std::string& node_uuid, const Journal::Start& start,
                          const Visit& visit, const Journal::Progress& progress = {});

  // Every block of a segment from `offset` on that starts with an intact batch head, whatever it
  // belongs to. A whole batch is stepped over, a damaged one is searched.
  using Look = std::function<void(const BatchFacts& batch)>;
  IoStatus each_batch(const SegmentFacts& segment, std::uint64_t offset, const Look& look);

 private:
  class Walk;
  JournalReader() = default;
  // A view of up to `size` bytes at `offset`, fewer at the end of the file; until the next call.
  IoResult<base::Bytes> bytes_at(const SegmentFacts& segment, std::uint64_t offset,
                                 std::uint64_t size);

  std::vector<SegmentFacts> segments_;
  std::vector<std::unique_ptr<File>> files_;
  std::uint64_t segment_bytes_ = 0;
  // What bytes_at() read ahead.
  const SegmentFacts* window_segment_ = nullptr;
  std::uint64_t window_offset_ = 0;
  std::vector<char> window_;
};

// Calls take(record) for each record of a whole batch; false if the bytes are not as many whole
// records as the head says, or if take() said so.
using TakeRecord = std::function<bool(const Record& record)>;
bool each_record(const BatchHead& head, base::Bytes padded, const TakeRecord& take);

}  // namespace harrier::journal

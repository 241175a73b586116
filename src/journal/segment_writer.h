// Writes one flush: batches behind one another into one segment, then one sync.
//
// Role:   the flusher's half of the journal that knows bytes; which segment and which batches is
//         the journal's decision.
// Model:  no segment → begin() → write() … → begin(). The header is written with the first batches
//         of its segment.
// Thread: confined to the flusher.
// Errors: the first failed write or sync is kept and every later write() returns it. Its code is
//         never "out of space": that is said for segments only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "journal/file_system.h"
#include "journal/journal_format.h"
#include "journal/pending_chunks.h"

namespace harrier::journal {

class SegmentWriter {
 public:
  SegmentWriter(std::uint64_t segment_bytes, std::uint64_t next_batch)
      : segment_bytes_(segment_bytes), next_batch_(next_batch) {}

  bool has_segment() const { return file_ != nullptr; }
  std::uint64_t segment() const { return header_.number; }
  // Bytes that batches may still take.
  std::uint64_t room_for_records() const;
  std::uint64_t room_for_seal() const { return file_ == nullptr ? 0 : segment_bytes_ - offset_; }
  std::uint64_t next_batch() const { return next_batch_; }
  const std::optional<IoError>& poison() const { return poison_; }

  // Goes on in `file`. Everything written before is synced.
  void begin(File& file, SegmentHeader header);
  // Writes and syncs. All batches carry `watermark`.
  IoStatus write(const std::vector<PlannedBatch>& batches, std::uint64_t watermark);
  IoStatus write_seal(std::uint8_t flags, std::uint64_t watermark);

 private:
  void start_flush(std::size_t batches);
  void add_batch(BatchHead head, std::span<const PendingChunk> chunks, std::uint64_t watermark);
  IoStatus flush();

  const std::uint64_t segment_bytes_;
  std::uint64_t next_batch_;
  File* file_ = nullptr;
  SegmentHeader header_;
  bool header_is_due_ = false;
  std::uint64_t offset_ = 0;  // of the next batch
  std::optional<IoError> poison_;

  // Of the flush being written; kept for their memory.
  std::vector<char> header_block_;
  std::vector<char> heads_;
  std::vector<base::Bytes> parts_;
  std::uint64_t flush_bytes_ = 0;
};

}  // namespace harrier::journal

#include "journal/segment_writer.h"

#include <array>
#include <cerrno>

#include "base/check.h"
#include "base/crc32c.h"

namespace harrier::journal {
namespace {

constexpr std::array<char, kBlockBytes> kZeros{};

}  // namespace

std::uint64_t SegmentWriter::room_for_records() const {
  if (file_ == nullptr || offset_ + kReservedBytes > segment_bytes_) return 0;
  return segment_bytes_ - offset_ - kReservedBytes;
}

void SegmentWriter::begin(File& file, SegmentHeader header) {
  file_ = &file;
  header_ = std::move(header);
  header_.last_batch_before = next_batch_ - 1;
  header_.first_batch = next_batch_;
  header_.file_bytes = segment_bytes_;
  header_is_due_ = true;
  offset_ = kBlockBytes;
}

IoStatus SegmentWriter::write(const std::vector<PlannedBatch>& batches, std::uint64_t watermark) {
  if (poison_) return base::fail(*poison_);
  start_flush(batches.size());
  for (const PlannedBatch& batch : batches) {
    add_batch({.length = static_cast<std::uint32_t>(batch.length),
               .shard = static_cast<std::uint8_t>(batch.shard),
               .records = batch.records,
               .first_lsn = batch.first_lsn()},
              batch.chunks, watermark);
  }
  return flush();
}

IoStatus SegmentWriter::write_seal(std::uint8_t flags, std::uint64_t watermark) {
  if (poison_) return base::fail(*poison_);
  start_flush(1);
  add_batch({.length = kBatchHeadBytes, .flags = static_cast<std::uint8_t>(flags | kBatchSeal)}, {},
            watermark);
  return flush();
}

void SegmentWriter::start_flush(std::size_t batches) {
  CHECK(file_ != nullptr);
  parts_.clear();
  heads_.clear();
  // Parts point into it: it must not grow in between.
  heads_.reserve(batches * kBatchHeadBytes);
  flush_bytes_ = 0;
  if (!header_is_due_) return;
  header_block_.resize(kBlockBytes);
  encode_segment_header(header_, header_block_.data());
  parts_.emplace_back(header_block_.data(), kBlockBytes);
}

void SegmentWriter::add_batch(BatchHead head, std::span<const PendingChunk> chunks,
                              std::uint64_t watermark) {
  const std::size_t at = heads_.size();
  heads_.resize(at + kBatchHeadBytes);
  parts_.emplace_back(heads_.data() + at, kBatchHeadBytes);
  std::uint32_t crc = checksum_seed(header_.number, header_.salt);
  for (const PendingChunk& chunk : chunks) {
    parts_.emplace_back(chunk.bytes.data(), chunk.bytes.size());
    crc = base::crc32c(parts_.back(), crc);
  }
  const base::Bytes padding(kZeros.data(), head.padded_length() - head.length);
  parts_.push_back(padding);
  head.epoch = header_.epoch;
  head.number = next_batch_++;
  head.watermark = watermark;
  head.segment = header_.number;
  head.salt = header_.salt;
  head.payload_crc = base::crc32c(padding, crc);
  encode_batch_head(head, heads_.data() + at);
  flush_bytes_ += head.padded_length();
}

IoStatus SegmentWriter::flush() {
  CHECK(offset_ + flush_bytes_ <= segment_bytes_);
  IoStatus done = file_->write_at(header_is_due_ ? 0 : offset_, parts_);
  if (done.ok()) done = file_->sync_contents();
  if (!done.ok()) {
    poison_ = std::move(done).error();
    if (poison_->is_out_of_space()) poison_->code = EIO;
    return base::fail(*poison_);
  }
  header_is_due_ = false;
  offset_ += flush_bytes_;
  return base::Done{};
}

}  // namespace harrier::journal

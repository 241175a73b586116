#include "journal/journal_reader.h"

#include <algorithm>

#include "journal/segment_files.h"

namespace harrier::journal {
namespace {

constexpr std::uint64_t kWindowBytes = 256 << 10;

IoResult<SegmentFacts> read_facts(std::uint32_t number, File& file, bool writable) {
  SegmentFacts facts{.file = number, .path = segment_path(number)};
  if (writable) {
    if (auto done = file.sync_contents(); !done.ok()) return base::fail(std::move(done).error());
    if (auto done = file.drop_cached(); !done.ok()) return base::fail(std::move(done).error());
  }
  auto size = file.size();
  if (!size.ok()) return base::fail(std::move(size).error());
  facts.file_bytes = *size;
  char block[kBlockBytes];
  auto got = file.read_at(0, block, sizeof block);
  if (!got.ok()) return base::fail(std::move(got).error());
  facts.state = decode_segment_header({block, *got}, facts.header);
  return facts;
}

}  // namespace

IoResult<std::unique_ptr<JournalReader>> JournalReader::open(FileSystem& files, bool writable) {
  std::unique_ptr<JournalReader> reader(new JournalReader);
  auto numbers = list_segment_files(files);
  if (!numbers.ok()) return base::fail(std::move(numbers).error());
  for (const std::uint32_t number : *numbers) {
    auto file = files.open(segment_path(number), writable ? OpenMode::kReadWrite : OpenMode::kRead);
    if (!file.ok()) return base::fail(std::move(file).error());
    auto facts = read_facts(number, **file, writable);
    if (!facts.ok()) return base::fail(std::move(facts).error());
    reader->segment_bytes_ =
        std::max(reader->segment_bytes_, facts->file_bytes / kBlockBytes * kBlockBytes);
    if (facts->state == HeaderState::kValid)
      reader->segment_bytes_ = std::max(reader->segment_bytes_, facts->header.file_bytes);
    reader->segments_.push_back(*std::move(facts));
    reader->files_.push_back(*std::move(file));
  }
  return reader;
}

File& JournalReader::file(const SegmentFacts& segment) const {
  return *files_[static_cast<std::size_t>(&segment - segments_.data())];
}

IoResult<base::Bytes> JournalReader::bytes_at(const SegmentFacts& segment, std::uint64_t offset,
                                              std::uint64_t size) {
  if (offset >= segment.file_bytes) return base::Bytes();
  size = std::min(size, segment.file_bytes - offset);
  if (window_segment_ != &segment || offset < window_offset_ ||
      offset + size > window_offset_ + window_.size()) {
    window_segment_ = nullptr;
    window_.resize(std::min(std::max(size, kWindowBytes), segment.file_bytes - offset));
    auto got = file(segment).read_at(offset, window_.data(), window_.size());
    if (!got.ok()) return base::fail(std::move(got).error());
    window_.resize(*got);
    window_segment_ = &segment;
    window_offset_ = offset;
  }
  return base::Bytes(window_.data(), window_.size()).substr(offset - window_offset_, size);
}

IoStatus JournalReader::each_batch(const SegmentFacts& segment, std::uint64_t offset,
                                   const Look& look) {
  while (offset < segment.file_bytes) {
    auto bytes = bytes_at(segment, offset, kBatchHeadBytes);
    if (!bytes.ok()) return base::fail(std::move(bytes).error());
    const auto head = decode_batch_head(*bytes, segment.file_bytes - offset);
    std::uint64_t step = kBlockBytes;
    if (head) {
      bytes = bytes_at(segment, offset, head->padded_length());
      if (!bytes.ok()) return base::fail(std::move(bytes).error());
      const bool whole = bytes->size() == head->padded_length() && payload_is_intact(*head, *bytes);
      if (whole) step = head->padded_length();
      look({&segment, offset, *head, whole ? BatchState::kWhole : BatchState::kPayloadDamaged});
    }
    offset += step;
  }
  return base::Done{};
}

bool each_record(const BatchHead& head, base::Bytes padded, const TakeRecord& take) {
  base::ByteReader reader(padded.substr(kBatchHeadBytes, head.length - kBatchHeadBytes));
  for (std::uint32_t i = 0; i < head.records; ++i) {
    Record record{.lsn = head.first_lsn + i};
    const std::uint32_t size = reader.u32();
    record.type = reader.u8();
    record.version = reader.u8();
    record.flags = reader.u8();
    reader.u8();
    record.payload = reader.take(size);
    if (!reader.ok() || !take(record)) return false;
  }
  return reader.remaining() == 0;
}

}  // namespace harrier::journal

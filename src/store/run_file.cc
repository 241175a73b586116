#include "store/run_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/crc32c.h"
#include "store/run_block_decoder.h"
#include "store/run_format.h"

namespace harrier::store {
namespace {

using base::Buffer;
using base::Bytes;
using base::Done;

// What is read of a block before its length is known: the whole of most small ones.
constexpr std::uint64_t kFirstReadBytes = 4096;

RunError io_error(journal::IoError error) { return {RunFailure::kIo, std::move(error.message)}; }

}  // namespace

RunFile::RunFile(RunId run, std::unique_ptr<journal::File> file, std::uint64_t file_bytes)
    : run_(run), path_(run_path(run)), file_(std::move(file)), file_bytes_(file_bytes) {}

RunResult<std::shared_ptr<const RunFile>> RunFile::open(journal::FileSystem& files, RunId run,
                                                        const std::string& node_uuid) {
  auto file = files.open(run_path(run), journal::OpenMode::kRead);
  if (!file.ok()) return base::fail(io_error(std::move(file).error()));
  const auto size = (*file)->size();
  if (!size.ok()) return base::fail(io_error(size.error()));
  std::shared_ptr<RunFile> opened(new RunFile(run, std::move(*file), *size));
  if (auto checked = opened->check_head(node_uuid); !checked.ok())
    return base::fail(std::move(checked).error());
  if (auto checked = opened->read_tail(); !checked.ok())
    return base::fail(std::move(checked).error());
  return std::shared_ptr<const RunFile>(std::move(opened));
}

RunResult<Done> RunFile::check_head(std::string_view node_uuid) const {
  if (file_bytes_ < kRunHeadBytes + kTailBytes)
    return damaged(file_bytes_, "the file ends where no run can");
  Buffer bytes;
  if (auto done = read(0, kRunHeadBytes, bytes); !done.ok()) return done;
  const std::optional<RunHead> head = parse_run_head(bytes.bytes());
  if (!head.has_value()) return damaged(0, "no intact head of a run is here");
  if (head->min_reader_version > kRunVersion) {
    return base::fail(
        RunError{RunFailure::kForeign, path_ + " was written by a newer HarrierMQ: it asks for " +
                                           "version " + std::to_string(head->min_reader_version) +
                                           " of the format, this one reads version " +
                                           std::to_string(kRunVersion)});
  }
  if (head->node_uuid != node_uuid) {
    return base::fail(RunError{RunFailure::kForeign, path_ + " belongs to node " + head->node_uuid +
                                                         ", this is node " +
                                                         std::string(node_uuid)});
  }
  if (head->run != run_) return damaged(0, "it is the head of " + run_path(head->run));
  return Done{};
}

RunResult<Done> RunFile::read_tail() {
  const std::uint64_t tail_offset = file_bytes_ - kTailBytes;
  Buffer bytes;
  if (auto done = read(tail_offset, kTailBytes, bytes); !done.ok()) return done;
  const std::optional<RunTail> tail = parse_run_tail(bytes.bytes());
  if (!tail.has_value() || tail->run != run_ || tail->file_bytes != file_bytes_)
    return damaged(tail_offset, "no intact tail of this run is here; the file was not finished");
  const bool index_fits = tail->index_offset >= kRunHeadBytes &&
                          tail->index_offset <= tail_offset &&
                          tail->extent_count == (tail_offset - tail->index_offset) / kExtentBytes &&
                          (tail_offset - tail->index_offset) % kExtentBytes == 0;
  if (!index_fits) return damaged(tail_offset, "the tail puts the index where it cannot be");
  index_offset_ = tail->index_offset;
  entry_count_ = tail->entry_count;
  index_crc_ = tail->index_crc;
  return Done{};
}

RunResult<Done> RunFile::read(std::uint64_t offset, std::uint64_t size, Buffer& to) const {
  auto done = file_->read_at(offset, to.reserve(size), size);
  if (!done.ok()) return base::fail(io_error(std::move(done).error()));
  if (*done != size) return damaged(offset + *done, "the file became shorter");
  to.commit(size);
  return Done{};
}

base::Failure<RunError> RunFile::damaged(std::uint64_t offset, std::string_view what) const {
  return base::fail(RunError{
      RunFailure::kDamaged,
      path_ + " is damaged at offset " + std::to_string(offset) + ": " + std::string(what)});
}

RunResult<PlacedBlockHead> RunFile::check_block_head(std::uint64_t offset, Bytes bytes) const {
  const std::optional<PlacedBlockHead> head = parse_block_head(bytes.substr(0, kBlockHeadBytes));
  if (!head.has_value()) return damaged(offset, "no intact head of a block is here");
  if (head->run != run_ || head->offset != offset) {
    return damaged(offset, "the block here is that of offset " + std::to_string(head->offset) +
                               " of " + run_path(head->run));
  }
  if (head->block.length > index_offset_ - offset)
    return damaged(offset, "the block here goes on behind the last one");
  return *head;
}

RunResult<RunBlockHead> RunFile::read_block_head(std::uint64_t offset) const {
  if (offset < kRunHeadBytes || offset > index_offset_ || index_offset_ - offset < kBlockHeadBytes)
    return damaged(offset, "no block can be here");
  Buffer bytes;
  if (auto done = read(offset, kBlockHeadBytes, bytes); !done.ok())
    return base::fail(std::move(done).error());
  auto head = check_block_head(offset, bytes.bytes());
  if (!head.ok()) return base::fail(std::move(head).error());
  return head->block;
}

RunResult<RunBlock> RunFile::read_block(std::uint64_t offset) const {
  if (offset < kRunHeadBytes || offset > index_offset_ || index_offset_ - offset < kBlockHeadBytes)
    return damaged(offset, "no block can be here");
  RunResult<RunBlock> result{std::in_place};
  RunBlock& block = *result;
  const std::uint64_t first_read = std::min(kFirstReadBytes, index_offset_ - offset);
  if (auto done = read(offset, first_read, block.bytes); !done.ok())
    return base::fail(std::move(done).error());
  auto head = check_block_head(offset, block.bytes.bytes());
  if (!head.ok()) return base::fail(std::move(head).error());
  block.head = head->block;
  if (block.head.length > first_read) {
    const std::uint64_t rest = block.head.length - first_read;
    if (auto done = read(offset + first_read, rest, block.bytes); !done.ok())
      return base::fail(std::move(done).error());
  }
  const Bytes entries =
      block.bytes.bytes().substr(kBlockHeadBytes, block.head.length - kBlockHeadBytes);
  if (base::crc32c(entries) != head->entries_crc)
    return damaged(offset, "the CRC of the entries of the block here is wrong");
  RunBlockDecoder decoder(offset, block);
  const char* wrong = decoder.decode_entries(entries);
  if (wrong == nullptr) {
    if (auto done = read_shared(offset, decoder, block); !done.ok())
      return base::fail(std::move(done).error());
    wrong = decoder.check_totals();
  }
  if (wrong != nullptr) return damaged(offset, "the block here is none: " + std::string(wrong));
  return result;
}

RunResult<Done> RunFile::read_shared(std::uint64_t offset, RunBlockDecoder& decoder,
                                     RunBlock& block) const {
  for (const RunBlockDecoder::Region& region : decoder.shared_regions()) {
    Buffer& bytes = block.shared_bodies.emplace_back();
    if (auto done = read(region.offset, region.length, bytes); !done.ok()) return done;
    if (const char* wrong = decoder.decode_shared(region, bytes.bytes())) {
      return damaged(region.offset, "for the block at offset " + std::to_string(offset) + ": " +
                                        std::string(wrong));
    }
  }
  return Done{};
}

RunResult<std::vector<RunExtent>> RunFile::read_index() const {
  Buffer bytes;
  const std::uint64_t size = file_bytes_ - kTailBytes - index_offset_;
  if (auto done = read(index_offset_, size, bytes); !done.ok())
    return base::fail(std::move(done).error());
  if (base::crc32c(bytes.bytes()) != index_crc_)
    return damaged(index_offset_, "the CRC of the index is wrong");
  std::optional<std::vector<RunExtent>> extents = parse_index(bytes.bytes(), index_offset_);
  if (!extents.has_value()) return damaged(index_offset_, "the extents do not fit the file");
  std::uint64_t count = 0;
  for (const RunExtent& extent : *extents)
    count += extent.count;
  if (count != entry_count_) return damaged(index_offset_, "the extents do not fit the tail");
  return *std::move(extents);
}

}  // namespace harrier::store

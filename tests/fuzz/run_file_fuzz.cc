// Concern: a run file may hold anything after a disk went bad, and costs no more than its size.
//          Plan: the input is read as a file; as the part of one behind an intact head; and so with
//          every checksum made to fit, which is where the other checks begin. What is accepted must
//          be consistent: heads, blocks and extents say the same.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "base/check.h"
#include "store/run_file.h"
#include "store/run_format.h"
#include "unit/store/memory_file_system.h"
#include "unit/store/run_mending.h"

namespace {

using namespace harrier;  // NOLINT: a program of its own

constexpr store::RunId kRun{5};
const std::string kNode = "n1";

void check_block(const store::RunFile& file, std::uint64_t offset) {
  const auto head = file.read_block_head(offset);
  const auto block = file.read_block(offset);
  if (!head.ok()) CHECK(!block.ok());
  if (!block.ok()) {
    CHECK(block.error().kind == store::RunFailure::kDamaged);
    return;
  }
  CHECK(block->head == *head);
  CHECK(block->entries.size() == head->count);
  std::uint64_t body_bytes = 0;
  for (const store::RunBlockEntry& entry : block->entries) {
    CHECK(entry.position >= head->first && entry.position <= head->last);
    CHECK(entry.message_offset < file.file_bytes());
    body_bytes += entry.parts.body.size();
  }
  CHECK(body_bytes == head->body_bytes);
  CHECK(body_bytes <= file.file_bytes());
}

void check_extent(const store::RunFile& file, const store::RunExtent& extent) {
  CHECK(extent.offset + extent.length < file.file_bytes());
  for (std::uint64_t at = extent.offset; at < extent.offset + extent.length;) {
    check_block(file, at);
    const auto head = file.read_block_head(at);
    if (!head.ok()) return;
    CHECK(head->length >= store::kBlockHeadBytes);
    at += head->length;
  }
}

void check_file(std::string bytes) {
  test::MemoryFileSystem disk;
  disk.contents(store::run_path(kRun)) = std::move(bytes);
  const auto opened = store::RunFile::open(disk, kRun, kNode);
  if (!opened.ok()) {
    CHECK(opened.error().kind != store::RunFailure::kIo);
    return;
  }
  const store::RunFile& file = **opened;
  for (const std::uint64_t offset :
       {std::uint64_t{0}, file.file_bytes() / 2, file.file_bytes(), UINT64_MAX})
    check_block(file, offset);
  // The blocks one after the other, whatever the index says of them.
  for (std::uint64_t at = store::kRunHeadBytes; at < file.file_bytes();) {
    check_block(file, at);
    const auto head = file.read_block_head(at);
    if (!head.ok()) break;
    at += head->length;
  }
  const auto extents = file.read_index();
  if (!extents.ok()) return;
  for (const store::RunExtent& extent : *extents)
    check_extent(file, extent);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  check_file(std::string(input));
  base::Buffer head;
  store::append_run_head(head, {.run = kRun, .node_uuid = kNode});
  std::string file = std::string(head.bytes()) + std::string(input);
  check_file(file);
  store::mend_run(file);
  check_file(std::move(file));
  return 0;
}

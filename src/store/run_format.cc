#include "store/run_format.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/crc32c.h"

namespace harrier::store {
namespace {

using base::Buffer;
using base::ByteReader;
using base::Bytes;

constexpr Bytes kHeadMagic = "HMQRUN\r\n";
constexpr Bytes kTailMagic = "HMQREND\n";
constexpr Bytes kBlockMagic = "BLCK";

void append_crc_of(Buffer& to, std::size_t part_bytes) {
  to.append_number(base::crc32c(to.bytes().substr(to.size() - part_bytes)));
}

// Whether `bytes` is a part of `size` bytes that ends with the CRC of what stands before it.
bool is_sealed(Bytes bytes, std::size_t size) {
  if (bytes.size() != size) return false;
  const std::size_t covered = size - kCrcBytes;
  return base::load_big_endian<std::uint32_t>(bytes.data() + covered) ==
         base::crc32c(bytes.substr(0, covered));
}

std::uint64_t milliseconds_of(base::WallTime time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

base::WallTime wall_time(std::uint64_t milliseconds) {
  return base::WallTime(base::Milliseconds(static_cast<std::int64_t>(milliseconds)));
}

RunExtent read_extent(ByteReader& reader) {
  RunExtent extent;
  extent.queue.value = reader.u64();
  extent.level = reader.u8();
  extent.offset = reader.u64();
  extent.length = reader.u64();
  extent.first.value = reader.u64();
  extent.last.value = reader.u64();
  extent.count = reader.u64();
  extent.body_bytes = reader.u64();
  extent.durable_count = reader.u64();
  extent.durable_body_bytes = reader.u64();
  return extent;
}

// Counts and places of entries that could be: at least one, each in a position of its own.
template <class Part>
bool counts_agree(const Part& part) {
  return part.count > 0 && part.first <= part.last &&
         part.count - 1 <= part.last.value - part.first.value && part.durable_count <= part.count &&
         part.durable_body_bytes <= part.body_bytes;
}

}  // namespace

void append_run_head(Buffer& to, const RunHead& head) {
  CHECK(head.node_uuid.size() <= kNodeUuidBytesMax);
  const std::size_t start = to.size();
  to.append(kHeadMagic);
  to.append_number(head.version);
  to.append_number(head.min_reader_version);
  to.append_number(std::uint32_t{0});
  to.append_number(head.run.value);
  to.append_number(static_cast<std::uint8_t>(head.node_uuid.size()));
  to.append(head.node_uuid);
  to.append(std::string(kRunHeadBytes - kCrcBytes - (to.size() - start), '\0'));
  append_crc_of(to, kRunHeadBytes - kCrcBytes);
}

std::optional<RunHead> parse_run_head(Bytes bytes) {
  if (!is_sealed(bytes, kRunHeadBytes)) return std::nullopt;
  ByteReader reader(bytes);
  if (reader.take(kHeadMagic.size()) != kHeadMagic) return std::nullopt;
  RunHead head;
  head.version = reader.u16();
  head.min_reader_version = reader.u16();
  reader.take(4);
  head.run.value = reader.u64();
  head.node_uuid = reader.short_string();
  if (head.node_uuid.size() > kNodeUuidBytesMax) return std::nullopt;
  return head;
}

void store_block_head(char* to, const PlacedBlockHead& head) {
  const char* start = to;
  const RunBlockHead& block = head.block;
  to = std::copy(kBlockMagic.begin(), kBlockMagic.end(), to);
  to = base::store_big_endian(to, block.count);
  to = base::store_big_endian(to, head.run.value);
  to = base::store_big_endian(to, head.offset);
  to = base::store_big_endian(to, block.length);
  to = base::store_big_endian(to, block.queue.value);
  to = base::store_big_endian(to, block.first.value);
  to = base::store_big_endian(to, block.last.value);
  to = base::store_big_endian(to, block.body_bytes);
  to = base::store_big_endian(to, block.durable_body_bytes);
  to = base::store_big_endian(to, block.durable_count);
  to = base::store_big_endian(to, std::uint32_t{block.level});
  to = base::store_big_endian(to, milliseconds_of(block.latest_expiry));
  to = base::store_big_endian(to, milliseconds_of(block.earliest_ingress));
  to = base::store_big_endian(to, head.entries_crc);
  base::store_big_endian(to, base::crc32c(Bytes(start, kBlockHeadBytes - kCrcBytes)));
}

std::optional<PlacedBlockHead> parse_block_head(Bytes bytes) {
  if (!is_sealed(bytes, kBlockHeadBytes)) return std::nullopt;
  ByteReader reader(bytes);
  if (reader.take(kBlockMagic.size()) != kBlockMagic) return std::nullopt;
  PlacedBlockHead head;
  RunBlockHead& block = head.block;
  block.count = reader.u32();
  head.run.value = reader.u64();
  head.offset = reader.u64();
  block.length = reader.u64();
  block.queue.value = reader.u64();
  block.first.value = reader.u64();
  block.last.value = reader.u64();
  block.body_bytes = reader.u64();
  block.durable_body_bytes = reader.u64();
  block.durable_count = reader.u32();
  const std::uint32_t level = reader.u32();
  block.latest_expiry = wall_time(reader.u64());
  block.earliest_ingress = wall_time(reader.u64());
  head.entries_crc = reader.u32();
  if (level > UINT8_MAX || !counts_agree(block) || block.length < kBlockHeadBytes)
    return std::nullopt;
  block.level = static_cast<std::uint8_t>(level);
  // No more entries than fit, and more than one only in a block that is not overlong.
  const std::uint64_t entries_bytes = block.length - kBlockHeadBytes;
  if (block.count > entries_bytes / kEntryBytesMin) return std::nullopt;
  if (block.count > 1 && block.length > kBlockBytes) return std::nullopt;
  return head;
}

void append_extent(Buffer& to, const RunExtent& extent) {
  to.append_number(extent.queue.value);
  to.append_number(extent.level);
  to.append_number(extent.offset);
  to.append_number(extent.length);
  to.append_number(extent.first.value);
  to.append_number(extent.last.value);
  to.append_number(extent.count);
  to.append_number(extent.body_bytes);
  to.append_number(extent.durable_count);
  to.append_number(extent.durable_body_bytes);
}

std::optional<std::vector<RunExtent>> parse_index(Bytes index, std::uint64_t index_offset) {
  if (index.size() % kExtentBytes != 0) return std::nullopt;
  std::vector<RunExtent> extents;
  extents.reserve(index.size() / kExtentBytes);
  std::uint64_t end = kRunHeadBytes;
  for (ByteReader reader(index); reader.remaining() > 0;) {
    const RunExtent extent = read_extent(reader);
    if (extent.offset != end || extent.length <= kBlockHeadBytes ||
        extent.length > index_offset - end || !counts_agree(extent))
      return std::nullopt;
    if (!extents.empty() && std::pair(extents.back().queue, extents.back().level) >=
                                std::pair(extent.queue, extent.level))
      return std::nullopt;
    end += extent.length;
    extents.push_back(extent);
  }
  if (end != index_offset) return std::nullopt;
  return extents;
}

void append_run_tail(Buffer& to, const RunTail& tail) {
  to.append(kTailMagic);
  to.append_number(tail.run.value);
  to.append_number(tail.file_bytes);
  to.append_number(tail.index_offset);
  to.append_number(tail.extent_count);
  to.append_number(tail.entry_count);
  to.append_number(tail.index_crc);
  append_crc_of(to, kTailBytes - kCrcBytes);
}

std::optional<RunTail> parse_run_tail(Bytes bytes) {
  if (!is_sealed(bytes, kTailBytes)) return std::nullopt;
  ByteReader reader(bytes);
  if (reader.take(kTailMagic.size()) != kTailMagic) return std::nullopt;
  RunTail tail;
  tail.run.value = reader.u64();
  tail.file_bytes = reader.u64();
  tail.index_offset = reader.u64();
  tail.extent_count = reader.u64();
  tail.entry_count = reader.u64();
  tail.index_crc = reader.u32();
  return tail;
}

}  // namespace harrier::store

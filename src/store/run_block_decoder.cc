#include "store/run_block_decoder.h"

#include <algorithm>
#include <optional>

#include "base/crc32c.h"
#include "store/message_codec.h"

namespace harrier::store {
namespace {

// Reading on over so many bytes that nobody asked for is cheaper than another call.
constexpr std::uint64_t kGapBytesMax = 1024;

}  // namespace

const char* RunBlockDecoder::decode_entries(base::Bytes entries) {
  weight_ = block_.head.length;
  block_.entries.reserve(block_.head.count);
  base::ByteReader reader(entries);
  for (std::uint32_t i = 0; i < block_.head.count; ++i) {
    if (const char* wrong = decode_entry(reader, entries.data())) return wrong;
  }
  return reader.remaining() == 0 ? nullptr : "there are bytes behind its last entry";
}

const char* RunBlockDecoder::decode_entry(base::ByteReader& reader, const char* start) {
  const std::uint64_t entries_offset = offset_ + kBlockHeadBytes;
  const std::uint64_t entry_offset =
      entries_offset + static_cast<std::uint64_t>(reader.position() - start);
  RunBlockEntry entry;
  entry.position.value = reader.u64();
  const std::uint8_t flags = reader.u8();
  entry.delivery_count = reader.u16();
  entry.transient = (flags & kTransient) != 0;
  entry.may_be_shared = (flags & (kSharedBody | kOffered)) != 0;
  if ((flags & kHasExpiry) != 0) {
    entry.expires_at = base::WallTime(base::Milliseconds(static_cast<std::int64_t>(reader.u64())));
    if (entry.expires_at == kNoExpiry) return "an entry has no expiry, and a flag for it";
  }
  if (!reader.ok() || (flags & ~kKnownEntryFlags) != 0) return "an entry is no entry";
  if (!block_.entries.empty() && entry.position <= block_.entries.back().position)
    return "its positions do not grow";
  if ((flags & kSharedBody) != 0) {
    if ((flags & kOffered) != 0) return "an entry offers a message it does not have";
    if (const char* wrong = decode_reference(reader, entry_offset)) return wrong;
    entry.message_offset = shared_.back().place.offset;
  } else {
    entry.message_offset = entries_offset + static_cast<std::uint64_t>(reader.position() - start);
    std::optional<broker::MessageParts> parts = decode_message(reader);
    if (!parts.has_value()) return "a message is no message";
    entry.parts = *parts;
  }
  block_.entries.push_back(entry);
  return nullptr;
}

const char* RunBlockDecoder::decode_reference(base::ByteReader& reader,
                                              std::uint64_t entry_offset) {
  MessageReference place;
  place.offset = reader.u64();
  place.length = reader.u64();
  place.crc = reader.u32();
  // The message was written before what refers to it.
  if (!reader.ok() || place.offset < kRunHeadBytes + kBlockHeadBytes ||
      place.offset >= entry_offset || place.length > entry_offset - place.offset)
    return "an entry refers to a place where no message can be";
  weight_ += place.length;
  if (block_.head.count > 1 && weight_ > kBlockBytes)
    return "its entries refer to more than a block may hold";
  shared_.push_back({block_.entries.size(), place});
  return nullptr;
}

std::vector<RunBlockDecoder::Region> RunBlockDecoder::shared_regions() {
  std::ranges::sort(shared_, {}, [](const SharedEntry& entry) { return entry.place.offset; });
  std::vector<Region> regions;
  for (const SharedEntry& entry : shared_) {
    const std::uint64_t start = entry.place.offset;
    const std::uint64_t end = start + entry.place.length;
    if (regions.empty() || start > regions.back().offset + regions.back().length + kGapBytesMax) {
      regions.push_back({start, entry.place.length});
    } else {
      Region& last = regions.back();
      last.length = std::max(last.offset + last.length, end) - last.offset;
    }
  }
  return regions;
}

const char* RunBlockDecoder::decode_shared(const Region& region, base::Bytes bytes) {
  for (; next_shared_ < shared_.size(); ++next_shared_) {
    const SharedEntry& entry = shared_[next_shared_];
    if (entry.place.offset - region.offset >= region.length) break;
    const base::Bytes message =
        bytes.substr(entry.place.offset - region.offset, entry.place.length);
    if (base::crc32c(message) != entry.place.crc) return "the CRC of a message it shares is wrong";
    base::ByteReader reader(message);
    std::optional<broker::MessageParts> parts = decode_message(reader);
    if (!parts.has_value() || reader.remaining() != 0) return "a message it shares is no message";
    block_.entries[entry.entry].parts = *parts;
  }
  return nullptr;
}

const char* RunBlockDecoder::check_totals() const {
  if (next_shared_ != shared_.size()) return "a message it shares is empty";
  const RunBlockHead& head = block_.head;
  RunBlockHead sum = {.queue = head.queue,
                      .level = head.level,
                      .length = head.length,
                      .first = block_.entries.front().position,
                      .last = block_.entries.back().position,
                      .count = static_cast<std::uint32_t>(block_.entries.size()),
                      .latest_expiry = base::WallTime::min(),
                      .earliest_ingress = base::WallTime::max()};
  for (const RunBlockEntry& entry : block_.entries) {
    sum.body_bytes += entry.parts.body.size();
    if (!entry.transient) {
      ++sum.durable_count;
      sum.durable_body_bytes += entry.parts.body.size();
    }
    sum.latest_expiry = std::max(sum.latest_expiry, entry.expires_at);
    sum.earliest_ingress = std::min(sum.earliest_ingress, entry.parts.ingress);
  }
  return sum == head ? nullptr : "its head does not say what its entries are";
}

}  // namespace harrier::store

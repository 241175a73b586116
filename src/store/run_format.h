// The bytes of a run file's fixed parts: head, block head, extent, tail.
//
// Role:   RunWriter appends them, RunFile parses them, and nothing else knows them but
//         docs/formats/run.md, which has every byte.
// Thread: pure functions.
// Errors: bytes from the disk may be anything: parse_*() give nullopt for what no version of
//         append_*() wrote, never a CHECK.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/bytes.h"
#include "store/run.h"

namespace harrier::store {

inline constexpr std::uint16_t kRunVersion = 1;
inline constexpr std::size_t kRunHeadBytes = 4096;
inline constexpr std::size_t kBlockHeadBytes = 104;
inline constexpr std::size_t kExtentBytes = 73;
inline constexpr std::size_t kTailBytes = 56;
// Each part's own CRC32C is its last number, over all of the part that stands before it.
inline constexpr std::size_t kCrcBytes = 4;
inline constexpr std::size_t kNodeUuidBytesMax = 63;

struct RunHead {
  std::uint16_t version = kRunVersion;
  std::uint16_t min_reader_version = kRunVersion;
  RunId run;
  std::string node_uuid;
};

// A block's head together with where it stands, so that a block in a wrong place is noticed.
struct PlacedBlockHead {
  RunBlockHead block;
  RunId run;
  std::uint64_t offset = 0;
  std::uint32_t entries_crc = 0;
};

struct RunTail {
  RunId run;
  std::uint64_t file_bytes = 0;
  std::uint64_t index_offset = 0;
  std::uint64_t extent_count = 0;
  std::uint64_t entry_count = 0;
  std::uint32_t index_crc = 0;
};

// The flags of an entry. Its fields in their order: u64 position, u8 flags, u16 delivery count,
// u64 expiry with kHasExpiry; then the message, or with kSharedBody a MessageReference.
inline constexpr std::uint8_t kTransient = 1;
inline constexpr std::uint8_t kSharedBody = 2;
inline constexpr std::uint8_t kHasExpiry = 4;
inline constexpr std::uint8_t kOffered = 8;  // later entries may refer to this one's message
inline constexpr std::uint8_t kKnownEntryFlags = kTransient | kSharedBody | kHasExpiry | kOffered;
inline constexpr std::size_t kEntryHeadBytesMin = 8 + 1 + 2;

// Where in the file a message stands, as message_codec encodes it.
struct MessageReference {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint32_t crc = 0;
};
inline constexpr std::size_t kMessageReferenceBytes = 20;
// No message is encoded in less than a reference takes.
inline constexpr std::size_t kEntryBytesMin = kEntryHeadBytesMin + kMessageReferenceBytes;

void append_run_head(base::Buffer& to, const RunHead& head);
std::optional<RunHead> parse_run_head(base::Bytes bytes);

// A block's head is known last: it is stored where room was left for it.
void store_block_head(char* to, const PlacedBlockHead& head);
std::optional<PlacedBlockHead> parse_block_head(base::Bytes bytes);

void append_extent(base::Buffer& to, const RunExtent& extent);
// REQUIRES that the CRC of `index`, which the tail has, was compared. nullopt unless the extents
// follow each other without a gap from the file's head to `index_offset`, in growing order.
std::optional<std::vector<RunExtent>> parse_index(base::Bytes index, std::uint64_t index_offset);

void append_run_tail(base::Buffer& to, const RunTail& tail);
std::optional<RunTail> parse_run_tail(base::Bytes bytes);

}  // namespace harrier::store

// The bytes of segments and batches: what docs/formats/journal.md says, as encode and decode.
//
// Role:   used by the writer (journal.cc), the reader and repair. Nothing here touches a file.
// Thread: compatible (values).
// Errors: decoding says what is wrong with foreign bytes, it never fails otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace harrier::journal {

inline constexpr std::uint64_t kBlockBytes = 4096;
inline constexpr std::size_t kBatchHeadBytes = 80;
// Kept at the end of a segment for a seal and a clean end.
inline constexpr std::uint64_t kReservedBytes = 2 * kBlockBytes;
inline constexpr std::uint16_t kFormatVersion = 1;
inline constexpr std::uint16_t kMinReaderVersion = 1;
inline constexpr std::size_t kNodeUuidBytes = 36;

inline constexpr std::uint32_t kSegmentGap = 1;
inline constexpr std::uint8_t kBatchSeal = 1;
inline constexpr std::uint8_t kBatchClean = 2;

constexpr std::uint64_t whole_blocks(std::uint64_t bytes) {
  return (bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
}

struct SegmentHeader {
  std::uint16_t version = kFormatVersion;
  std::uint16_t min_reader_version = kMinReaderVersion;
  std::uint32_t flags = 0;
  std::string node_uuid;
  std::uint64_t number = 0;
  std::uint64_t epoch = 0;
  std::uint64_t salt = 0;
  std::uint64_t last_batch_before = 0;
  std::uint64_t first_batch = 0;
  std::uint64_t file_bytes = 0;
};

// Writes one block at `to`. REQUIRES a uuid of kNodeUuidBytes.
void encode_segment_header(const SegmentHeader& header, char* to);

enum class HeaderState : std::uint8_t {
  kUnused,   // zeros: the segment was never begun, or was dropped
  kValid,    // and of a version that this reader understands
  kNewer,    // intact, but for later readers; only `version` is set
  kDamaged,  // anything else
};
// `block` may be shorter than a block: damaged, unless all of it is zero.
HeaderState decode_segment_header(base::Bytes block, SegmentHeader& header);

struct BatchHead {
  std::uint32_t length = 0;  // head and records
  std::uint8_t shard = 0;
  std::uint8_t flags = 0;
  std::uint32_t records = 0;
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;
  std::uint64_t first_lsn = 0;
  std::uint64_t watermark = 0;
  std::uint64_t segment = 0;
  std::uint64_t salt = 0;
  std::uint32_t payload_crc = 0;

  std::uint64_t padded_length() const { return whole_blocks(length); }
  std::uint64_t last_lsn() const { return first_lsn + records - 1; }
};

// What the checksums of a segment's batches start from.
std::uint32_t checksum_seed(std::uint64_t segment, std::uint64_t salt);

// Writes kBatchHeadBytes at `to`, the head's checksum included.
void encode_batch_head(const BatchHead& head, char* to);
// Whether the magic is there, the rest unread.
bool starts_like_batch(base::Bytes bytes);
// nullopt: not a head with a checksum that fits and lengths that can be. `room` is what is left of
// the segment from here on.
std::optional<BatchHead> decode_batch_head(base::Bytes bytes, std::uint64_t room);
// Whether the checksum of `padded`, all padded_length() bytes of a batch, is what its head says.
bool payload_is_intact(const BatchHead& head, base::Bytes padded);

bool all_zero(base::Bytes bytes);

}  // namespace harrier::journal

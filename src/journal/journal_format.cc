#include "journal/journal_format.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/crc32c.h"
#include "journal/journal.h"

namespace harrier::journal {
namespace {

constexpr std::uint64_t kSegmentMagic = 0x484D5153'45474D0AULL;  // "HMQSEGM\n"
constexpr std::uint32_t kBatchMagic = 0x484D5142;                // "HMQB"
constexpr std::size_t kHeaderCrcAt = kBlockBytes - 4;
constexpr std::size_t kHeadCrcAt = kBatchHeadBytes - 4;

// Whether the numbers of a head with a good checksum go together.
bool makes_sense(const BatchHead& head, std::uint64_t room) {
  if (head.length < kBatchHeadBytes || head.padded_length() > room) return false;
  if (head.shard >= kShards || head.watermark >= head.number) return false;
  if (head.records == 0) return head.length == kBatchHeadBytes;
  return head.records <= (head.length - kBatchHeadBytes) / kRecordHeadBytes && head.first_lsn != 0;
}

}  // namespace

bool all_zero(base::Bytes bytes) {
  return bytes.empty() ||
         (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

void encode_segment_header(const SegmentHeader& header, char* to) {
  CHECK(header.node_uuid.size() == kNodeUuidBytes);
  std::memset(to, 0, kBlockBytes);
  char* at = base::store_big_endian(to, kSegmentMagic);
  at = base::store_big_endian(at, header.version);
  at = base::store_big_endian(at, header.min_reader_version);
  at = base::store_big_endian(at, header.flags);
  std::memcpy(at, header.node_uuid.data(), kNodeUuidBytes);
  at += kNodeUuidBytes + 4;
  at = base::store_big_endian(at, header.number);
  at = base::store_big_endian(at, header.epoch);
  at = base::store_big_endian(at, header.salt);
  at = base::store_big_endian(at, header.last_batch_before);
  at = base::store_big_endian(at, header.first_batch);
  base::store_big_endian(at, header.file_bytes);
  base::store_big_endian(to + kHeaderCrcAt, base::crc32c({to, kHeaderCrcAt}));
}

HeaderState decode_segment_header(base::Bytes block, SegmentHeader& header) {
  if (all_zero(block)) return HeaderState::kUnused;
  if (block.size() < kBlockBytes) return HeaderState::kDamaged;
  base::ByteReader reader(block);
  if (reader.u64() != kSegmentMagic) return HeaderState::kDamaged;
  if (base::load_big_endian<std::uint32_t>(block.data() + kHeaderCrcAt) !=
      base::crc32c(block.substr(0, kHeaderCrcAt)))
    return HeaderState::kDamaged;
  header.version = reader.u16();
  header.min_reader_version = reader.u16();
  if (header.min_reader_version > kFormatVersion) return HeaderState::kNewer;
  header.flags = reader.u32();
  header.node_uuid = reader.take(kNodeUuidBytes);
  reader.u32();
  header.number = reader.u64();
  header.epoch = reader.u64();
  header.salt = reader.u64();
  header.last_batch_before = reader.u64();
  header.first_batch = reader.u64();
  header.file_bytes = reader.u64();
  return HeaderState::kValid;
}

std::uint32_t checksum_seed(std::uint64_t segment, std::uint64_t salt) {
  char bytes[16];
  base::store_big_endian(base::store_big_endian(bytes, segment), salt);
  return base::crc32c({bytes, sizeof bytes});
}

void encode_batch_head(const BatchHead& head, char* to) {
  char* at = base::store_big_endian(to, kBatchMagic);
  at = base::store_big_endian(at, head.length);
  *at++ = static_cast<char>(head.shard);
  *at++ = static_cast<char>(head.flags);
  at = base::store_big_endian(at, std::uint16_t{0});
  at = base::store_big_endian(at, head.records);
  at = base::store_big_endian(at, head.epoch);
  at = base::store_big_endian(at, head.number);
  at = base::store_big_endian(at, head.first_lsn);
  at = base::store_big_endian(at, head.watermark);
  at = base::store_big_endian(at, head.segment);
  at = base::store_big_endian(at, head.salt);
  at = base::store_big_endian(at, std::uint64_t{0});
  at = base::store_big_endian(at, head.payload_crc);
  base::store_big_endian(at,
                         base::crc32c({to, kHeadCrcAt}, checksum_seed(head.segment, head.salt)));
}

bool starts_like_batch(base::Bytes bytes) {
  return bytes.size() >= 4 && base::load_big_endian<std::uint32_t>(bytes.data()) == kBatchMagic;
}

std::optional<BatchHead> decode_batch_head(base::Bytes bytes, std::uint64_t room) {
  if (bytes.size() < kBatchHeadBytes) return std::nullopt;
  base::ByteReader reader(bytes.substr(0, kBatchHeadBytes));
  if (reader.u32() != kBatchMagic) return std::nullopt;
  BatchHead head;
  head.length = reader.u32();
  head.shard = reader.u8();
  head.flags = reader.u8();
  reader.u16();
  head.records = reader.u32();
  head.epoch = reader.u64();
  head.number = reader.u64();
  head.first_lsn = reader.u64();
  head.watermark = reader.u64();
  head.segment = reader.u64();
  head.salt = reader.u64();
  reader.u64();
  head.payload_crc = reader.u32();
  const std::uint32_t expected =
      base::crc32c(bytes.substr(0, kHeadCrcAt), checksum_seed(head.segment, head.salt));
  if (reader.u32() != expected || !makes_sense(head, room)) return std::nullopt;
  return head;
}

bool payload_is_intact(const BatchHead& head, base::Bytes padded) {
  return base::crc32c(padded.substr(kBatchHeadBytes), checksum_seed(head.segment, head.salt)) ==
         head.payload_crc;
}

}  // namespace harrier::journal

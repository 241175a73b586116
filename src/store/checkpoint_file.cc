#include "store/checkpoint_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <optional>

#include "base/crc32c.h"
#include "base/log.h"

namespace harrier::store {
namespace {

using base::Buffer;
using base::ByteReader;
using base::Bytes;

constexpr std::string_view kMagic = "HMQCKPT1";
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kHeadBytes = 512;
constexpr std::size_t kChunkHeadBytes = 8;
constexpr std::size_t kEntryHeadBytes = 6;
constexpr std::string_view kSuffix = ".ckpt";
constexpr std::string_view kUnfinished = ".tmp";

std::string path_of(Generation generation, std::string_view suffix) {
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx",
                static_cast<unsigned long long>(generation.value));
  return std::string(kCheckpointFolder) + "/" + digits.data() + std::string(suffix);
}

std::optional<Generation> generation_of(std::string_view name) {
  if (name.size() != 16 + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, status] = std::from_chars(name.data(), name.data() + 16, number, 16);
  if (status != std::errc() || end != name.data() + 16) return std::nullopt;
  return Generation(number);
}

Buffer encode_head(const CheckpointHead& head, const std::string& node_uuid) {
  Buffer to;
  to.append(kMagic);
  to.append_number(kVersion);
  to.append_number(kVersion);  // the oldest reader that understands it
  to.append_number(static_cast<std::uint8_t>(node_uuid.size()));
  to.append(node_uuid);
  to.append_number(head.generation.value);
  to.append_number(head.epoch);
  to.append_number(head.first_segment);
  to.append_number(head.last_batch);
  to.append_number(head.last_run);
  to.append_number(static_cast<std::uint8_t>(head.lsns.size()));
  for (const std::uint64_t lsn : head.lsns)
    to.append_number(lsn);
  const std::string zeros(kHeadBytes - 4 - to.size(), '\0');
  to.append(zeros);
  to.append_number(base::crc32c(to.bytes()));
  return to;
}

base::Failure<CheckpointError> damaged(const std::string& path, std::uint64_t offset,
                                       std::string_view what) {
  return base::fail(CheckpointError{
      CheckpointFailure::kDamaged,
      path + " is damaged at offset " + std::to_string(offset) + ": " + std::string(what)});
}
base::Failure<CheckpointError> failed(const journal::IoError& error) {
  return base::fail(CheckpointError{CheckpointFailure::kIo, error.message});
}

CheckpointResult<CheckpointHead> decode_head(Bytes bytes, const std::string& path,
                                             const std::string& node_uuid) {
  if (bytes.size() != kHeadBytes || !bytes.starts_with(kMagic))
    return damaged(path, 0, "no checkpoint begins here");
  ByteReader check(bytes.substr(kHeadBytes - 4));
  if (check.u32() != base::crc32c(bytes.substr(0, kHeadBytes - 4)))
    return damaged(path, 0, "the head's checksum does not match");
  ByteReader reader(bytes.substr(kMagic.size()));
  reader.u16();
  if (const std::uint16_t oldest = reader.u16(); oldest > kVersion) {
    return base::fail(CheckpointError{CheckpointFailure::kForeign,
                                      path + " needs a newer HarrierMQ (checkpoint format " +
                                          std::to_string(oldest) + ", this one reads up to " +
                                          std::to_string(kVersion) + ")"});
  }
  if (reader.short_string() != node_uuid) {
    return base::fail(
        CheckpointError{CheckpointFailure::kForeign, path + " belongs to another node"});
  }
  CheckpointHead head;
  head.generation = Generation(reader.u64());
  head.epoch = reader.u64();
  head.first_segment = reader.u64();
  head.last_batch = reader.u64();
  head.last_run = reader.u64();
  if (reader.u8() != head.lsns.size()) return damaged(path, 0, "another number of shards");
  for (std::uint64_t& lsn : head.lsns)
    lsn = reader.u64();
  if (!reader.ok()) return damaged(path, 0, "the head is too short");
  return head;
}

// The entries of one chunk.
bool visit_entries(Bytes chunk, const CheckpointFiles::Visit& visit, std::string& why) {
  ByteReader reader(chunk);
  while (reader.remaining() != 0) {
    CheckpointEntry entry;
    entry.shard = reader.u8();
    entry.type = reader.u8();
    entry.payload = reader.long_string();
    if (!reader.ok()) {
      why = "an entry goes beyond its chunk";
      return false;
    }
    if (!visit(entry, why)) return false;
  }
  return true;
}

}  // namespace

std::string checkpoint_path(Generation generation) { return path_of(generation, kSuffix); }

// ---- CheckpointEntries

Buffer& CheckpointEntries::begin(std::uint8_t shard, std::uint8_t type) {
  entry_begin_ = open_.size();
  open_.append_number(shard);
  open_.append_number(type);
  open_.append_number(std::uint32_t{0});
  return open_;
}

void CheckpointEntries::end() {
  const std::size_t size = open_.size() - entry_begin_ - kEntryHeadBytes;
  base::store_big_endian(open_.data() + entry_begin_ + 2, static_cast<std::uint32_t>(size));
  bytes_ += size;
  if (open_.size() >= kCheckpointChunkBytes) chunks_.push_back(std::exchange(open_, Buffer()));
}

std::vector<Buffer> CheckpointEntries::take_chunks() {
  if (!open_.empty()) chunks_.push_back(std::exchange(open_, Buffer()));
  return std::exchange(chunks_, {});
}

// ---- CheckpointFiles

journal::IoResult<std::vector<Generation>> CheckpointFiles::list() {
  auto names = files_.list(kCheckpointFolder);
  if (!names.ok()) return base::fail(names.error());
  std::vector<Generation> generations;
  for (const std::string& name : *names)
    if (const auto generation = generation_of(name)) generations.push_back(*generation);
  std::sort(generations.begin(), generations.end());
  return generations;
}

journal::IoStatus CheckpointFiles::write(const CheckpointHead& head,
                                         const std::vector<Buffer>& chunks) {
  const std::string unfinished = path_of(head.generation, kUnfinished);
  const std::string path = path_of(head.generation, kSuffix);
  if (auto removed = files_.remove(unfinished); !removed.ok() && !removed.error().is_not_found())
    return removed;
  {
    auto file = files_.open(unfinished, journal::OpenMode::kCreate);
    if (!file.ok()) return base::fail(file.error());
    const Buffer encoded = encode_head(head, node_uuid_);
    std::uint64_t offset = 0, unsynced = 0;
    const auto put = [&](std::initializer_list<Bytes> parts) -> journal::IoStatus {
      if (auto status = (*file)->write_at(offset, {parts.begin(), parts.size()}); !status.ok())
        return status;
      for (const Bytes part : parts) {
        offset += part.size();
        unsynced += part.size();
      }
      // Little at a time: the journal's flushes must not wait behind it.
      if (unsynced < (1 << 20)) return base::Done{};
      unsynced = 0;
      return (*file)->sync_contents();
    };
    if (auto status = put({encoded.bytes()}); !status.ok()) return status;
    for (std::size_t index = 0; index <= chunks.size(); ++index) {
      const Bytes payload = index == chunks.size() ? Bytes() : chunks[index].bytes();
      std::array<char, kChunkHeadBytes> chunk_head{};
      char* to =
          base::store_big_endian(chunk_head.data(), static_cast<std::uint32_t>(payload.size()));
      // The chunk's number is part of its checksum: chunks cannot change places unnoticed.
      std::array<char, 8> number{};
      base::store_big_endian(number.data(), static_cast<std::uint64_t>(index));
      base::store_big_endian(to, base::crc32c(payload, base::crc32c({number.data(), 8})));
      if (auto status = put({Bytes(chunk_head.data(), kChunkHeadBytes), payload}); !status.ok())
        return status;
    }
    if (auto status = (*file)->sync_contents(); !status.ok()) return status;
  }
  const auto read =
      read_file(unfinished, [](const CheckpointEntry&, std::string&) { return true; });
  if (!read.ok()) return base::fail(journal::IoError{EIO, read.error().message});
  if (auto status = files_.rename(unfinished, path); !status.ok()) return status;
  return files_.sync_directory(kCheckpointFolder);
}

CheckpointResult<CheckpointHead> CheckpointFiles::read(Generation generation, const Visit& visit) {
  auto head = read_file(path_of(generation, kSuffix), visit);
  if (head.ok() && head->generation != generation)
    return damaged(path_of(generation, kSuffix), 0, "its head names another generation");
  return head;
}

CheckpointResult<CheckpointHead> CheckpointFiles::read_file(const std::string& path,
                                                            const Visit& visit) {
  const auto file = files_.open(path, journal::OpenMode::kRead);
  if (!file.ok()) return failed(file.error());
  const auto size = (*file)->size();
  if (!size.ok()) return failed(size.error());
  Buffer bytes;
  std::optional<CheckpointError> failure;
  const auto load = [&](std::uint64_t offset, std::uint64_t count) {
    bytes.clear();
    if (count > *size - offset) {
      failure = damaged(path, offset, "the file ends too early").error;
      return false;
    }
    const auto got = (*file)->read_at(offset, bytes.reserve(count), count);
    if (!got.ok()) {
      failure = failed(got.error()).error;
    } else if (*got != count) {
      failure = damaged(path, offset, "the file ends too early").error;
    } else {
      bytes.commit(count);
    }
    return !failure;
  };
  if (*size < kHeadBytes) return damaged(path, 0, "the file ends too early");
  if (!load(0, kHeadBytes)) return base::fail(*failure);
  auto head = decode_head(bytes.bytes(), path, node_uuid_);
  if (!head.ok()) return head;
  std::uint64_t offset = kHeadBytes;
  for (std::uint64_t index = 0;; ++index) {
    if (!load(offset, kChunkHeadBytes)) return base::fail(*failure);
    ByteReader reader(bytes.bytes());
    const std::uint32_t length = reader.u32();
    const std::uint32_t crc = reader.u32();
    if (!load(offset + kChunkHeadBytes, length)) return base::fail(*failure);
    std::array<char, 8> number{};
    base::store_big_endian(number.data(), index);
    if (crc != base::crc32c(bytes.bytes(), base::crc32c({number.data(), 8})))
      return damaged(path, offset, "a chunk's checksum does not match");
    std::string why;
    if (!visit_entries(bytes.bytes(), visit, why)) return damaged(path, offset, why);
    offset += kChunkHeadBytes + length;
    if (length == 0) break;
  }
  if (offset != *size) return damaged(path, offset, "bytes follow the last chunk");
  return head;
}

journal::IoStatus CheckpointFiles::remove(Generation generation) {
  return files_.remove(path_of(generation, kSuffix));
}

void CheckpointFiles::remove_unfinished() {
  const auto names = files_.list(kCheckpointFolder);
  if (!names.ok()) return;
  for (const std::string& name : *names)
    if (name.ends_with(kUnfinished))
      (void)files_.remove(std::string(kCheckpointFolder) + "/" + name);
}

}  // namespace harrier::store

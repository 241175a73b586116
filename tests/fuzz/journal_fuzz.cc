// Concern: a journal is read before anything is known to be sound.
// Plan: segment files with whatever is in them, some of it with checksums that fit, must be read,
// refused, repaired or opened; what was opened must open again with the same records and what was
// appended.
//
// Input: operations, each an octet and its arguments. 0: bytes at a place. 1: a segment header.
// 2: a batch head, whose checksums are set at the end. 3: a file cut short. 4: a record's head.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "journal/journal_reader.h"
#include "journal/journal_repair.h"
#include "journal/segment_files.h"
#include "support/faulty_file_system.h"

namespace {

using namespace harrier;           // NOLINT: a program of its own
using namespace harrier::journal;  // NOLINT

constexpr std::size_t kFiles = 3;
constexpr std::size_t kFileBytes = 32 << 10;
const JournalOptions kOptions{.segment_bytes = kFileBytes, .segments = kFiles};
const std::string kNode = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

class Disk {
 public:
  explicit Disk(base::Bytes input) : input_(input) {
    for (std::string& file : contents_)
      file.assign(kFileBytes, '\0');
    while (input_.remaining() > 0)
      operation();
    for (const Head& head : heads_)
      set_checksums(head);
    for (std::uint32_t i = 0; i < kFiles; ++i)
      files_.set_contents(segment_path(i), contents_[i].substr(0, size_[i]));
  }
  test::FaultyFileSystem& files() { return files_; }

 private:
  struct Head {
    std::size_t file = 0;
    std::size_t at = 0;
    BatchHead head;
  };

  void operation() {
    const std::uint8_t what = input_.u8();
    const std::size_t file = input_.u8() % kFiles;
    std::string& to = contents_[file];
    switch (what % 5) {
      case 0: {
        const std::size_t at = input_.u16() % kFileBytes;
        const base::Bytes bytes = input_.short_string();
        to.replace(at, std::min(bytes.size(), kFileBytes - at), bytes, 0, kFileBytes - at);
        break;
      }
      case 1: header(to); break;
      case 2: batch(file); break;
      case 3: size_[file] = input_.u16() % (kFileBytes + 1); break;
      case 4: {
        const std::size_t at = input_.u16() % (kFileBytes - kRecordHeadBytes);
        base::store_big_endian(to.data() + at, std::uint32_t{input_.u8()});
        to[at + 6] = static_cast<char>(input_.u8() & 1);
        break;
      }
    }
  }

  void header(std::string& to) {
    SegmentHeader header{.node_uuid = kNode, .file_bytes = kFileBytes};
    header.flags = input_.u8() & 1;
    header.number = input_.u8();
    header.epoch = input_.u8();
    header.salt = input_.u8();
    header.last_batch_before = input_.u8();
    header.first_batch = input_.u8();
    encode_segment_header(header, to.data());
  }

  void batch(std::size_t file) {
    Head head{.file = file, .at = (input_.u8() % (kFileBytes / kBlockBytes)) * kBlockBytes};
    head.head.length = input_.u16();
    head.head.shard = input_.u8();
    head.head.flags = input_.u8();
    head.head.records = input_.u8();
    head.head.epoch = input_.u8();
    head.head.number = input_.u8();
    head.head.first_lsn = input_.u8();
    head.head.watermark = input_.u8();
    head.head.segment = input_.u8();
    head.head.salt = input_.u8();
    heads_.push_back(head);
  }

  void set_checksums(Head head) {
    std::string& to = contents_[head.file];
    const std::size_t end = std::min<std::size_t>(head.at + head.head.padded_length(), kFileBytes);
    const std::size_t begin = std::min(head.at + kBatchHeadBytes, end);
    head.head.payload_crc = base::crc32c(base::Bytes(to).substr(begin, end - begin),
                                         checksum_seed(head.head.segment, head.head.salt));
    encode_batch_head(head.head, to.data() + head.at);
  }

  base::ByteReader input_;
  std::array<std::string, kFiles> contents_;
  std::array<std::size_t, kFiles> size_{kFileBytes, kFileBytes, kFileBytes};
  std::vector<Head> heads_;
  test::FaultyFileSystem files_;
};

struct Opened {
  std::unique_ptr<Journal> journal;
  RecoveryReport report;
};

Opened open(test::FaultyFileSystem& files, std::uint64_t epoch) {
  Opened opened;
  ShardLsns last{};
  const auto replay = [&last](std::size_t shard, const Record& record, std::string&) {
    CHECK(shard < kShards);
    CHECK(record.lsn > last[shard]);
    last[shard] = record.lsn;
    return true;
  };
  auto result = Journal::open(files, kNode, kOptions, {.epoch = epoch}, replay, {}, opened.report);
  if (result.ok()) opened.journal = *std::move(result);
  return opened;
}

void look(test::FaultyFileSystem& files) {
  auto reader = *JournalReader::open(files, false);
  for (const SegmentFacts& segment : reader->segments()) {
    const auto done = reader->each_batch(segment, 0, [&segment](const BatchFacts& batch) {
      CHECK(batch.offset + batch.head.padded_length() <= segment.file_bytes);
    });
    CHECK(done.ok());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  base::configure_log(base::LogLevel::kOff, base::LogFormat::kText);
  Disk disk({reinterpret_cast<const char*>(bytes), std::min<std::size_t>(size, 64 << 10)});
  test::FaultyFileSystem& files = disk.files();
  look(files);
  Opened first = open(files, 1000);
  if (!first.journal) {
    auto repaired = repair_journal(files, kNode, kOptions, {.epoch = 1000}, false);
    CHECK(repaired.ok());
    CHECK(repaired->damaged);
    first = open(files, 1001);
    CHECK(first.journal);
  }
  const std::uint64_t lsn = first.report.last_lsn[0] + 1;
  base::Buffer chunk;
  chunk.append(std::string(kRecordHeadBytes, '\0'));
  first.journal->append(0, lsn, 1, std::move(chunk), true);
  const auto flushed = first.journal->run_flush([](std::size_t, std::uint64_t) {});
  CHECK(flushed.ok() || flushed.error().is_out_of_space());
  first.journal.reset();
  const Opened second = open(files, 1002);
  CHECK(second.journal);
  if (flushed.ok()) CHECK(second.report.last_lsn[0] == lsn);
  return 0;
}

#include "journal/journal_format.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "journal/journal.h"
#include "support/faulty_file_system.h"
#include "support/journal_fixture.h"

namespace harrier::journal {
namespace {

class FixedSalt final : public base::RandomSource {
 public:
  std::uint64_t next() override { return 0x0011223344556677; }
};

std::string hex_dump(const std::string& bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    const std::string line = bytes.substr(at, 16);
    if (line.find_first_not_of('\0') == std::string::npos) continue;
    char number[24];
    std::snprintf(number, sizeof number, "%06zx", at);
    text += number;
    for (const char c : line) {
      std::snprintf(number, sizeof number, " %02x", static_cast<unsigned char>(c));
      text += number;
    }
    text += '\n';
  }
  return text;
}

std::string example_of_the_document() {
  const char* source = std::getenv("HARRIER_SOURCE_DIR");
  std::string root = source == nullptr ? std::string(__FILE__) : std::string(source);
  if (source == nullptr) root.resize(root.rfind("/tests/"));
  std::ifstream file(root + "/docs/formats/journal.md");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::size_t begin = text.find("```hex\n");
  const std::size_t end = text.find("```", begin + 7);
  if (begin == std::string::npos || end == std::string::npos) return "no example";
  return text.substr(begin + 7, end - begin - 7);
}

TEST(JournalFormat, TheDocumentsExample) {
  test::FaultyFileSystem files;
  FixedSalt salt;
  const JournalOptions options{.segment_bytes = 32 << 10, .segments = 2, .random = &salt};
  auto opened = test::open_journal(files, options, {.epoch = 1});
  ASSERT_TRUE(opened.journal) << opened.error;
  base::Buffer chunk = test::record_bytes("hi", kGroupContinues, 1);
  chunk.append(test::record_bytes("there", 0, 2).bytes());
  opened.journal->append(3, 1, 2, std::move(chunk), true);
  ASSERT_TRUE(opened.journal->run_flush([](std::size_t, std::uint64_t) {}).ok());
  ASSERT_TRUE(opened.journal->seal().ok());
  EXPECT_EQ(hex_dump(files.contents("journal/00.seg")), example_of_the_document());
}

SegmentHeader some_header() {
  return {.flags = kSegmentGap,
          .node_uuid = test::kTestNode,
          .number = 7,
          .epoch = 8,
          .salt = 9,
          .last_batch_before = 10,
          .first_batch = 11,
          .file_bytes = 12};
}

TEST(SegmentHeader, ComesBack) {
  char block[kBlockBytes];
  encode_segment_header(some_header(), block);
  SegmentHeader header;
  ASSERT_EQ(decode_segment_header({block, sizeof block}, header), HeaderState::kValid);
  EXPECT_EQ(header.flags, kSegmentGap);
  EXPECT_EQ(header.node_uuid, test::kTestNode);
  EXPECT_EQ(header.number, 7u);
  EXPECT_EQ(header.epoch, 8u);
  EXPECT_EQ(header.salt, 9u);
  EXPECT_EQ(header.last_batch_before, 10u);
  EXPECT_EQ(header.first_batch, 11u);
  EXPECT_EQ(header.file_bytes, 12u);
}

TEST(SegmentHeader, EveryFlippedBitIsDamage) {
  char block[kBlockBytes];
  encode_segment_header(some_header(), block);
  SegmentHeader header;
  for (std::size_t bit = 0; bit < kBlockBytes * 8; bit += bit < 900 ? 1 : 61) {
    block[bit / 8] = static_cast<char>(block[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_EQ(decode_segment_header({block, sizeof block}, header), HeaderState::kDamaged) << bit;
    block[bit / 8] = static_cast<char>(block[bit / 8] ^ (1 << (bit % 8)));
  }
}

TEST(SegmentHeader, ZerosAreUnusedAndShortIsDamaged) {
  char block[kBlockBytes] = {};
  SegmentHeader header;
  EXPECT_EQ(decode_segment_header({block, sizeof block}, header), HeaderState::kUnused);
  EXPECT_EQ(decode_segment_header({}, header), HeaderState::kUnused);
  encode_segment_header(some_header(), block);
  EXPECT_EQ(decode_segment_header({block, 4095}, header), HeaderState::kDamaged);
}

TEST(SegmentHeader, ANewerVersionIsNewerUnlessItLetsUsRead) {
  char block[kBlockBytes];
  SegmentHeader newer = some_header();
  newer.version = 3;
  newer.min_reader_version = 2;
  encode_segment_header(newer, block);
  SegmentHeader header;
  EXPECT_EQ(decode_segment_header({block, sizeof block}, header), HeaderState::kNewer);
  EXPECT_EQ(header.version, 3);
  newer.min_reader_version = 1;
  encode_segment_header(newer, block);
  EXPECT_EQ(decode_segment_header({block, sizeof block}, header), HeaderState::kValid);
}

BatchHead some_head() {
  return {.length = 1000,
          .shard = 16,
          .flags = 0,
          .records = 3,
          .epoch = 4,
          .number = 5,
          .first_lsn = 6,
          .watermark = 4,
          .segment = 8,
          .salt = 9,
          .payload_crc = 10};
}

TEST(BatchHead, ComesBackAndNoBitMayFlip) {
  char bytes[kBatchHeadBytes];
  encode_batch_head(some_head(), bytes);
  const auto head = decode_batch_head({bytes, sizeof bytes}, 4096);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->length, 1000u);
  EXPECT_EQ(head->shard, 16);
  EXPECT_EQ(head->records, 3u);
  EXPECT_EQ(head->last_lsn(), 8u);
  EXPECT_EQ(head->payload_crc, 10u);
  for (std::size_t bit = 0; bit < kBatchHeadBytes * 8; ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_FALSE(decode_batch_head({bytes, sizeof bytes}, 4096)) << bit;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  }
}

TEST(BatchHead, NumbersThatCannotBeAreRefused) {
  const auto accepts = [](BatchHead head, std::uint64_t room = 4096) {
    char bytes[kBatchHeadBytes];
    encode_batch_head(head, bytes);
    return decode_batch_head({bytes, sizeof bytes}, room).has_value();
  };
  BatchHead head = some_head();
  EXPECT_TRUE(accepts(head));
  EXPECT_FALSE(accepts(head, 4095));
  head.length = 79;
  EXPECT_FALSE(accepts(head));
  head = some_head();
  head.shard = 17;
  EXPECT_FALSE(accepts(head));
  head = some_head();
  head.watermark = head.number;
  EXPECT_FALSE(accepts(head));
  head = some_head();
  head.records = 0;
  EXPECT_FALSE(accepts(head));
  head = some_head();
  head.records = 1000;
  EXPECT_FALSE(accepts(head));
}

}  // namespace
}  // namespace harrier::journal

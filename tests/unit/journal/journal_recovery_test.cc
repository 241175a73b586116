#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "journal/journal.h"
#include "journal/journal_format.h"
#include "support/faulty_file_system.h"
#include "support/journal_fixture.h"

namespace harrier::journal {
namespace {

using test::FaultyFileSystem;
using test::JournalWriterLog;
using test::open_journal;

const JournalOptions kSmall{.segment_bytes = 64 << 10, .segments = 4};
constexpr std::string_view kFirst = "journal/00.seg";
const Journal::Committed kIgnore = [](std::size_t, std::uint64_t) {};

// Whether what came back is what was appended, in order, from LSN 1 on.
void expect_prefix(const test::OpenedJournal& opened, const JournalWriterLog& log) {
  for (const auto& [shard, records] : opened.records) {
    for (std::size_t i = 0; i < records.size(); ++i) {
      ASSERT_EQ(records[i].lsn, i + 1);
      ASSERT_EQ(records[i].payload, log.payload(shard, i + 1));
    }
  }
}

// Three flushes of one record each at 4096, 8192 and 12288 of the first segment, the last one of
// 10,000 bytes.
struct ThreeFlushes {
  FaultyFileSystem files;
  JournalWriterLog log;

  explicit ThreeFlushes(bool sealed = false) {
    auto opened = open_journal(files, kSmall, {.epoch = 1});
    for (const std::size_t size : {100, 200, 10'000}) {
      log.append(*opened.journal, 1, std::string(size, 'z'));
      EXPECT_TRUE(opened.journal->run_flush(log.on_committed()).ok());
    }
    if (!sealed) return;
    EXPECT_TRUE(opened.journal->seal().ok());
  }
};

TEST(JournalRecovery, EveryTornPrefixOfTheLastFlushIsAPrefix) {
  ThreeFlushes written;
  const std::string whole = written.files.contents(kFirst);
  const std::size_t end = 12288 + 12288;  // padded
  for (std::size_t cut = 12288; cut <= end; cut += 512) {
    FaultyFileSystem files;
    for (const std::string& path : written.files.paths())
      files.set_contents(path, written.files.contents(path));
    std::string torn = whole;
    std::fill(torn.begin() + static_cast<std::ptrdiff_t>(cut), torn.end(), '\0');
    files.set_contents(kFirst, torn);
    auto opened = open_journal(files, kSmall, {.epoch = 2});
    ASSERT_TRUE(opened.journal) << opened.error;
    expect_prefix(opened, written.log);
    // What follows the record are zeros, torn or not.
    const bool all = cut >= 12288 + 80 + 8 + 10'000;
    EXPECT_EQ(opened.records[1].size(), all ? 3u : 2u) << cut;
    EXPECT_EQ(opened.report.torn_bytes > 0, !all && cut > 12288) << cut;
    if (all) continue;
    EXPECT_TRUE(all_zero(base::Bytes(files.contents(kFirst)).substr(12288)));
  }
}

TEST(JournalRecovery, ASealMakesATornLastBatchDamage) {
  ThreeFlushes written(true);
  std::string contents = written.files.contents(kFirst);
  std::fill(contents.begin() + 12288, contents.begin() + 12288 + 512, '\0');
  written.files.set_contents(kFirst, contents);
  auto opened = open_journal(written.files, kSmall, {.epoch = 2});
  EXPECT_FALSE(opened.journal);
  EXPECT_EQ(opened.failure, OpenFailure::kCorrupt);
  EXPECT_NE(opened.error.find("journal/00.seg (segment 1) offset 12288: batch 3"),
            std::string::npos)
      << opened.error;
  EXPECT_EQ(written.files.contents(kFirst), contents) << "a refusal changes nothing";
}

TEST(JournalRecovery, DamageNamesTheLsnsThatAreMissing) {
  ThreeFlushes written;
  written.files.flip_bit(kFirst, (8192 + 100) * 8);
  auto opened = open_journal(written.files, kSmall, {.epoch = 2});
  EXPECT_NE(opened.error.find("batch 2 is damaged"), std::string::npos) << opened.error;
  EXPECT_NE(opened.error.find("shard 1 misses LSN 2 to 2"), std::string::npos) << opened.error;
}

TEST(JournalRecovery, ABatchThatTheCheckpointKnowsMustBeThere) {
  ThreeFlushes written;
  std::string contents = written.files.contents(kFirst);
  std::fill(contents.begin() + 12288, contents.end(), '\0');
  written.files.set_contents(kFirst, contents);
  EXPECT_EQ(open_journal(written.files, kSmall, {.last_batch = 3, .epoch = 2}).failure,
            OpenFailure::kCorrupt);
  EXPECT_TRUE(open_journal(written.files, kSmall, {.last_batch = 2, .epoch = 2}).journal);
}

TEST(JournalRecovery, EveryFlippedBitBelowTheWatermarkIsDamageAboveItIsTorn) {
  constexpr std::uint64_t kSeed = 20261124;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  base::SeededRandom random(kSeed);
  ThreeFlushes written;
  for (int i = 0; i < 1000; ++i) {
    // Half of them in the written area, which is a good third of the segment.
    const std::uint64_t range = random.below(2) == 0 ? 24'576 : 64 << 10;
    const std::uint64_t bit = random.below(range * 8);
    FaultyFileSystem files;
    for (const std::string& path : written.files.paths())
      files.set_contents(path, written.files.contents(path));
    files.flip_bit(kFirst, bit);
    auto opened = open_journal(files, kSmall, {.epoch = 2});
    const std::uint64_t byte = bit / 8;
    expect_prefix(opened, written.log);
    if (byte < 12'288) {  // header and the two batches that the third proves
      ASSERT_FALSE(opened.journal) << bit;
      ASSERT_EQ(opened.failure, OpenFailure::kCorrupt) << bit;
    } else {
      ASSERT_TRUE(opened.journal) << bit << opened.error;
      ASSERT_EQ(opened.records[1].size(), byte < 24'576 ? 2u : 3u) << bit;
    }
  }
}

TEST(JournalRecovery, ALaterBatchOfTheSameFlushIsTornToo) {
  FaultyFileSystem files;
  JournalWriterLog log;
  {
    auto opened = open_journal(files, kSmall, {.epoch = 1});
    log.append(*opened.journal, 0, "before");
    ASSERT_TRUE(opened.journal->run_flush(kIgnore).ok());
    for (std::size_t shard = 0; shard < 3; ++shard)
      log.append(*opened.journal, shard, "together");
    ASSERT_TRUE(opened.journal->run_flush(kIgnore).ok());
  }
  files.flip_bit(kFirst, 8192 * 8);  // the first of the three
  auto opened = open_journal(files, kSmall, {.epoch = 2});
  ASSERT_TRUE(opened.journal) << opened.error;
  EXPECT_EQ(opened.report.records, 1u);
  EXPECT_EQ(opened.report.torn_bytes, 3 * 4096u);
  // The numbers are given again, and what was torn never comes back.
  log.restart(opened.report.last_lsn);
  log.append(*opened.journal, 0, "new");
  ASSERT_TRUE(opened.journal->run_flush(kIgnore).ok());
  auto again = open_journal(files, kSmall, {.epoch = 3});
  ASSERT_TRUE(again.journal) << again.error;
  expect_prefix(again, log);
  EXPECT_EQ(again.report.records, 2u);
  EXPECT_EQ(again.report.torn_bytes, 0u);
}

TEST(JournalRecovery, OldBytesOfARecycledSegmentAreTheEnd) {
  FaultyFileSystem files;
  JournalWriterLog log;
  std::uint64_t first = 1;
  for (std::uint64_t epoch = 1; epoch < 40; ++epoch) {
    auto opened = open_journal(files, kSmall, {.first_segment = first, .epoch = epoch});
    ASSERT_TRUE(opened.journal) << opened.error;
    ASSERT_EQ(opened.report.last_lsn[1], log.last()[1]) << epoch;
    ASSERT_EQ(opened.report.torn_bytes, 0u) << epoch;
    for (std::uint64_t i = 0; i < 1 + epoch % 5; ++i) {
      log.append(*opened.journal, 1, std::string(3000 * (i + 1), static_cast<char>('a' + i)));
      ASSERT_TRUE(opened.journal->run_flush(log.on_committed()).ok());
      first = opened.journal->first_segment_needed(epoch % 3 == 0 ? log.committed()
                                                                  : opened.report.last_lsn);
      opened.journal->release(first);
    }
  }
}

TEST(JournalRecovery, AGroupIsReplayedWholeOrNotAtAll) {
  FaultyFileSystem files;
  JournalWriterLog log;
  auto opened = open_journal(files, kSmall, {.epoch = 1});
  log.append(*opened.journal, 1, "alone");
  for (int i = 0; i < 4; ++i) {
    log.append(*opened.journal, 1, "group " + std::to_string(i), i < 3 ? kGroupContinues : 0);
    log.append(*opened.journal, 2, "other shard");
    ASSERT_TRUE(opened.journal->run_flush(kIgnore).ok());
  }
  // Cut behind every batch: the chain has shard 1's and shard 2's in turn.
  const std::string whole = files.contents(kFirst);
  for (std::size_t batches = 0; batches <= 8; ++batches) {
    std::string torn = whole;
    std::fill(torn.begin() + static_cast<std::ptrdiff_t>(4096 * (1 + batches)), torn.end(), '\0');
    FaultyFileSystem copy;
    for (const std::string& path : files.paths())
      copy.set_contents(path, files.contents(path));
    copy.set_contents(kFirst, torn);
    auto again = open_journal(copy, kSmall, {.epoch = 2});
    ASSERT_TRUE(again.journal) << again.error;
    const bool complete = batches >= 7;
    EXPECT_EQ(again.records[1].size(), batches == 0 ? 0u : complete ? 5u : 1u) << batches;
    EXPECT_EQ(again.records[2].size(), batches / 2) << batches;
    EXPECT_EQ(again.report.dropped_records, complete ? 0u : (batches + 1) / 2) << batches;
    // The dropped ones keep their LSNs.
    EXPECT_EQ(again.report.last_lsn[1], batches == 0 ? 0u : 1 + (batches + 1) / 2) << batches;
    expect_prefix(again, log);
  }
}

TEST(JournalRecovery, ANewStartCutsAnUnfinishedGroup) {
  FaultyFileSystem files;
  JournalWriterLog log;
  {
    auto opened = open_journal(files, kSmall, {.epoch = 1});
    log.append(*opened.journal, 1, "half", kGroupContinues);
    ASSERT_TRUE(opened.journal->run_flush(kIgnore).ok());
  }
  {
    auto opened = open_journal(files, kSmall, {.epoch = 2});
    EXPECT_EQ(opened.report.dropped_records, 1u);
    EXPECT_EQ(opened.report.last_lsn[1], 1u);
    log.append(*opened.journal, 1, "not the other half");
    ASSERT_TRUE(opened.journal->run_flush(kIgnore).ok());
  }
  auto opened = open_journal(files, kSmall, {.epoch = 3});
  ASSERT_EQ(opened.records[1].size(), 1u);
  EXPECT_EQ(opened.records[1][0].lsn, 2u);
  EXPECT_EQ(opened.report.dropped_records, 1u);
  EXPECT_EQ(opened.report.records, 1u);
}

TEST(JournalRecovery, ADamagedHeaderOfTheNewestSegmentIsFound) {
  FaultyFileSystem files;
  JournalWriterLog log;
  auto opened = open_journal(files, kSmall, {.epoch = 1});
  for (int i = 0; i < 4; ++i) {
    log.append(*opened.journal, 1, std::string(20'000, 'x'));
    ASSERT_TRUE(opened.journal->run_flush(kIgnore).ok());
  }
  // Two in each: the second one of segment 2 proves the first.
  files.flip_bit("journal/01.seg", 80 * 8);
  auto again = open_journal(files, kSmall, {.epoch = 2});
  EXPECT_EQ(again.failure, OpenFailure::kCorrupt);
  EXPECT_NE(again.error.find("batch 3"), std::string::npos) << again.error;
}

TEST(JournalRecovery, ADamagedHeaderOverOneUnprovenFlushIsTorn) {
  FaultyFileSystem files;
  JournalWriterLog log;
  auto opened = open_journal(files, kSmall, {.epoch = 1});
  for (int i = 0; i < 3; ++i) {
    log.append(*opened.journal, 1, std::string(20'000, 'x'));
    ASSERT_TRUE(opened.journal->run_flush(kIgnore).ok());
  }
  files.flip_bit("journal/01.seg", 80 * 8);
  auto again = open_journal(files, kSmall, {.epoch = 2});
  ASSERT_TRUE(again.journal) << again.error;
  EXPECT_EQ(again.report.records, 2u);
  EXPECT_EQ(again.report.torn_bytes, 20'480u);
  log.restart(again.report.last_lsn);
  log.append(*again.journal, 1, "goes on");
  ASSERT_TRUE(again.journal->run_flush(kIgnore).ok());
  auto last = open_journal(files, kSmall, {.epoch = 3});
  ASSERT_TRUE(last.journal) << last.error;
  EXPECT_EQ(last.report.records, 3u);
}

TEST(JournalRecovery, AMissingOrCutFileInUseIsDamage) {
  for (int what = 0; what < 3; ++what) {
    FaultyFileSystem files;
    JournalWriterLog log;
    {
      auto opened = open_journal(files, kSmall, {.epoch = 1});
      for (int i = 0; i < 5; ++i) {
        log.append(*opened.journal, 1, std::string(20'000, 'x'));
        ASSERT_TRUE(opened.journal->run_flush(kIgnore).ok());
      }
    }
    if (what == 0) {
      ASSERT_TRUE(files.remove("journal/01.seg").ok());
    }
    if (what == 1) files.cut("journal/01.seg", 30'000);
    if (what == 2) files.cut("journal/02.seg", 0);
    auto again = open_journal(files, kSmall, {.epoch = 2});
    EXPECT_FALSE(again.journal) << what;
    EXPECT_EQ(again.failure, OpenFailure::kCorrupt) << what;
  }
}

TEST(JournalRecovery, TheFirstNeededSegmentMustBeThere) {
  ThreeFlushes written;
  auto opened = open_journal(written.files, kSmall, {.first_segment = 2, .epoch = 2});
  EXPECT_EQ(opened.failure, OpenFailure::kCorrupt);
  EXPECT_NE(opened.error.find("segment 2"), std::string::npos) << opened.error;
}

TEST(JournalRecovery, AnotherNodesANewerAndALaterJournalAreForeign) {
  ThreeFlushes written;
  RecoveryReport report;
  const auto ignore = [](std::size_t, const Record&, std::string&) { return true; };
  auto other = Journal::open(written.files, "00000000-0000-0000-0000-000000000000", kSmall,
                             {.epoch = 2}, ignore, {}, report);
  EXPECT_EQ(other.error().kind, OpenFailure::kForeign);
  EXPECT_EQ(open_journal(written.files, kSmall, {.epoch = 1}).failure, OpenFailure::kForeign);

  char block[kBlockBytes];
  SegmentHeader newer{.version = 2, .min_reader_version = 2, .node_uuid = test::kTestNode};
  encode_segment_header(newer, block);
  std::string contents = written.files.contents("journal/03.seg");
  contents.replace(0, sizeof block, block, sizeof block);
  written.files.set_contents("journal/03.seg", contents);
  auto opened = open_journal(written.files, kSmall, {.epoch = 2});
  EXPECT_EQ(opened.failure, OpenFailure::kForeign);
  EXPECT_NE(opened.error.find("newer HarrierMQ"), std::string::npos) << opened.error;
}

TEST(JournalRecovery, AReplayThatRefusesARecordIsDamage) {
  ThreeFlushes written;
  RecoveryReport report;
  auto opened = Journal::open(
      written.files, test::kTestNode, kSmall, {.epoch = 2},
      [](std::size_t, const Record& record, std::string& why) {
        why = "no such type";
        return record.lsn < 2;
      },
      {}, report);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind, OpenFailure::kCorrupt);
  EXPECT_NE(opened.error().message.find("batch 2: no such type"), std::string::npos)
      << opened.error().message;
}

TEST(JournalRecovery, ProgressReachesTheTotal) {
  FaultyFileSystem files;
  JournalWriterLog log;
  {
    auto opened = open_journal(files, kSmall, {.epoch = 1});
    for (int i = 0; i < 5; ++i) {
      log.append(*opened.journal, 1, std::string(20'000, 'x'));
      ASSERT_TRUE(opened.journal->run_flush(kIgnore).ok());
    }
  }
  std::vector<std::uint64_t> done;
  RecoveryReport report;
  auto opened = Journal::open(
      files, test::kTestNode, kSmall, {.epoch = 2},
      [](std::size_t, const Record&, std::string&) { return true; },
      [&done](std::uint64_t bytes, std::uint64_t total) {
        EXPECT_EQ(total, 3u * (64 << 10));
        done.push_back(bytes);
      },
      report);
  ASSERT_EQ(done.size(), 3u);
  EXPECT_EQ(done.back(), 3u * (64 << 10));
}

}  // namespace
}  // namespace harrier::journal

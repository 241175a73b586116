#include "journal/journal.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "journal/journal_reader.h"
#include "journal/posix_file_system.h"
#include "support/faulty_file_system.h"
#include "support/journal_fixture.h"
#include "support/temporary_directory.h"

namespace harrier::journal {
namespace {

using test::FaultyFileSystem;
using test::JournalWriterLog;
using test::open_journal;
using test::record_bytes;

const JournalOptions kSmall{.segment_bytes = 64 << 10, .segments = 4};

const Journal::Committed kIgnore = [](std::size_t, std::uint64_t) {};

std::vector<BatchFacts> batches_of(FaultyFileSystem& files, std::uint64_t first_segment = 1) {
  auto reader = *JournalReader::open(files, false);
  std::vector<BatchFacts> batches;
  const auto end = reader->walk(test::kTestNode, {.first_segment = first_segment, .epoch = 1000},
                                [&](const BatchFacts& batch, base::Bytes, std::string&) {
                                  batches.push_back(batch);
                                  return true;
                                });
  EXPECT_TRUE(end.ok());
  EXPECT_NE(end->verdict, Verdict::kCorrupt) << end->message;
  for (BatchFacts& batch : batches)
    batch.segment = nullptr;
  return batches;
}

TEST(Journal, RoundTripKeepsOrderAndBytes) {
  FaultyFileSystem files;
  JournalWriterLog log;
  auto first = open_journal(files, kSmall, {.epoch = 1});
  ASSERT_TRUE(first.journal) << first.error;
  for (int i = 0; i < 50; ++i)
    log.append(*first.journal, static_cast<std::size_t>(i) % 3, "record " + std::to_string(i));
  ASSERT_TRUE(first.journal->run_flush(log.on_committed()).ok());
  EXPECT_EQ(log.committed(), log.last());
  EXPECT_EQ(first.journal->committed_lsn(1), 17u);
  EXPECT_EQ(first.journal->usage().pending_bytes, 0u);

  auto second = open_journal(files, kSmall, {.epoch = 2});
  ASSERT_TRUE(second.journal) << second.error;
  EXPECT_EQ(second.report.records, 50u);
  EXPECT_EQ(second.report.last_lsn, log.last());
  EXPECT_FALSE(second.report.clean);
  for (std::size_t shard = 0; shard < 3; ++shard) {
    const auto& records = second.records[shard];
    ASSERT_EQ(records.size(), log.last()[shard]);
    for (std::size_t i = 0; i < records.size(); ++i) {
      EXPECT_EQ(records[i].lsn, i + 1);
      EXPECT_EQ(records[i].payload, log.payload(shard, i + 1));
    }
  }
}

TEST(Journal, EmptyPayloadsAndManyRecordsInAChunkComeBack) {
  FaultyFileSystem files;
  auto opened = open_journal(files, kSmall, {.epoch = 1});
  base::Buffer chunk;
  for (int i = 0; i < 100; ++i) {
    const auto one = record_bytes(std::string(static_cast<std::size_t>(i % 7), 'x'));
    chunk.append(one.bytes());
  }
  opened.journal->append(16, 1000, 100, std::move(chunk), true);
  ASSERT_TRUE(opened.journal->run_flush(kIgnore).ok());
  auto again = open_journal(files, kSmall, {.epoch = 2});
  ASSERT_EQ(again.records[16].size(), 100u);
  EXPECT_EQ(again.records[16][99].lsn, 1099u);
  EXPECT_EQ(again.records[16][7].payload, "");
}

TEST(Journal, GivesTheRoomOfWrittenChunksBackUpToALimit) {
  FaultyFileSystem files;
  auto opened = open_journal(files, {.segment_bytes = 8 << 20, .segments = 4}, {.epoch = 1});
  Journal& journal = *opened.journal;
  std::uint64_t lsn = 0;
  const auto append = [&] {
    return journal.append(1, ++lsn, 1, record_bytes(std::string(300'000, 'x')), true);
  };
  EXPECT_EQ(append().capacity(), 0u);
  ASSERT_TRUE(journal.run_flush(kIgnore).ok());
  const base::Buffer spare = append();
  EXPECT_TRUE(spare.empty());
  EXPECT_GE(spare.capacity(), 300'000u);
  for (int i = 0; i != 40; ++i)
    append();
  while (journal.usage().pending_bytes != 0)
    ASSERT_TRUE(journal.run_flush(kIgnore).ok());
  std::vector<base::Buffer> all;
  std::size_t kept = 0;
  while (kept <= kSpareBytesMax) {
    all.push_back(append());
    if (all.back().capacity() == 0) break;
    kept += all.back().capacity();
  }
  EXPECT_GT(kept, kSpareBytesMax / 2);
  EXPECT_LE(kept, kSpareBytesMax);
}

TEST(Journal, ChunksOfAShardMergeIntoOneBatchAndOneWrite) {
  FaultyFileSystem files;
  JournalWriterLog log;
  auto opened = open_journal(files, kSmall, {.epoch = 1});
  for (int i = 0; i < 20; ++i)
    log.append(*opened.journal, static_cast<std::size_t>(i) % 2, "x");
  const std::uint64_t writes = files.writes();
  const std::uint64_t syncs = files.syncs();
  ASSERT_TRUE(opened.journal->run_flush(log.on_committed()).ok());
  EXPECT_EQ(files.writes(), writes + 1);
  EXPECT_EQ(files.syncs(), syncs + 1);
  const auto batches = batches_of(files);
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[0].head.records, 10u);
  EXPECT_EQ(batches[1].head.records, 10u);
}

TEST(Journal, BatchNumbersAreDenseAcrossShardsSegmentsAndStarts) {
  FaultyFileSystem files;
  JournalWriterLog log;
  for (std::uint64_t epoch = 1; epoch <= 3; ++epoch) {
    auto opened = open_journal(files, kSmall, {.epoch = epoch});
    ASSERT_TRUE(opened.journal) << opened.error;
    for (std::size_t i = 0; i < 3; ++i) {
      log.append(*opened.journal, i, std::string(5000, 'y'));
      ASSERT_TRUE(opened.journal->run_flush(log.on_committed()).ok());
    }
  }
  const auto batches = batches_of(files);
  ASSERT_EQ(batches.size(), 9u);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    EXPECT_EQ(batches[i].head.number, i + 1);
    EXPECT_EQ(batches[i].head.watermark, i);
    EXPECT_EQ(batches[i].head.epoch, i / 3 + 1);
    EXPECT_EQ(batches[i].head.segment, i / 3 + 1);
  }
}

TEST(Journal, AllBatchesOfAFlushCarryTheSameWatermark) {
  FaultyFileSystem files;
  JournalWriterLog log;
  auto opened = open_journal(files, kSmall, {.epoch = 1});
  log.append(*opened.journal, 0, "a");
  ASSERT_TRUE(opened.journal->run_flush(kIgnore).ok());
  for (std::size_t shard = 0; shard < 4; ++shard)
    log.append(*opened.journal, shard, "b");
  ASSERT_TRUE(opened.journal->run_flush(kIgnore).ok());
  const auto batches = batches_of(files);
  ASSERT_EQ(batches.size(), 5u);
  for (std::size_t i = 1; i < 5; ++i)
    EXPECT_EQ(batches[i].head.watermark, 1u);
}

TEST(Journal, ASealProvesTheLastBatchOnce) {
  FaultyFileSystem files;
  JournalWriterLog log;
  auto opened = open_journal(files, kSmall, {.epoch = 1});
  ASSERT_TRUE(opened.journal->seal().ok());
  EXPECT_TRUE(batches_of(files).empty());
  log.append(*opened.journal, 0, "a");
  ASSERT_TRUE(opened.journal->run_flush(kIgnore).ok());
  ASSERT_TRUE(opened.journal->seal().ok());
  ASSERT_TRUE(opened.journal->seal().ok());
  const auto batches = batches_of(files);
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[1].head.flags, kBatchSeal);
  EXPECT_EQ(batches[1].head.watermark, 1u);
  EXPECT_EQ(opened.journal->committed_batch(), 2u);
}

TEST(Journal, CleanOnlyIfThatIsTheLastBatch) {
  FaultyFileSystem files;
  JournalWriterLog log;
  {
    auto opened = open_journal(files, kSmall, {.epoch = 1});
    log.append(*opened.journal, 0, "pending at the end");
    opened.journal->stop();
    EXPECT_FALSE(opened.journal->wait_for_work());
    ASSERT_TRUE(opened.journal->close_cleanly(log.on_committed()).ok());
    EXPECT_EQ(log.committed()[0], 1u);
  }
  {
    auto opened = open_journal(files, kSmall, {.epoch = 2});
    EXPECT_TRUE(opened.report.clean);
    EXPECT_EQ(opened.records[0].size(), 1u);
    log.append(*opened.journal, 0, "after");
    ASSERT_TRUE(opened.journal->run_flush(log.on_committed()).ok());
  }
  EXPECT_FALSE(open_journal(files, kSmall, {.epoch = 3}).report.clean);
}

// Fills segments until none is free; returns how many records were committed.
void fill(Journal& journal, JournalWriterLog& log) {
  while (true) {
    log.append(journal, 2, std::string(20'000, 'f'));
    const auto done = journal.run_flush(log.on_committed());
    if (done.ok()) continue;
    EXPECT_TRUE(done.error().is_out_of_space()) << done.error().message;
    return;
  }
}

TEST(Journal, NoFreeSegmentIsNotAFailureAndLosesNothing) {
  FaultyFileSystem files;
  JournalWriterLog log;
  auto opened = open_journal(files, kSmall, {.epoch = 1});
  Journal& journal = *opened.journal;
  fill(journal, log);
  EXPECT_EQ(journal.usage().segments, 4u);
  EXPECT_EQ(journal.usage().segments_used, 4u);
  EXPECT_EQ(journal.usage().active_segment, 4u);
  EXPECT_EQ(journal.usage().pending_bytes, 20'008u);
  EXPECT_EQ(log.committed()[2] + 1, log.last()[2]);
  EXPECT_TRUE(journal.run_flush(log.on_committed()).error().is_out_of_space());
  // Sealing still works: room is kept for it.
  EXPECT_TRUE(journal.seal().ok());

  journal.release(2);
  EXPECT_EQ(journal.oldest_segment(), 2u);
  ASSERT_TRUE(journal.run_flush(log.on_committed()).ok());
  EXPECT_EQ(log.committed(), log.last());
  EXPECT_EQ(journal.usage().pending_bytes, 0u);
  auto again = open_journal(files, kSmall, {.first_segment = 2, .epoch = 2});
  ASSERT_TRUE(again.journal) << again.error;
  EXPECT_EQ(again.records[2].back().lsn, log.last()[2]);
}

TEST(Journal, AFullJournalIsSealedAndClosed) {
  FaultyFileSystem files;
  JournalWriterLog log;
  auto opened = open_journal(files, kSmall, {.epoch = 1});
  fill(*opened.journal, log);
  ASSERT_TRUE(opened.journal->seal().ok());
  EXPECT_TRUE(opened.journal->close_cleanly(log.on_committed()).error().is_out_of_space());
  opened.journal->release(2);
  ASSERT_TRUE(opened.journal->close_cleanly(log.on_committed()).ok());
  auto again = open_journal(files, kSmall, {.first_segment = 2, .epoch = 2});
  ASSERT_TRUE(again.journal) << again.error;
  EXPECT_TRUE(again.report.clean);
}

TEST(Journal, GrowsWhenNothingMayBeReleased) {
  FaultyFileSystem files;
  JournalWriterLog log;
  {
    auto opened = open_journal(files, kSmall, {.epoch = 1});
    Journal& journal = *opened.journal;
    fill(journal, log);
    EXPECT_TRUE(journal.usage().stands_still);
    ASSERT_TRUE(journal.grow().ok());
    EXPECT_FALSE(journal.usage().stands_still);
    EXPECT_EQ(journal.usage().segments, 5u);
    ASSERT_TRUE(journal.run_flush(log.on_committed()).ok());
    EXPECT_EQ(log.committed(), log.last());
    EXPECT_EQ(journal.usage().segments_used, 5u);
  }
  // Recovery reads the fifth as well, and keeps it.
  auto again = open_journal(*files.after_crash(1), kSmall, {.epoch = 2});
  ASSERT_TRUE(again.journal) << again.error;
  EXPECT_EQ(again.records[2].back().lsn, log.last()[2]);
  EXPECT_EQ(again.journal->usage().segments, 5u);
}

TEST(Journal, GrowingWithoutRoomChangesNothing) {
  FaultyFileSystem files;
  JournalWriterLog log;
  auto opened = open_journal(files, kSmall, {.epoch = 1});
  fill(*opened.journal, log);
  const std::uint64_t calls = files.calls();
  ASSERT_TRUE(opened.journal->grow().ok());
  const std::uint64_t needed = files.calls() - calls;
  for (std::uint64_t n = 1; n <= needed; ++n) {
    SCOPED_TRACE(n);
    const std::uint32_t before = opened.journal->usage().segments;
    files.fail_at(files.calls() + n, test::Fault::kNoSpace);
    const auto grown = opened.journal->grow();
    if (grown.ok()) continue;  // a call that needs no room
    EXPECT_TRUE(grown.error().is_out_of_space());
    EXPECT_EQ(opened.journal->usage().segments, before);
    ASSERT_TRUE(opened.journal->grow().ok());
    EXPECT_EQ(opened.journal->usage().segments, before + 1);
  }
  ASSERT_TRUE(opened.journal->run_flush(log.on_committed()).ok());
}

TEST(Journal, RecyclesForEverWithTheSameFiles) {
  FaultyFileSystem files;
  JournalWriterLog log;
  auto opened = open_journal(files, kSmall, {.epoch = 1});
  Journal& journal = *opened.journal;
  for (int i = 0; i < 100; ++i) {
    log.append(journal, 1, std::string(20'000, static_cast<char>('a' + i % 26)));
    ASSERT_TRUE(journal.run_flush(log.on_committed()).ok());
    journal.release(journal.first_segment_needed(log.committed()));
  }
  EXPECT_EQ(journal.usage().segments_used, 1u);
  EXPECT_EQ(files.paths().size(), 4u);
  const std::uint64_t first = journal.oldest_segment();
  EXPECT_GT(first, 40u);
  auto again = open_journal(files, kSmall, {.first_segment = first, .epoch = 2});
  ASSERT_TRUE(again.journal) << again.error;
  EXPECT_EQ(again.report.last_lsn[1], 100u);
  EXPECT_EQ(again.records[1].back().payload, log.payload(1, 100));
}

TEST(Journal, TheNewestSegmentIsNeverReleased) {
  FaultyFileSystem files;
  JournalWriterLog log;
  auto opened = open_journal(files, kSmall, {.epoch = 1});
  log.append(*opened.journal, 1, "x");
  ASSERT_TRUE(opened.journal->run_flush(log.on_committed()).ok());
  opened.journal->release(99);
  EXPECT_EQ(opened.journal->oldest_segment(), 1u);
  EXPECT_EQ(opened.journal->usage().segments_used, 1u);
}

TEST(Journal, LastLsnsThroughASegment) {
  FaultyFileSystem files;
  JournalWriterLog log;
  auto opened = open_journal(files, kSmall, {.epoch = 1});
  Journal& journal = *opened.journal;
  log.append(journal, 3, "small");
  for (int i = 0; i < 5; ++i) {
    log.append(journal, 1, std::string(20'000, 'x'));
    ASSERT_TRUE(journal.run_flush(log.on_committed()).ok());
  }
  EXPECT_EQ(journal.last_lsns_through(1)[1], 2u);
  EXPECT_EQ(journal.last_lsns_through(1)[3], 1u);
  EXPECT_EQ(journal.last_lsns_through(2)[1], 4u);
  EXPECT_EQ(journal.last_lsns_through(2)[3], 1u);
  EXPECT_EQ(journal.last_lsns_through(99), log.last());
  ShardLsns covered{};
  EXPECT_EQ(journal.first_segment_needed(covered), 1u);
  covered[3] = 1;
  covered[1] = 2;
  EXPECT_EQ(journal.first_segment_needed(covered), 2u);
  covered = log.last();
  EXPECT_EQ(journal.first_segment_needed(covered), 3u);

  auto again = open_journal(files, kSmall, {.epoch = 2});
  EXPECT_EQ(again.journal->last_lsns_through(1)[1], 2u);
  EXPECT_EQ(again.journal->last_lsns_through(2)[3], 1u);
}

TEST(Journal, AFailedSyncPoisons) {
  FaultyFileSystem files;
  JournalWriterLog log;
  auto opened = open_journal(files, kSmall, {.epoch = 1});
  log.append(*opened.journal, 0, "kept");
  ASSERT_TRUE(opened.journal->run_flush(log.on_committed()).ok());
  log.append(*opened.journal, 0, "lost");
  files.fail_next_sync(test::Fault::kIoError);
  const auto failed = opened.journal->run_flush(log.on_committed());
  ASSERT_FALSE(failed.ok());
  const std::uint64_t calls = files.calls();
  for (int i = 0; i < 3; ++i) {
    log.append(*opened.journal, 0, "more");
    EXPECT_EQ(opened.journal->run_flush(log.on_committed()).error().message,
              failed.error().message);
    EXPECT_FALSE(opened.journal->seal().ok());
  }
  EXPECT_FALSE(opened.journal->close_cleanly(log.on_committed()).ok());
  EXPECT_EQ(files.calls(), calls);
  EXPECT_EQ(log.committed()[0], 1u);
  // The next process sees what the disk has, not what memory still shows.
  auto next = files.after_kill();
  auto again = open_journal(*next, kSmall, {.epoch = 2});
  ASSERT_TRUE(again.journal) << again.error;
  EXPECT_EQ(again.records[0].size(), 1u);
}

TEST(Journal, AFullDiskInAWritePoisonsAndIsNotTakenForAFullJournal) {
  for (const test::Fault fault : {test::Fault::kNoSpace, test::Fault::kShortWrite}) {
    FaultyFileSystem files;
    JournalWriterLog log;
    auto opened = open_journal(files, kSmall, {.epoch = 1});
    log.append(*opened.journal, 0, "x");
    files.fail_next_write(fault);
    const auto failed = opened.journal->run_flush(log.on_committed());
    ASSERT_FALSE(failed.ok());
    EXPECT_FALSE(failed.error().is_out_of_space());
    EXPECT_FALSE(opened.journal->run_flush(log.on_committed()).ok());
    EXPECT_EQ(log.committed()[0], 0u);
  }
}

TEST(Journal, WhatAKilledProcessWroteIsSyncedBeforeItCounts) {
  FaultyFileSystem files;
  JournalWriterLog log;
  auto opened = open_journal(files, kSmall, {.epoch = 1});
  log.append(*opened.journal, 0, "written, never synced");
  files.fail_at(files.calls() + 2, test::Fault::kCrash);  // write, then this sync
  ASSERT_FALSE(opened.journal->run_flush(log.on_committed()).ok());
  auto next = files.after_kill();
  auto again = open_journal(*next, kSmall, {.epoch = 2});
  ASSERT_TRUE(again.journal) << again.error;
  ASSERT_EQ(again.records[0].size(), 1u);
  auto last = next->after_crash(0);
  EXPECT_EQ(open_journal(*last, kSmall, {.epoch = 3}).records[0].size(), 1u);
}

TEST(Journal, MoreSegmentsAreAddedFewerAreKeptAndTheSizeStays) {
  FaultyFileSystem files;
  JournalWriterLog log;
  {
    auto opened = open_journal(files, kSmall, {.epoch = 1});
    log.append(*opened.journal, 0, "x");
    ASSERT_TRUE(opened.journal->run_flush(log.on_committed()).ok());
  }
  auto more = open_journal(files, {.segment_bytes = 128 << 10, .segments = 6}, {.epoch = 2});
  ASSERT_TRUE(more.journal) << more.error;
  EXPECT_EQ(more.journal->usage().segments, 6u);
  EXPECT_EQ(files.contents("journal/05.seg").size(), 64u << 10);
  auto fewer = open_journal(files, {.segment_bytes = 64 << 10, .segments = 2}, {.epoch = 3});
  ASSERT_TRUE(fewer.journal) << fewer.error;
  EXPECT_EQ(fewer.journal->usage().segments, 6u);
  EXPECT_EQ(fewer.records[0].size(), 1u);
}

TEST(Journal, AppendWakesTheFlusherAndStopEndsIt) {
  FaultyFileSystem files;
  auto opened = open_journal(
      files,
      {.segment_bytes = 64 << 10, .segments = 4, .idle_delay = base::Milliseconds(3'600'000)},
      {.epoch = 1});
  Journal& journal = *opened.journal;
  journal.append(0, 1, 1, record_bytes("nobody waits"), false);
  std::thread flusher([&journal] {
    EXPECT_TRUE(journal.wait_for_work());
    journal.stop();
    EXPECT_FALSE(journal.wait_for_work());
  });
  journal.urge();
  flusher.join();
}

TEST(Journal, FourThreadsAppendWhileTheFlusherRuns) {
  const test::TemporaryDirectory directory;
  auto real = *PosixFileSystem::open_root(directory.path());
  FileSystem& files = *real;
  auto opened = open_journal(
      files, {.segment_bytes = 1 << 20, .segments = 4, .idle_delay = base::Milliseconds(1)},
      {.epoch = 1});
  Journal& journal = *opened.journal;
  std::array<std::atomic<std::uint64_t>, 4> committed{};
  std::thread flusher([&] {
    const auto note = [&](std::size_t shard, std::uint64_t lsn) { committed[shard] = lsn; };
    while (journal.wait_for_work())
      ASSERT_TRUE(journal.run_flush(note).ok());
    ASSERT_TRUE(journal.close_cleanly(note).ok());
  });
  std::vector<std::thread> writers;
  for (std::size_t shard = 0; shard < 4; ++shard) {
    writers.emplace_back([&journal, shard] {
      for (std::uint64_t lsn = 1; lsn <= 500; ++lsn) {
        journal.append(shard, lsn, 1, record_bytes("thread"), lsn % 10 == 0);
        if (lsn % 50 == 0) journal.urge();
        if (lsn % 100 == 0) journal.usage();
      }
    });
  }
  for (std::thread& writer : writers)
    writer.join();
  journal.stop();
  flusher.join();
  for (const auto& lsn : committed)
    EXPECT_EQ(lsn.load(), 500u);
  auto again = open_journal(files, kSmall, {.epoch = 2});
  EXPECT_EQ(again.report.records, 2000u);
  EXPECT_TRUE(again.report.clean);
}

}  // namespace
}  // namespace harrier::journal

#include "journal/journal_repair.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "journal/journal_format.h"
#include "support/faulty_file_system.h"
#include "support/journal_fixture.h"

namespace harrier::journal {
namespace {

using test::FaultyFileSystem;
using test::JournalWriterLog;
using test::open_journal;

const JournalOptions kSmall{.segment_bytes = 64 << 10, .segments = 4};

class JournalRepair : public testing::Test {
 protected:
  // Two records in each of three segments.
  void write() {
    auto opened = open_journal(files_, kSmall, {.epoch = 1});
    for (int i = 0; i < 6; ++i) {
      log_.append(*opened.journal, 1, std::string(20'000, static_cast<char>('a' + i)));
      ASSERT_TRUE(opened.journal->run_flush(log_.on_committed()).ok());
    }
  }

  LossReport repair(bool dry_run = false, std::uint64_t known = 0) {
    auto report =
        repair_journal(files_, test::kTestNode, kSmall, {.last_batch = known, .epoch = 2}, dry_run);
    EXPECT_TRUE(report.ok()) << report.error().message;
    return *report;
  }

  std::map<std::string, std::string> everything() const {
    std::map<std::string, std::string> all;
    for (const std::string& path : files_.paths())
      all[path] = files_.contents(path);
    return all;
  }

  // Opens with what is left, appends, opens again.
  void expect_usable(std::size_t records, std::uint64_t known = 0) {
    auto opened = open_journal(files_, kSmall, {.last_batch = known, .epoch = 3});
    ASSERT_TRUE(opened.journal) << opened.error;
    ASSERT_EQ(opened.records[1].size(), records);
    opened.journal->append(1, 7, 1, test::record_bytes("after"), true);
    ASSERT_TRUE(opened.journal->run_flush([](std::size_t, std::uint64_t) {}).ok());
    auto again = open_journal(files_, kSmall, {.last_batch = known, .epoch = 4});
    ASSERT_TRUE(again.journal) << again.error;
    ASSERT_EQ(again.records[1].size(), records + 1);
    EXPECT_EQ(again.records[1].back().lsn, 7u);
  }

  FaultyFileSystem files_;
  JournalWriterLog log_;
};

TEST_F(JournalRepair, LeavesASoundJournalAlone) {
  write();
  const auto before = everything();
  EXPECT_FALSE(repair().damaged);
  EXPECT_EQ(everything(), before);
}

TEST_F(JournalRepair, CutsAtTheDamageAndReportsTheLoss) {
  write();
  files_.flip_bit("journal/01.seg", 30'000 * 8);  // the second batch of segment 2, LSN 4
  const std::string damaged = files_.contents("journal/01.seg");
  const std::string stray = files_.contents("journal/02.seg");
  const auto before = everything();
  const LossReport planned = repair(true);
  EXPECT_EQ(everything(), before);
  const LossReport report = repair();
  EXPECT_TRUE(report.damaged);
  EXPECT_EQ(report.damage, planned.damage);
  EXPECT_EQ(report.first_lost_batch, 4u);
  EXPECT_EQ(report.last_lost_batch, 6u);
  ASSERT_EQ(report.lsns.size(), 1u);
  EXPECT_EQ(report.lsns[0].shard, 1u);
  EXPECT_EQ(report.lsns[0].first, 4u);
  EXPECT_EQ(report.lsns[0].last, 6u);
  ASSERT_EQ(report.bytes.size(), 2u);
  EXPECT_EQ(report.bytes[0].segment, 2u);
  EXPECT_EQ(report.bytes[0].offset, 4096u + 20'480);
  EXPECT_EQ(files_.contents(report.bytes[0].copy), damaged.substr(4096 + 20'480));
  EXPECT_EQ(files_.contents(report.bytes[1].copy), stray);
  expect_usable(3);
}

TEST_F(JournalRepair, ALostHeaderACutFileAndAMissingFile) {
  for (int what = 0; what < 3; ++what) {
    files_ = FaultyFileSystem();
    log_ = JournalWriterLog();
    write();
    if (what == 0) files_.flip_bit("journal/01.seg", 70 * 8);
    if (what == 1) files_.cut("journal/01.seg", 5000);
    if (what == 2) {
      ASSERT_TRUE(files_.remove("journal/01.seg").ok());
    }
    EXPECT_TRUE(repair().damaged) << what;
    expect_usable(2);
  }
}

TEST_F(JournalRepair, NothingLeftAtAllStartsOver) {
  write();
  for (const char* path : {"journal/00.seg", "journal/01.seg", "journal/02.seg"})
    files_.flip_bit(path, 70 * 8);
  EXPECT_TRUE(repair(false, 6).damaged);
  expect_usable(0, 6);
}

TEST_F(JournalRepair, WhatTheCheckpointKnowsIsNumberedPast) {
  write();
  std::string contents = files_.contents("journal/02.seg");
  std::fill(contents.begin(), contents.end(), '\0');
  files_.set_contents("journal/02.seg", contents);
  EXPECT_FALSE(repair().damaged);
  const LossReport report = repair(false, 6);
  EXPECT_TRUE(report.damaged);
  EXPECT_EQ(report.first_lost_batch, 5u);
  EXPECT_EQ(report.last_lost_batch, 6u);
  expect_usable(4, 6);
}

TEST_F(JournalRepair, ALossOfPowerInTheMiddleIsRepairedByASecondOne) {
  for (std::uint64_t call = 1; call < 120; ++call) {
    files_ = FaultyFileSystem();
    log_ = JournalWriterLog();
    write();
    files_.flip_bit("journal/00.seg", 30'000 * 8);
    files_.fail_at(files_.calls() + call, test::Fault::kCrash);
    (void)repair_journal(files_, test::kTestNode, kSmall, {.last_batch = 5, .epoch = 2}, false);
    if (!files_.crashed()) return;
    auto survivor = files_.after_crash(call);
    auto report =
        repair_journal(*survivor, test::kTestNode, kSmall, {.last_batch = 5, .epoch = 3}, false);
    ASSERT_TRUE(report.ok()) << report.error().message;
    auto opened = open_journal(*survivor, kSmall, {.last_batch = 5, .epoch = 4});
    ASSERT_TRUE(opened.journal) << call << " " << opened.error;
    ASSERT_EQ(opened.records[1].size(), 1u);
    ASSERT_EQ(opened.records[1][0].payload, log_.payload(1, 1));
    opened.journal->append(1, 7, 1, test::record_bytes("after"), true);
    ASSERT_TRUE(opened.journal->run_flush([](std::size_t, std::uint64_t) {}).ok());
    auto again = open_journal(*survivor, kSmall, {.last_batch = 5, .epoch = 5});
    ASSERT_TRUE(again.journal) << call << " " << again.error;
    ASSERT_EQ(again.records[1].size(), 2u);
  }
  FAIL() << "the repair has more calls than were tried";
}

}  // namespace
}  // namespace harrier::journal

// Which runs are rewritten, and what happens to the queues meanwhile.

#include "store/run_merger.h"

#include <cerrno>

#include <gtest/gtest.h>

#include "store/run_format.h"
#include "unit/store/merger_fixture.h"

namespace harrier::store {
namespace {

using test::Fault;

// ---- which runs

TEST_F(RunMergerTest, ASparseRunBecomesASmallerOne) {
  const QueueId queue = declare(1);
  fill(queue, 100, 1'000);
  const RunId old = spill();
  EXPECT_EQ(merge_all(), 0u);
  thin_out(queue, 5);
  EXPECT_EQ(merge_all(), 1u);
  expect_all_is_there();
  EXPECT_FALSE(runs_in_use().contains(old.value));
  EXPECT_EQ(merger_->merges().value(), 1u);
  EXPECT_EQ(merger_->merged_bytes().value(), ledger_.runs().begin()->second.file->file_bytes());
  EXPECT_LT(merger_->merged_bytes().value(), spilled_bytes_ / 3);
  runs_.remove_unused({});
  EXPECT_EQ(run_files(), runs_in_use());
  EXPECT_EQ(ledger_.dead_bytes(), 0u);
}

TEST_F(RunMergerTest, ARunThatAQueueEmptiesByItselfIsLeft) {
  limits_.dead_bytes_max = 1 << 20;
  make_merger();
  const QueueId queue = declare(1);
  fill(queue, 100);
  spill();
  thin_out(queue, 10);
  EXPECT_EQ(merge_all(), 0u);
  // It has outlived a snapshot.
  merger_->snapshot_taken();
  EXPECT_EQ(merge_all(), 1u);
  expect_all_is_there();
}

TEST_F(RunMergerTest, MuchDeadRoomDoesNotWaitForASnapshot) {
  limits_.dead_bytes_max = 50'000;
  make_merger();
  const QueueId queue = declare(1);
  fill(queue, 100, 1'000);
  spill();
  thin_out(queue, 2);
  EXPECT_EQ(merge_all(), 0u);
  thin_out(queue, 10);
  EXPECT_EQ(merge_all(), 1u);
}

TEST_F(RunMergerTest, SparseNeighboursBecomeOne) {
  const QueueId queue = declare(1);
  for (int run = 0; run != 5; ++run) {
    fill(queue, 20, 20'000);
    spill();
  }
  thin_out(queue, 10);
  EXPECT_EQ(merge_all(), 1u);
  EXPECT_EQ(extents(queue), 1u);
  expect_all_is_there();
}

TEST_F(RunMergerTest, SmallNeighboursBecomeOneOnceTheyAreFour) {
  const QueueId first = declare(1), second = declare(2);
  for (int run = 1; run <= 4; ++run) {
    EXPECT_EQ(merge_all(), 0u);
    fill(first, 3);
    fill(second, 3);
    spill();
  }
  EXPECT_EQ(merge_all(), 1u);
  EXPECT_EQ(extents(first), 1u);
  EXPECT_EQ(extents(second), 1u);
  expect_all_is_there();
}

TEST_F(RunMergerTest, ALargeRunIsNotCopiedForTheSakeOfSmallOnes) {
  const QueueId queue = declare(1);
  fill(queue, 50, 150);
  const RunId large = spill();
  for (int run = 0; run != 6; ++run) {
    fill(queue, 2, 150);
    spill();
    merge_all();
  }
  EXPECT_GT(merger_->merges().value(), 0u);
  EXPECT_TRUE(runs_in_use().contains(large.value));
}

TEST_F(RunMergerTest, ASparseRunOfWhichMostBytesAreAliveIsLeftUntilHalfOfItHasDied) {
  const QueueId longs = declare(1), shorts = declare(2);
  fill(longs, 4, 50'000);
  fill(shorts, 100, 50);
  const RunId old = spill();
  drop(shorts);
  EXPECT_EQ(merge_all(), 1u);
  EXPECT_EQ(merger_->merges().value(), 0u);
  // It is not asked again and again.
  merger_->snapshot_taken();
  EXPECT_EQ(merge_all(), 0u);
  for (std::size_t jobs : {0, 1}) {
    settle(places(longs)[1]);
    merger_->snapshot_taken();
    EXPECT_EQ(merge_all(), jobs);
  }
  EXPECT_EQ(merger_->merges().value(), 1u);
  EXPECT_FALSE(runs_in_use().contains(old.value));
  expect_all_is_there();
}

TEST_F(RunMergerTest, ARunOfWhichMostBytesAreAliveDoesNotHoldItsNeighboursBack) {
  const QueueId longs = declare(1), shorts = declare(2);
  fill(longs, 4, 50'000);
  fill(shorts, 100, 50);
  const RunId full = spill();
  drop(shorts);
  fill(longs, 40, 500);
  const RunId sparse = spill();
  settle(places(longs)[5], Position(44));
  EXPECT_EQ(merge_all(), 2u);
  EXPECT_EQ(merger_->merges().value(), 1u);
  EXPECT_TRUE(runs_in_use().contains(full.value));
  EXPECT_FALSE(runs_in_use().contains(sparse.value));
  expect_all_is_there();
}

TEST_F(RunMergerTest, AMergedRunIsAsOldAsWhatItStandsFor) {
  const QueueId queue = declare(1);
  for (const std::size_t count : {40, 20, 10, 10}) {
    fill(queue, count, 20'000);
    spill();
  }
  for (const Place& place : places(queue))
    if (place.position <= Position(40) && place.position.value % 4 != 0) settle(place);
  EXPECT_EQ(merge_all(), 1u);
  // Its number is the highest, with 10; those of 20, 10 and 10 are younger.
  const auto all = places(queue);
  settle(all[2], all[9].position);
  settle(all[31], all[39].position);
  settle(all[41], all[49].position);
  // The two youngest together, the oldest alone: one that is not sparse is between.
  EXPECT_EQ(merge_all(), 2u);
  EXPECT_EQ(extents(queue), 3u);
  expect_all_is_there();
}

TEST_F(RunMergerTest, LookingCostsNothingWhileNothingChanges) {
  const QueueId queue = declare(1);
  fill(queue, 10);
  spill();
  EXPECT_EQ(merge_all(), 0u);
  EXPECT_FALSE(ledger_.wants_look());
  thin_out(queue, 2);
  EXPECT_FALSE(ledger_.wants_look());
  thin_out(queue, 3);
  EXPECT_TRUE(ledger_.wants_look());
}

// ---- bodies

TEST_F(RunMergerTest, ABodyInSeveralQueuesIsWrittenOnce) {
  const std::vector<QueueId> queues{declare(1), declare(2), declare(3)};
  const std::string body = unique_body(1'000);
  publish(queues, body);
  for (int i = 0; i != 20; ++i)
    publish(queues, unique_body(1'000));
  spill();
  // What was merged can be merged again.
  for (const std::size_t keep : {5, 5}) {
    for (const QueueId queue : queues)
      thin_out(queue, keep);
    EXPECT_EQ(merge_all(), 1u);
    expect_all_is_there();
    EXPECT_EQ(count_in_runs(body), 1u);
  }
}

TEST_F(RunMergerTest, SharedBodiesBeyondTheirLimitAreWrittenAgain) {
  limits_.shared_bytes_max = 1'500;
  make_merger();
  const std::vector<QueueId> queues{declare(1), declare(2), declare(3)};
  const std::string first = unique_body(1'000), second = unique_body(1'000);
  publish(queues, first);
  publish(queues, second);
  for (int i = 0; i != 10; ++i)
    publish(queues, unique_body(1'000));
  spill();
  for (const QueueId queue : queues)
    settle(places(queue)[2], Position(12));
  EXPECT_EQ(merge_all(), 1u);
  expect_all_is_there();
  EXPECT_EQ(count_in_runs(first), 1u);
  EXPECT_EQ(count_in_runs(second), 3u);
}

TEST_F(RunMergerTest, LevelsExpiryAndDeliveryCountsStay) {
  const QueueId queue = declare(1);
  for (int i = 0; i != 40; ++i)
    publish({queue}, unique_body(50), static_cast<std::uint8_t>(i % 4),
            i % 3 == 0 ? at(5'000 + i) : kNoExpiry, static_cast<std::uint16_t>(i));
  spill();
  thin_out(queue, 5);
  EXPECT_EQ(merge_all(), 1u);
  EXPECT_EQ(merger_->merges().value(), 1u);
  expect_all_is_there();
}

TEST_F(RunMergerTest, AMessageLargerThanABlockIsCopied) {
  const QueueId queue = declare(1);
  for (int i = 0; i != 10; ++i)
    publish({queue}, unique_body(i % 5 == 0 ? 200'000 : 100'000));
  spill();
  settle(places(queue)[6], Position(10));
  settle(places(queue)[1], Position(5));
  EXPECT_EQ(merge_all(), 1u);
  EXPECT_EQ(merger_->merges().value(), 1u);
  expect_all_is_there();
}

// ---- meanwhile

class RunMergerSlices : public RunMergerTest {
 protected:
  // Three sparse runs of two queues, of each run a block of each queue; slices are of one block.
  RunMergerSlices() {
    limits_.slice_bytes = 1;
    make_merger();
    first_ = declare(1);
    second_ = declare(2);
    for (int run = 0; run != 3; ++run) {
      fill(first_, 10);
      fill(second_, 10);
      old_runs_.insert(spill().value);
    }
    thin_out(first_, 5);
    thin_out(second_, 5);
  }
  void finish() {
    finish_job();
    EXPECT_EQ(merger_->merges().value(), 1u);
    expect_all_is_there();
    for (const std::uint64_t run : runs_in_use())
      EXPECT_FALSE(old_runs_.contains(run));
    EXPECT_EQ(merge_all(), 0u);
  }
  QueueId first_, second_;
  std::set<std::uint64_t> old_runs_;
};

TEST_F(RunMergerSlices, WhatIsSettledDuringTheCopyIsDeadInTheNewRun) {
  copy_some();
  settle(places(first_)[1]);
  settle(places(second_)[2]);
  settle(places(second_)[4]);
  finish();
  EXPECT_EQ(places(second_).size(), 4u);
}

TEST_F(RunMergerSlices, TheFirstExtentDiesDuringTheCopy) {
  copy_some();
  for (int i = 0; i != 2; ++i) {
    settle(places(first_)[0]);
    settle(places(second_)[0]);
  }
  ASSERT_EQ(extents(second_), 2u);
  finish();
}

TEST_F(RunMergerSlices, TheMiddleExtentDiesDuringTheCopy) {
  copy_some();
  for (int i = 0; i != 2; ++i) {
    settle(places(first_)[2]);
    settle(places(second_)[2]);
  }
  ASSERT_EQ(extents(second_), 2u);
  finish();
}

TEST_F(RunMergerSlices, TheLastExtentDiesDuringTheCopy) {
  copy_some();
  for (int i = 0; i != 2; ++i) {
    settle(places(first_)[4]);
    settle(places(second_)[4]);
  }
  ASSERT_EQ(extents(second_), 2u);
  finish();
}

TEST_F(RunMergerSlices, AQueueIsDeletedDuringTheCopy) {
  copy_some();
  drop(first_);
  finish();
}

TEST_F(RunMergerSlices, AQueueIsPurgedDuringTheCopy) {
  copy_some();
  settle(places(second_)[0], Position(30));
  finish();
}

TEST_F(RunMergerSlices, AllDiesDuringTheCopy) {
  copy_some();
  drop(first_);
  settle(places(second_)[0], Position(30));
  finish();
  runs_.remove_unused({});
  EXPECT_TRUE(run_files().empty());
}

TEST_F(RunMergerSlices, AllDiesBeforeTheCopy) {
  look();
  ASSERT_TRUE(worker_.run_one());
  drop(first_);
  drop(second_);
  finish_job();
  EXPECT_EQ(merger_->merges().value(), 0u);
  runs_.remove_unused({});
  EXPECT_TRUE(run_files().empty());
}

TEST_F(RunMergerSlices, AQueueIsSpilledAgainDuringTheCopy) {
  copy_some();
  fill(first_, 10, 20'000);
  spill();
  settle(places(first_)[5], Position(32));
  finish();
  EXPECT_EQ(extents(first_), 2u);
}

TEST_F(RunMergerSlices, QueuesChangeBetweenTheTurnsThatReplaceTheirExtents) {
  limits_.groups_per_turn = 1;
  make_merger();
  const QueueId third = declare(3);
  fill(third, 10);
  spill();
  thin_out(third, 5);
  look();
  while (merger_->merges().value() == 0 && extents(first_) != 1)
    ASSERT_TRUE(step());
  // The others' turn has not come.
  ASSERT_EQ(extents(second_), 3u);
  settle(places(first_)[0]);
  settle(places(second_)[0]);
  drop(third);
  expect_all_is_there();
  finish();
}

// ---- extents that are no neighbours

TEST_F(RunMergerTest, SparseRunsThatAreNoNeighboursAreRewrittenAlone) {
  const QueueId well = declare(1), scattered = declare(2);
  // By age, which is what runs are chosen by, the third is the second.
  for (const std::uint64_t run : {10, 30, 20}) {
    fill(well, run == 30 ? 0 : 10);
    fill(scattered, run == 30 ? 50 : 10, 1'000);
    spill(RunId(run));
  }
  thin_out(well, 10);
  const auto all = places(scattered);
  settle(all[1], all[9].position);
  settle(all[61], all[69].position);
  EXPECT_EQ(merge_all(), 2u);
  expect_all_is_there();
  EXPECT_EQ(merger_->merges().value(), 2u);
  EXPECT_EQ(extents(scattered), 3u);
  EXPECT_FALSE(runs_in_use().contains(10));
  EXPECT_FALSE(runs_in_use().contains(20));
  EXPECT_TRUE(runs_in_use().contains(30));
}

TEST_F(RunMergerTest, SmallRunsThatAreNoNeighboursAreLeft) {
  const QueueId queue = declare(1);
  for (const std::uint64_t run : {10, 50, 20, 30, 40}) {
    fill(queue, run == 50 ? 200 : 3);
    spill(RunId(run));
  }
  EXPECT_EQ(merge_all(), 1u);
  EXPECT_EQ(merger_->merges().value(), 0u);
  EXPECT_EQ(runs_in_use().size(), 5u);
  // Sparse, one by one.
  settle(places(queue)[0], Position(2));
  EXPECT_EQ(merge_all(), 0u);
  thin_out(queue, 100);
  EXPECT_GT(merge_all(), 0u);
  expect_all_is_there();
}

// ---- failures

class RunMergerFailure : public RunMergerTest {
 protected:
  // Two sparse runs of one queue.
  RunMergerFailure() {
    queue_ = declare(1);
    for (int run = 0; run != 2; ++run) {
      fill(queue_, 20, 1'000);
      old_runs_.push_back(spill());
    }
    thin_out(queue_, 10);
    before_ = run_files();
  }
  // One of them is damaged there.
  void expect_left_alone(std::size_t index, std::uint64_t offset) {
    const RunId damaged = old_runs_[index], whole = old_runs_[1 - index];
    files_.flip_bit(run_path(damaged), offset * 8);
    EXPECT_EQ(merge_all(), 2u);
    EXPECT_EQ(merger_->merges().value(), 1u);
    EXPECT_EQ(fatal_, 0);
    EXPECT_TRUE(runs_in_use().contains(damaged.value));
    EXPECT_FALSE(runs_in_use().contains(whole.value));
    runs_.remove_unused({});
    EXPECT_EQ(run_files(), runs_in_use());
    files_.flip_bit(run_path(damaged), offset * 8);
    expect_all_is_there();
  }
  QueueId queue_;
  std::vector<RunId> old_runs_;
  std::set<std::uint64_t> before_;
};

TEST_F(RunMergerFailure, ARunWithADamagedBlockIsLeftAloneAndOthersAreServed) {
  expect_left_alone(0, kRunHeadBytes + 200);
}

TEST_F(RunMergerFailure, ARunWithADamagedBlockBehindOthersIsLeftAlone) {
  expect_left_alone(1, kRunHeadBytes + 200);
}

TEST_F(RunMergerFailure, ARunWithADamagedBlockHeadIsLeftAloneAndOthersAreServed) {
  expect_left_alone(1, kRunHeadBytes + 50);
}

TEST_F(RunMergerFailure, ARunWithADamagedIndexIsLeftAloneAndOthersAreServed) {
  expect_left_alone(1, files_.contents(run_path(old_runs_[1])).size() - kTailBytes - 20);
}

TEST_F(RunMergerFailure, WithoutRoomItRestsUntilTheNextSnapshot) {
  files_.set_free_bytes(1'000);
  look();
  finish_job();
  EXPECT_FALSE(merger_->busy());
  EXPECT_EQ(merger_->merges().value(), 0u);
  EXPECT_EQ(fatal_, 0);
  EXPECT_EQ(run_files(), before_);
  expect_all_is_there();
  files_.set_free_bytes(1 << 20);
  fill(queue_, 1);
  spill();
  ASSERT_TRUE(ledger_.wants_look());
  EXPECT_EQ(merge_all(), 0u);
  merger_->snapshot_taken();
  EXPECT_EQ(merge_all(), 1u);
  expect_all_is_there();
}

TEST_F(RunMergerFailure, AnyOtherFailureToWriteIsFatal) {
  for (const bool sync : {false, true}) {
    make_merger();
    merger_->snapshot_taken();
    if (sync) {
      files_.fail_next_sync(Fault::kIoError);
    } else {
      files_.fail_next_write(Fault::kIoError);
    }
    look();
    for (fatal_ = 0; fatal_ == 0;)
      ASSERT_TRUE(step());
    EXPECT_EQ(fatal_, EIO);
    EXPECT_FALSE(step());
    EXPECT_EQ(run_files(), before_);
    expect_all_is_there();
  }
}

TEST_F(RunMergerFailure, EveryCallOfTheDiskFailsOnce) {
  std::uint64_t calls = 0;
  for (std::uint64_t n = 1; calls == 0 && n != 200; ++n) {
    for (const Fault fault : {Fault::kNoSpace, Fault::kIoError}) {
      make_merger();
      merger_->snapshot_taken();
      const std::uint64_t before = files_.calls();
      files_.fail_at(before + n, fault);
      look();
      for (fatal_ = 0; merger_->busy() && fatal_ == 0;)
        ASSERT_TRUE(step());
      // When there was no n-th call.
      while (files_.calls() < before + n)
        (void)files_.free_bytes();
      expect_all_is_there();
      runs_.remove_unused({});
      EXPECT_EQ(run_files(), runs_in_use()) << "call " << n;
      if (runs_in_use() == before_) continue;
      // It went to its end.
      calls = n;
      break;
    }
  }
  EXPECT_GE(calls, 10u);
}

TEST_F(RunMergerFailure, WhatCannotBeDiscardedGoesWithTheNextCheckpoint) {
  const RunId run = runs_.next();
  files_.set_contents(run_path(run), "half of a run");
  files_.fail_at(files_.calls() + 1, Fault::kIoError);
  runs_.discard(run);
  ASSERT_TRUE(run_files().contains(run.value));
  runs_.remove_unused({});
  EXPECT_EQ(run_files(), before_);
}

// ---- limits

TEST_F(RunMergerTest, AJobHasNoMoreThanItsRuns) {
  const QueueId queue = declare(1);
  for (int run = 0; run != RunMerger::kRunsMax + 6; ++run) {
    fill(queue, 10, 20'000);
    spill();
  }
  thin_out(queue, 10);
  look();
  finish_job();
  EXPECT_EQ(runs_in_use().size(), 7u);
  EXPECT_EQ(merge_all(), 1u);
  EXPECT_EQ(runs_in_use().size(), 2u);
  expect_all_is_there();
}

TEST_F(RunMergerTest, AJobOfSmallRunsHasNoMoreThanItsRuns) {
  const QueueId queue = declare(1);
  for (int run = 0; run != RunMerger::kRunsMax + 6; ++run) {
    fill(queue, 2);
    spill();
  }
  look();
  finish_job();
  EXPECT_EQ(runs_in_use().size(), 7u);
  expect_all_is_there();
}

TEST_F(RunMergerTest, AJobOfSmallRunsHasNoMoreThanItsExtents) {
  limits_.extents_max = 12;
  make_merger();
  const std::vector<QueueId> queues{declare(1), declare(2), declare(3)};
  for (int run = 0; run != 5; ++run) {
    for (const QueueId queue : queues)
      fill(queue, 2);
    spill();
  }
  EXPECT_EQ(merge_all(), 1u);
  EXPECT_EQ(runs_in_use().size(), 2u);
  expect_all_is_there();
}

TEST_F(RunMergerTest, AJobHasNoMoreThanItsBytes) {
  limits_.bytes_max = 20'000;
  make_merger();
  std::vector<QueueId> queues;
  for (std::uint64_t number = 1; number <= 20; ++number)
    queues.push_back(declare(number));
  for (const QueueId queue : queues)
    fill(queue, 20, 2'000);
  const RunId old = spill();
  for (const QueueId queue : queues)
    thin_out(queue, 10);
  // 4 kB of each queue: five queues in a job.
  const std::size_t jobs = merge_all();
  EXPECT_GE(jobs, 4u);
  EXPECT_LE(jobs, 6u);
  expect_all_is_there();
  EXPECT_FALSE(runs_in_use().contains(old.value));
  for (const auto& [run, use] : ledger_.runs())
    EXPECT_LE(use.file->file_bytes(), limits_.bytes_max + 4'400 + kRunHeadBytes + 1'000);
}

TEST_F(RunMergerTest, SmallRunsAreNotTakenTogetherBeyondTheBytesOfAJob) {
  limits_.bytes_max = 5'000;
  make_merger();
  const QueueId queue = declare(1);
  for (int run = 0; run != 8; ++run) {
    fill(queue, 10, 100);
    spill();
  }
  // Three of them are too few.
  EXPECT_EQ(merge_all(), 0u);
  EXPECT_EQ(runs_in_use().size(), 8u);
}

// ---- an orderly end

TEST_F(RunMergerSlices, AStopEndsTheCopyAndRemovesWhatWasWritten) {
  copy_some();
  ASSERT_EQ(run_files().size(), 4u);
  merger_->stop_from_any_thread();
  const std::uint64_t writes = files_.writes();
  ASSERT_TRUE(worker_.run_one());
  EXPECT_TRUE(worker_.idle());
  EXPECT_EQ(files_.writes(), writes);
  EXPECT_EQ(run_files(), old_runs_);
  finish_job();
  EXPECT_FALSE(merger_->busy());
  EXPECT_EQ(runs_in_use(), old_runs_);
  expect_all_is_there();
  merger_->snapshot_taken();
  EXPECT_EQ(merge_all(), 0u);
}

TEST_F(RunMergerSlices, AStopBeforeTheCopyLeavesNothing) {
  look();
  merger_->stop_from_any_thread();
  finish_job();
  EXPECT_EQ(run_files(), old_runs_);
  expect_all_is_there();
}

}  // namespace
}  // namespace harrier::store

// Single ways in which a durable node lost something, or might.
//
// Thread: confined(test).

#include <gtest/gtest.h>

#include "crash_points/durable_world.h"

namespace harrier::test {
namespace {

class DurableScenario : public testing::Test {
 protected:
  explicit DurableScenario(const DurableOptions& options = quiet_options()) : world_(options, 1) {
    world_.leaves_turns_open = false;
  }
  ~DurableScenario() override {
    world_.finish();
    EXPECT_TRUE(world_.problems.empty()) << joined(world_.problems);
  }
  static DurableOptions quiet_options() {
    DurableOptions options;
    options.hosts = {"/"};
    return options;
  }
  void begin() {
    ASSERT_TRUE(world_.begin());
    world_.declare_everything(0);
  }
  void fill(const std::string& queue, std::size_t count, std::size_t size = 100,
            std::uint8_t priority = 0) {
    for (std::size_t i = 0; i != count; ++i) {
      world_.publish(0, {"", queue, size, true, priority});
      if (i % 20 == 19) world_.broker().settle();
    }
    world_.broker().settle();
  }
  DurableWorld world_;
};

TEST_F(DurableScenario, FlagsWhatWasDeliveredSinceAnOrderlyStart) {
  begin();
  fill("plain", 5);
  ASSERT_TRUE(world_.restart_cleanly());
  // Nothing is recorded: the disk has not heard of this start.
  world_.get(0, "plain");
  ASSERT_EQ(world_.held_count(), 1u);
  world_.crash(0);
}

TEST_F(DurableScenario, KeepsItsSuspicionsThroughAnOrderlyEndWithoutACheckpoint) {
  begin();
  fill("plain", 5);
  world_.get(0, "plain");
  world_.wrap = [](FaultyFileSystem& disk) {
    disk.set_free_bytes(0);
    return std::unique_ptr<journal::FileSystem>();
  };
  world_.crash(0);
  ASSERT_FALSE(world_.over());
  ASSERT_TRUE(world_.restart_without_checkpoint());
  world_.files().set_free_bytes(1 << 30);
}

TEST_F(DurableScenario, SettlesThatGrowWhileASnapshotIsTakenStaySettled) {
  begin();
  fill("plain", 40);
  ASSERT_TRUE(world_.broker().checkpoint());
  // Everything is in a run now.
  ASSERT_TRUE(world_.broker().spill_everything());
  ASSERT_TRUE(world_.broker().checkpoint());
  for (int i = 0; i != 6; ++i)
    world_.get(0, "plain");
  world_.broker().settle();
  ASSERT_EQ(world_.held_count(), 6u);
  world_.broker().store().checkpointer().request();
  // In one turn: some are settled, the snapshot is taken, their neighbours are settled.
  world_.leaves_turns_open = true;
  world_.keeps_turns_open = true;
  for (int i = 0; i != 3; ++i)
    world_.acknowledge(0);
  world_.broker().run_posted();
  for (int i = 0; i != 3; ++i)
    world_.acknowledge(0);
  world_.keeps_turns_open = false;
  world_.broker().end_turn();
  world_.broker().settle();
  world_.crash(0);
}

TEST_F(DurableScenario, FlagsOnlyWhatASpilledBacklogMayHaveHandedOut) {
  begin();
  for (int i = 0; i != 10; ++i) {
    fill("plain", 100, 1'000);
    ASSERT_TRUE(world_.broker().spill_everything());
    ASSERT_TRUE(world_.broker().checkpoint());
  }
  for (int i = 0; i != 5; ++i)
    world_.get(0, "plain");
  world_.broker().settle();
  world_.crash(0);
  world_.finish();
  EXPECT_EQ(world_.drained, 1'000u);
  EXPECT_GE(world_.redelivered, 5u);
  EXPECT_LE(world_.redelivered, 200u);  // what two read-aheads bring
}

TEST_F(DurableScenario, FlagsWhatStayedInMemoryBehindAMiddle) {
  begin();
  // The upper level has a middle, and behind it messages that only their run gives to the disk.
  fill("prio", 60, 100, 3);
  ASSERT_TRUE(world_.broker().spill_everything());
  fill("prio", 10, 100, 3);
  fill("prio", 100, 400, 1);
  ASSERT_TRUE(world_.broker().spill_for_memory("prio"));
  ASSERT_TRUE(world_.broker().checkpoint());
  for (int i = 0; i != 70; ++i) {
    world_.get(0, "prio");
    world_.broker().settle();
  }
  ASSERT_EQ(world_.held_count(), 70u);
  world_.crash(0);
}

TEST_F(DurableScenario, PurgeOfOneLevelKeepsTheCountsOfAnother) {
  begin();
  fill("prio", 1, 100, 0);
  fill("prio", 1, 100, 5);
  fill("prio", 1, 100, 0);
  world_.get(0, "prio");
  world_.requeue(0);
  world_.get(0, "prio");
  world_.purge(0, "prio");
  world_.broker().settle();
  world_.crash(0);
}

TEST_F(DurableScenario, ADrainWithFewSurvivorsGivesTheDiskBack) {
  begin();
  for (int i = 0; i != 10; ++i) {
    fill("plain", 40, 2'000);
    ASSERT_TRUE(world_.broker().spill_everything());
    ASSERT_TRUE(world_.broker().checkpoint());
  }
  const std::uint64_t full = world_.broker().store().run_bytes();
  ASSERT_GT(full, 500'000u);
  const std::uint64_t count = world_.broker().host().find_queue("plain")->ready_count();
  for (std::uint64_t i = 0; i != count; ++i) {
    world_.get(0, "plain");
    world_.broker().settle();
    if (i % 40 != 0) world_.acknowledge(world_.held_count() - 1);
  }
  ASSERT_GE(world_.held_count(), 8u);
  ASSERT_LE(world_.held_count(), 10u);
  for (int i = 0; i != 6; ++i)
    ASSERT_TRUE(world_.broker().checkpoint());
  EXPECT_GT(world_.broker().loop_store().merger().merges().value(), 0u);
  EXPECT_LT(world_.broker().store().run_bytes(), full / 5);
  EXPECT_LE(world_.broker().store().run_count(), 10u);
  world_.crash(0);
}

TEST_F(DurableScenario, AnOrderlyEndDoesNotWaitForAMerge) {
  begin();
  fill("plain", 60, 1'000);
  ASSERT_TRUE(world_.broker().spill_everything());
  ASSERT_TRUE(world_.broker().checkpoint());
  for (int i = 0; i != 60; ++i) {
    world_.get(0, "plain");
    world_.broker().settle();
  }
  ASSERT_EQ(world_.held_count(), 60u);
  const auto runs = [&] {
    std::vector<std::string> paths;
    for (const std::string& path : world_.files().paths())
      if (path.starts_with("runs/")) paths.push_back(path);
    return paths;
  };
  const std::vector<std::string> before = runs();
  // In one turn, so that the merge begins at its end.
  world_.keeps_turns_open = true;
  for (std::size_t kept = 0; kept != 10; ++kept)
    for (int i = 0; i != 5; ++i)
      world_.acknowledge(kept);
  world_.keeps_turns_open = false;
  world_.broker().end_turn();
  const store::RunMerger& merger = world_.broker().loop_store().merger();
  ASSERT_TRUE(merger.busy());
  constexpr std::size_t kWriter = 2;
  while (runs() == before) {
    world_.broker().run_posted();
    ASSERT_TRUE(world_.broker().step(kWriter));
  }
  world_.broker().store().stop();
  // What is left to do would be a slice and the end of the file.
  const std::uint64_t writes = world_.files().writes();
  while (world_.broker().step(kWriter)) {
  }
  EXPECT_EQ(world_.files().writes(), writes);
  EXPECT_EQ(runs(), before);
  world_.broker().settle();
  EXPECT_FALSE(merger.busy());
  EXPECT_EQ(merger.merges().value(), 0u);
  world_.crash(0);
}

TEST_F(DurableScenario, WritesCheckpointsThoughAShardIsSilentAfterARestart) {
  begin();
  for (int i = 0; i != 12; ++i) {
    fill("plain", 20, 4'000);
    world_.purge(0, "plain");
    ASSERT_TRUE(world_.broker().checkpoint());
  }
  ASSERT_TRUE(world_.restart_cleanly());
  fill("plain", 1);
  EXPECT_TRUE(world_.broker().checkpoint());
}

TEST_F(DurableScenario, APauseIsThereAfterACrashAndAfterACheckpoint) {
  begin();
  world_.set_paused(0, "plain", true);
  world_.set_paused(0, "work", true);
  world_.broker().settle();
  world_.set_paused(0, "work", false);
  world_.broker().settle();
  world_.crash(0);
  ASSERT_FALSE(world_.over());
  EXPECT_TRUE(world_.broker().host().find_queue("plain")->paused());
  EXPECT_FALSE(world_.broker().host().find_queue("work")->paused());
  ASSERT_TRUE(world_.broker().checkpoint());
  ASSERT_TRUE(world_.restart_cleanly());
  EXPECT_TRUE(world_.broker().host().find_queue("plain")->paused());
}

// Wherever it ends, finish() finds each message in one of the two, once.
TEST_F(DurableScenario, AMoveThatACrashCutsOffLosesNothing) {
  begin();
  fill("plain", 30);
  ASSERT_TRUE(world_.broker().spill_everything());
  fill("plain", 10);
  std::uint64_t moved = 0;
  for (std::uint64_t seed = 1; seed != 8; ++seed) {
    world_.move(0, "plain", "work", 5);
    if (seed % 2 == 0) world_.broker().settle();
    world_.broker().jitter(seed);
    world_.crash(seed);
    ASSERT_FALSE(world_.over());
    const auto ready = [&](const char* name) {
      return world_.broker().host().find_queue(name)->ready_count();
    };
    ASSERT_EQ(ready("plain") + ready("work"), 40u);
    EXPECT_GE(ready("work"), moved);
    moved = ready("work");
  }
  EXPECT_GT(moved, 0u);
}

TEST_F(DurableScenario, SingleMessagesThatAreTakenOutOfADiskStayAway) {
  begin();
  fill("plain", 40);
  ASSERT_TRUE(world_.broker().spill_everything());
  fill("plain", 5);
  for (int i = 0; i != 12; ++i) {
    world_.delete_message(0, "plain");
    world_.broker().settle();
  }
  const std::uint64_t left = world_.broker().host().find_queue("plain")->ready_count();
  EXPECT_LT(left, 40u);
  world_.crash(0);
  ASSERT_FALSE(world_.over());
  EXPECT_EQ(world_.broker().host().find_queue("plain")->ready_count(), left);
}

// As much may be pending as the whole journal holds: nearly half of it is kept for checkpoints.
class SmallJournal : public DurableScenario {
 protected:
  static DurableOptions options() {
    DurableOptions options = quiet_options();
    options.segments = 16;
    options.pending_bytes_max = 16 * options.segment_bytes;
    return options;
  }
  SmallJournal() : DurableScenario(options()) {}
};

TEST_F(SmallJournal, GoesOnWhenOnlyWhatIsKeptForCheckpointsIsFree) {
  begin();
  for (int i = 0; i != 600; ++i) {
    world_.publish(0, {"", "plain", 5'000});
    world_.broker().settle();
    const broker::ChangeLog& log = world_.broker().host().log();
    ASSERT_EQ(log.committed(), log.last_appended()) << "after " << i;
  }
}

// ---- what the disk knows of a queue, by itself

broker::MessageRef message_of(std::size_t body_size) {
  const std::string body(body_size, 'x');
  broker::MessageParts parts;
  parts.body = body;
  return broker::Message::create(parts);
}

class SpilledQueue : public testing::Test {
 protected:
  // Publishes these positions and moves them to a run.
  void spill(std::uint64_t first, std::uint64_t last, std::size_t body_size) {
    const broker::MessageRef message = message_of(body_size);
    std::vector<store::StoredQueue::Spilled> spilled;
    for (std::uint64_t position = first; position <= last; ++position) {
      broker::PublishPlace place;
      place.position = broker::Position(position);
      queue_.publish(place, message, ++lsn_);
      spilled.push_back({0, place.position, static_cast<std::uint32_t>(body_size)});
    }
    store::RunExtent extent;
    extent.offset = first;
    extent.first = broker::Position(first);
    extent.last = broker::Position(last);
    queue_.move_to_run(nullptr, {&extent, 1}, spilled, broker::Position(last), false);
  }
  void settle(std::uint64_t first, std::uint64_t last, std::uint64_t count, std::uint64_t bytes) {
    broker::SettleChange change;
    change.first = broker::Position(first);
    change.last = broker::Position(last);
    change.count = count;
    change.body_bytes = bytes;
    queue_.settle(change, ++lsn_);
  }
  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const auto& [level, middle] : queue_.middles())
      sum += middle.body_bytes;
    return sum;
  }
  store::StoredQueue queue_{broker::QueueId(1), "definition"};
  std::uint64_t lsn_ = 0;
};

TEST_F(SpilledQueue, SettlesARangeBehindItsExtents) {
  spill(1, 2, 10);
  // Only transient messages stood there.
  queue_.note_spilled_through(broker::Position(5));
  broker::PublishPlace place;
  place.position = broker::Position(6);
  queue_.publish(place, message_of(10), ++lsn_);
  settle(3, 6, 1, 10);
  queue_.find_level(0)->settled.for_each(
      [](broker::Position first, broker::Position last) { EXPECT_LE(first, last); });
  EXPECT_EQ(queue_.middles().at(0).count, 2u);
}

TEST_F(SpilledQueue, KeepsTheSumOfBytesWhenARangeSpansExtents) {
  spill(1, 3, 1'000);
  spill(4, 6, 1);
  settle(3, 4, 2, 1'001);
  EXPECT_EQ(bytes(), 2'002u);
  settle(1, 2, 2, 2'000);
  EXPECT_EQ(bytes(), 2u);
}

TEST_F(SpilledQueue, KeepsTheSumOfBytesWhenAnExtentWasChargedForItsNeighbour) {
  spill(1, 3, 1'000);
  spill(4, 6, 2'500);
  // Which of them the bytes belong to is not known.
  settle(3, 4, 2, 3'500);
  settle(1, 1, 1, 1'000);
  EXPECT_EQ(bytes(), 6'000u);
  settle(2, 2, 1, 1'000);
  EXPECT_EQ(bytes(), 5'000u);
}

TEST_F(SpilledQueue, GivesOutNoPositionThatASpillReached) {
  spill(1, 2, 10);
  queue_.note_spilled_through(broker::Position(5));
  EXPECT_EQ(queue_.next_position(), broker::Position(6));
}

}  // namespace
}  // namespace harrier::test

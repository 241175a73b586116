// What a shard's log writes, and that recovery reads it.

#include "store/shard_log.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "store/recovery.h"
#include "store/shard_snapshot.h"
#include "unit/store/store_fixture.h"

namespace harrier::store {
namespace {

class RecordsTest : public ShardLogTest {
 protected:
  // What is in the journal after a restart of the process.
  std::vector<test::ReplayedRecord> reread() {
    flush();
    open({.epoch = ++epoch_});
    EXPECT_TRUE(journal_) << opened_.error;
    return opened_.records[kShard];
  }
  // The same, applied.
  std::unique_ptr<ShardState> reapplied() {
    flush();
    journal_.reset();
    auto state = std::make_unique<ShardState>();
    RecordDecoder decoder;
    journal::RecoveryReport report;
    auto opened = journal::Journal::open(
        files_, test::kTestNode, options_, {.epoch = ++epoch_},
        [&](std::size_t, const journal::Record& record, std::string& why) {
          auto change = decoder.decode(record);
          if (!change.ok()) why = change.error().message;
          if (change.ok() && change->has_value()) state->apply(**change, decoder.first_lsn());
          return change.ok();
        },
        {}, report);
    EXPECT_TRUE(opened.ok());
    return state;
  }
  std::uint64_t epoch_ = 1;
};

std::uint32_t count_of_groups(const std::vector<test::ReplayedRecord>& records) {
  std::uint32_t groups = 0;
  bool inside = false;
  for (const auto& record : records) {
    const bool goes_on = (record.flags & journal::kGroupContinues) != 0;
    groups += !inside && goes_on ? 1 : 0;
    inside = goes_on;
  }
  EXPECT_FALSE(inside);
  return groups;
}

TEST_F(RecordsTest, SettlesOfNeighboursShareARecord) {
  declare(kQueue, "q");
  for (std::uint64_t position = 1; position <= 100; ++position)
    settle(kQueue, position, position, 10);
  settle(kQueue, 102, 102, 10);
  const auto records = reread();
  ASSERT_EQ(records.size(), 3u);
  journal::Record record{.lsn = 2, .type = 5, .version = 1, .payload = records[1].payload};
  RecordDecoder decoder;
  const auto change = decoder.decode(record);
  ASSERT_TRUE(change.ok() && change->has_value());
  const auto& settle = std::get<broker::SettleChange>(**change);
  EXPECT_EQ(settle.first, Position(1));
  EXPECT_EQ(settle.last, Position(100));
  EXPECT_EQ(settle.count, 100u);
  EXPECT_EQ(settle.body_bytes, 1'000u);
}

TEST_F(RecordsTest, AnythingBetweenEndsTheRange) {
  declare(kQueue, "q");
  settle(kQueue, 1, 1);
  publish(message("between"), {place_of(kQueue, 9)});
  settle(kQueue, 2, 2);
  log_->begin_group();
  settle(kQueue, 3, 3);
  log_->end_group();
  settle(kQueue, 4, 4);
  log_->seal(false);
  settle(kQueue, 5, 5);
  EXPECT_EQ(reread().size(), 1u + 5u + 1u);
}

TEST_F(RecordsTest, RequeuesOfOneCountShareARecord) {
  declare(kQueue, "q");
  for (const std::uint32_t count : {1u, 1u, 1u, 2u}) {
    broker::RequeueChange change{place_of(kQueue, ++epoch_), count};
    log_->append(kHost, change);
  }
  EXPECT_EQ(reread().size(), 3u);
}

TEST_F(RecordsTest, GroupsEndWithTheirLastRecord) {
  declare(kQueue, "q");
  log_->begin_group();
  log_->end_group();  // empty
  log_->begin_group();
  publish(message("a"), {place_of(kQueue, 1)});
  log_->begin_group();
  publish(message("b"), {place_of(kQueue, 2)});
  log_->end_group();
  publish(message("c"), {place_of(kQueue, 3)});
  log_->end_group();
  publish(message("d"), {place_of(kQueue, 4)});
  const auto records = reread();
  ASSERT_EQ(records.size(), 5u);
  EXPECT_EQ(count_of_groups(records), 1u);
}

TEST_F(RecordsTest, AGroupSealedInsideGetsAnEndOfItsOwn) {
  declare(kQueue, "q");
  log_->begin_group();
  publish(message("a"), {place_of(kQueue, 1)});
  log_->seal(false);
  log_->end_group();
  const auto records = reread();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(count_of_groups(records), 1u);
  EXPECT_TRUE(records.back().payload.empty());
}

TEST_F(RecordsTest, AGroupWithoutItsEndNeverWas) {
  declare(kQueue, "q");
  log_->begin_group();
  publish(message("a"), {place_of(kQueue, 1)});
  EXPECT_EQ(reread().size(), 1u);
  EXPECT_EQ(opened_.report.dropped_records, 1u);
}

TEST_F(RecordsTest, LongMessagesComeBackWhole) {
  declare(kQueue, "q");
  base::SeededRandom random(3);
  std::vector<std::string> bodies;
  for (const std::size_t size :
       {ShardLog::kPieceBytes - 100, ShardLog::kPieceBytes, ShardLog::kPieceBytes * 2,
        ShardLog::kPieceBytes * 2 + 1, std::size_t{3'000'000}}) {
    bodies.push_back(random_text(random, size));
    publish(message(bodies.back()), {place_of(kQueue, bodies.size())});
  }
  const auto state = reapplied();
  std::size_t seen = 0;
  state->find(kQueue)->visit_young(Position(), Position(100), [&](const YoungMessage& young) {
    ASSERT_LT(seen, bodies.size());
    EXPECT_TRUE(young.message->body() == bodies[seen++]);
  });
  EXPECT_EQ(seen, bodies.size());
}

TEST_F(RecordsTest, APublishToMoreQueuesThanARecordHolds) {
  constexpr std::uint64_t kQueues = ShardLog::kPlacesPerRecord * 2 + 10;
  std::vector<broker::PublishPlace> places;
  for (std::uint64_t i = 1; i <= kQueues; ++i) {
    const QueueId id(first_queue_of(kHost).value + i);
    declare(id, "q" + std::to_string(i));
    places.push_back(place_of(id, 1));
  }
  publish(message(std::string(300'000, 'x')), places);
  const auto state = reapplied();
  EXPECT_EQ(state->young_count(), kQueues);
  for (const auto& place : places)
    ASSERT_EQ(state->find(place.queue)->young_count(), 1u);
}

// A message whose records lie in two segments is as old as the first of them: a checkpoint that
// frees the older segment must move it to a run. What is left of it in the younger one means
// nothing then.
class SplitMessageTest : public RecordsTest {
 protected:
  // Publishes until the active segment begins inside a message; that message's position.
  std::uint64_t publish_until_split() {
    declare(kQueue, "q");
    const std::string body(1'200'000, 'x');
    for (std::uint64_t position = 1; position < 20; ++position) {
      const std::uint64_t first = log_->last_appended().value + 1;
      publish(message(body), {place_of(kQueue, position)});
      const std::uint64_t last = log_->last_appended().value;
      flush();
      active_ = journal_->usage().active_segment;
      through_ = journal_->last_lsns_through(active_ - 1)[kShard];
      if (through_ >= first && through_ < last) return position;
    }
    ADD_FAILURE() << "no message lies in two segments";
    return 0;
  }
  std::uint64_t active_ = 0;
  std::uint64_t through_ = 0;
};

TEST_F(SplitMessageTest, IsAsOldAsItsFirstRecord) {
  const std::uint64_t split = publish_until_split();
  EXPECT_EQ(state_->find(kQueue)->last_young_with_lsn(through_), Position(split));
  EXPECT_EQ(reapplied()->find(kQueue)->last_young_with_lsn(through_), Position(split));
}

TEST_F(SplitMessageTest, RecoveryLeavesOutWhatTheCheckpointCovers) {
  const std::uint64_t split = publish_until_split();
  settle(kQueue, 1, split);
  flush();
  // The segment is freed by a checkpoint that has the end of it all.
  CheckpointEntries entries;
  std::set<RunId> runs;
  snapshot_definitions(*state_, kShard, entries);
  snapshot_queue(*state_->find(kQueue), kShard, log_->last_appended().value, entries, runs);
  CheckpointHead head;
  head.generation = Generation(1);
  head.epoch = 1;
  head.first_segment = active_;
  head.last_batch = journal_->committed_batch();
  head.lsns[kShard] = log_->last_appended().value;
  ASSERT_TRUE(files_.make_directory(kCheckpointFolder).ok());
  CheckpointFiles checkpoints(files_, test::kTestNode);
  ASSERT_TRUE(checkpoints.write(head, entries.take_chunks()).ok());
  journal_.reset();

  const base::SystemClock clock;
  RunStore run_store(files_, test::kTestNode);
  const Store::Place place{files_, test::kTestNode, 2, clock};
  const auto recovered = recover(place, options_, checkpoints, run_store);
  ASSERT_TRUE(recovered.ok()) << recovered.error().message;
  EXPECT_EQ(recovered->shards[kShard]->young_count(), 0u);
  EXPECT_EQ(recovered->shards[kShard]->find(kQueue)->next_position(), Position(split + 1));
}

}  // namespace
}  // namespace harrier::store

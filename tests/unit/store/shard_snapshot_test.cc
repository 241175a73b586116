#include "store/shard_snapshot.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "store/queue_snapshot.h"
#include "unit/store/store_fixture.h"

namespace harrier::store {
namespace {

struct Snapshot {
  std::vector<std::pair<std::uint8_t, std::string>> entries;  // type, payload
  std::set<RunId> runs;
};

Snapshot snapshot_of(const ShardState& state, QueueId queue, std::uint64_t lsn) {
  CheckpointEntries entries;
  Snapshot snapshot;
  snapshot_definitions(state, kShard, entries);
  snapshot_queue(*const_cast<ShardState&>(state).find(queue), kShard, lsn, entries, snapshot.runs);
  for (const base::Buffer& chunk : entries.take_chunks()) {
    base::ByteReader reader(chunk.bytes());
    while (reader.remaining() != 0) {
      EXPECT_EQ(reader.u8(), kShard);
      const std::uint8_t type = reader.u8();
      snapshot.entries.emplace_back(type, reader.long_string());
    }
  }
  return snapshot;
}

// A queue with messages in a run, some of them dead, some come back, some suspect.
class ShardSnapshotTest : public testing::Test {
 protected:
  ShardSnapshotTest() {
    Wanted wanted;
    for (std::uint64_t position = 1; position <= 20; ++position)
      wanted.add({.queue = kQueue, .level = 2, .position = Position(position)}, message("body"));
    write_run(disk_, wanted);
    run_ = open_run(disk_);
    const auto define = [this](RecordType type, const std::string& payload) {
      state_.restore_definition({type, payload});
    };
    define(RecordType::kVirtualHostCreated, virtual_host_payload(kHost, kShard, "/"));
    define(RecordType::kQueueDeclared, queue_payload(kQueue, "q"));
    StoredQueue& queue = *state_.find(kQueue);
    std::vector<StoredQueue::Spilled> spilled;
    for (const auto& entry : wanted.entries) {
      queue.publish(place_of(kQueue, entry.position.value, 2), wanted.messages[0],
                    entry.position.value);
      spilled.push_back({2, entry.position, 4});
    }
    queue.move_to_run(run_, *run_->read_index(), spilled, Position(20), true);
    queue.settle(settle(3, 7), 30);
    queue.requeue(2, Position(9), Position(10), 3);
    queue.dispatched(2, Position(12));
    queue.suspect_delivered();
  }
  static broker::SettleChange settle(std::uint64_t first, std::uint64_t last) {
    broker::SettleChange change;
    change.queue = kQueue;
    change.level = 2;
    change.first = Position(first);
    change.last = Position(last);
    change.count = last - first + 1;
    change.body_bytes = 4 * change.count;
    return change;
  }
  OpenRun open() const {
    return [this](RunId id, std::string& why) -> std::optional<std::shared_ptr<const RunFile>> {
      if (id == run_->run()) return run_;
      why = "no such run";
      return std::nullopt;
    };
  }
  bool restore(const Snapshot& snapshot, ShardState& state, std::string& why) const {
    for (const auto& [type, payload] : snapshot.entries)
      if (!restore_entry({kShard, type, payload}, state, open(), why)) return false;
    return true;
  }

  test::MemoryFileSystem disk_;
  std::shared_ptr<const RunFile> run_;
  ShardState state_;
};

TEST_F(ShardSnapshotTest, GivesBackTheState) {
  const Snapshot snapshot = snapshot_of(state_, kQueue, 40);
  EXPECT_EQ(snapshot.runs, std::set{kRun});
  ShardState restored;
  std::string why;
  ASSERT_TRUE(restore(snapshot, restored, why)) << why;
  EXPECT_EQ(restored.virtual_hosts(), state_.virtual_hosts());
  EXPECT_EQ(restored.last_queues(), state_.last_queues());
  const StoredQueue& queue = *restored.find(kQueue);
  EXPECT_EQ(queue.definition(), state_.find(kQueue)->definition());
  EXPECT_EQ(queue.next_position(), Position(21));
  EXPECT_EQ(queue.spilled_through(), Position(20));
  EXPECT_EQ(queue.applied_lsn(), 40u);
  EXPECT_EQ(queue.delivery_count(Position(9)), 3u);
  EXPECT_EQ(queue.delivery_count(Position(11)), 0u);
  ASSERT_EQ(queue.levels().size(), 1u);
  const StoredLevel& level = queue.levels()[0];
  EXPECT_EQ(level.number, 2);
  EXPECT_EQ(level.dispatched, Position(12));
  ASSERT_EQ(level.extents.size(), 1u);
  EXPECT_EQ(level.extents[0].run, run_);
  EXPECT_EQ(level.extents[0].count, 15u);
  EXPECT_EQ(level.extents[0].body_bytes, 60u);
  EXPECT_TRUE(level.extents[0].may_expire);
  EXPECT_TRUE(level.settled.contains(Position(5)));
  EXPECT_FALSE(level.settled.contains(Position(8)));
  EXPECT_TRUE(level.suspect.contains(Position(12)));
  EXPECT_FALSE(level.suspect.contains(Position(13)));
  // And is written down the same way.
  EXPECT_EQ(snapshot_of(restored, kQueue, 40).entries, snapshot.entries);
}

TEST_F(ShardSnapshotTest, TellsEveryTruncation) {
  for (const auto& [type, payload] : snapshot_of(state_, kQueue, 40).entries) {
    for (std::size_t size = 0; size < payload.size(); ++size) {
      ShardState restored;
      restored.restore_definition({RecordType::kQueueDeclared, queue_payload(kQueue, "q")});
      std::string why;
      const std::vector<char> part(payload.begin(), payload.begin() + static_cast<long>(size));
      EXPECT_FALSE(restore_entry({kShard, type, {part.data(), part.size()}}, restored, open(), why))
          << int{type} << " cut at " << size;
      EXPECT_FALSE(why.empty());
    }
  }
}

TEST_F(ShardSnapshotTest, NeverCrashesOnFlippedBits) {
  base::SeededRandom random(9);
  const auto entries = snapshot_of(state_, kQueue, 40).entries;
  for (int i = 0; i < 2'000; ++i) {
    auto [type, payload] = entries[random.below(entries.size())];
    if (payload.empty()) continue;
    payload[random.below(payload.size())] ^= static_cast<char>(1 << random.below(8));
    ShardState restored;
    restored.restore_definition({RecordType::kQueueDeclared, queue_payload(kQueue, "q")});
    std::string why;
    (void)restore_entry({kShard, type, payload}, restored, open(), why);
  }
}

TEST_F(ShardSnapshotTest, RefusesWhatCannotBe) {
  const auto refused = [this](const QueueSnapshot& queue) {
    base::Buffer payload;
    encode_queue_snapshot(payload, queue);
    ShardState restored;
    restored.restore_definition({RecordType::kQueueDeclared, queue_payload(kQueue, "q")});
    std::string why;
    return !restore_entry(
               {kShard, static_cast<std::uint8_t>(CheckpointEntryType::kQueue), payload.bytes()},
               restored, open(), why) &&
           !why.empty();
  };
  const auto encoded = snapshot_of(state_, kQueue, 40).entries.back().second;
  const QueueSnapshot good = *decode_queue_snapshot(encoded);
  EXPECT_FALSE(refused(good));
  QueueSnapshot bad = good;
  bad.id = QueueId(kQueue.value + 1);
  EXPECT_TRUE(refused(bad)) << "not defined";
  bad = good;
  bad.levels.push_back(good.levels[0]);
  EXPECT_TRUE(refused(bad)) << "a level twice";
  bad = good;
  bad.levels[0].extents.push_back(good.levels[0].extents[0]);
  EXPECT_TRUE(refused(bad)) << "extents that overlap";
  bad = good;
  bad.levels[0].extents[0].run = RunId(6);
  EXPECT_TRUE(refused(bad)) << "a run that is missing";
  bad = good;
  bad.levels[0].extents[0].length = run_->file_bytes();
  EXPECT_TRUE(refused(bad)) << "behind the end of the run";
  bad = good;
  bad.levels[0].extents[0].count = 0;
  EXPECT_TRUE(refused(bad)) << "nothing alive";
  bad = good;
  bad.levels[0].settled = {{Position(5), Position(4)}};
  EXPECT_TRUE(refused(bad)) << "a range that ends before it begins";
  ShardState restored;
  std::string why;
  EXPECT_FALSE(restore_entry({kShard, 9, "12345678"}, restored, open(), why)) << "an unknown type";
}

}  // namespace
}  // namespace harrier::store

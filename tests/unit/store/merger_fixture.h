// Queues of a shard with messages in runs, a merger to rewrite the runs, and what must be alive.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/log.h"
#include "store/run_merger.h"
#include "store/shard_state.h"
#include "support/faulty_file_system.h"
#include "support/manual_worker.h"
#include "unit/store/store_fixture.h"

namespace harrier::store {

class RunMergerTest : public testing::Test {
 protected:
  // A message in a queue, as it must be read back while it is alive.
  struct Alive {
    std::string body;
    base::WallTime expires_at = kNoExpiry;
    std::uint16_t delivery_count = 0;

    bool operator==(const Alive&) const = default;
  };
  struct Place {
    QueueId queue;
    std::uint8_t level = 0;
    Position position;

    auto operator<=>(const Place&) const = default;
  };

  RunMergerTest() {
    // The faults are made on purpose.
    base::configure_log(base::LogLevel::kOff, base::LogFormat::kText);
    EXPECT_TRUE(files_.make_directory(kRunFolder).ok());
    EXPECT_TRUE(files_.sync_directory("").ok());
    state_->set_ledger(&ledger_);
    limits_.dead_bytes_max = 0;  // sparse runs do not wait
    make_merger();
  }
  ~RunMergerTest() override {
    worker_.clear();
    port_.tasks.clear();
    state_.reset();
  }

  // With limits_ as they are now.
  void make_merger() {
    merger_ = std::make_unique<RunMerger>(
        runs_, worker_, port_,
        [this](QueueId queue) { return state_->find(queue) == nullptr ? nullptr : state_.get(); },
        ledger_, limits_, [this](const journal::IoError& error) { fatal_ = error.code; });
  }

  QueueId declare(std::uint64_t number) {
    const QueueId id(first_queue_of(kHost).value + number);
    const std::string payload = queue_payload(id, "q" + std::to_string(number));
    state_->apply(StoredDefinition{RecordType::kQueueDeclared, payload}, ++lsn_);
    return id;
  }
  void drop(QueueId queue) {
    base::Buffer payload;
    payload.append_number(queue.value);
    state_->apply(StoredDefinition{RecordType::kQueueDeleted, payload.bytes()}, ++lsn_);
    std::erase_if(alive_, [&](const auto& entry) { return entry.first.queue == queue; });
    std::erase_if(young_, [&](const auto& entry) { return entry.first.queue == queue; });
  }
  // In every one of `queues` at its next position.
  void publish(const std::vector<QueueId>& queues, const std::string& body, std::uint8_t level = 0,
               base::WallTime expires_at = kNoExpiry, std::uint16_t delivery_count = 0) {
    const broker::MessageRef message = store::message(body);
    for (const QueueId queue : queues) {
      broker::PublishPlace place = place_of(queue, state_->find(queue)->next_position().value);
      place.level = level;
      place.expires_at = expires_at;
      state_->apply(StoredPublish{message, {&place, 1}}, ++lsn_);
      const Place key{queue, level, place.position};
      young_[key] = {message, delivery_count, queues.size() > 1};
      alive_[key] = {body, expires_at, delivery_count};
    }
  }
  // `count` of them, with bodies that stand nowhere else.
  void fill(QueueId queue, std::size_t count, std::size_t body_size = 100, std::uint8_t level = 0) {
    for (std::size_t i = 0; i != count; ++i)
      publish({queue}, unique_body(body_size), level);
  }
  std::string unique_body(std::size_t size) {
    std::string body = "<" + std::to_string(++bodies_) + ">";
    body.resize(std::max(size, body.size()), static_cast<char>('a' + bodies_ % 26));
    return body;
  }
  RunId spill() { return spill(runs_.next()); }
  // All that is young goes to this run.
  RunId spill(RunId run);

  void settle(const Place& place) { settle(place, place.position); }
  // All that is alive of the level from `first` to `last`.
  void settle(const Place& first, Position last);
  // All but every `keep`th of the queue.
  void thin_out(QueueId queue, std::size_t keep);
  std::vector<Place> places(QueueId queue) const {
    std::vector<Place> found;
    for (const auto& [place, message] : alive_)
      if (place.queue == queue) found.push_back(place);
    return found;
  }

  // The end of a turn in which nothing else happens.
  void look() { merger_->look(); }
  // One task of the worker, or else of the loop.
  bool step() { return worker_.run_one() || port_.run_one(); }
  // Until the job under way has ended.
  void finish_job() {
    while (merger_->busy() && step()) {
    }
  }
  // Jobs until none is worth it; how many.
  std::size_t merge_all() {
    std::size_t jobs = 0;
    for (look(); merger_->busy(); look()) {
      ++jobs;
      finish_job();
      if (jobs == 1'000) {
        ADD_FAILURE() << "it never ends";
        break;
      }
    }
    return jobs;
  }
  // Job under way, some of it copied, some of it not. REQUIRES slices that are small enough.
  void copy_some() {
    look();
    ASSERT_TRUE(merger_->busy());
    ASSERT_TRUE(worker_.run_one());  // reads the indexes
    while (worker_.idle())
      ASSERT_TRUE(port_.run_one());  // plans
    ASSERT_TRUE(worker_.run_one());
    ASSERT_FALSE(worker_.idle()) << "all was copied in one slice";
  }

  std::set<std::uint64_t> run_files() const {
    std::set<std::uint64_t> found;
    for (const std::string& path : files_.paths())
      if (path.starts_with("runs/")) found.insert(run_of_file_name(path.substr(5))->value);
    return found;
  }
  std::set<std::uint64_t> runs_in_use() const {
    std::set<std::uint64_t> found;
    for (const auto& [run, use] : ledger_.runs())
      found.insert(run.value);
    return found;
  }
  std::size_t extents(QueueId queue) const {
    return state_->find(queue)->find_level(0)->extents.size();
  }
  // How often it stands in the files of the runs in use.
  std::size_t count_in_runs(const std::string& text) const;
  // Every message that should be alive, and no other, is read back from runs as it was; the ledger
  // says what a recount says.
  void expect_all_is_there();

  test::FaultyFileSystem files_;
  RunStore runs_{files_, kNode};
  test::ManualWorker worker_;
  test::ManualPort port_;
  RunLedger ledger_;
  std::unique_ptr<ShardState> state_ = std::make_unique<ShardState>();
  RunMerger::Limits limits_;
  std::unique_ptr<RunMerger> merger_;
  int fatal_ = 0;
  std::map<Place, Alive> alive_;
  std::uint64_t spilled_bytes_ = 0;

 private:
  struct Young {
    broker::MessageRef message;
    std::uint16_t delivery_count = 0;
    bool shared = false;
  };

  std::map<Place, Alive> read_back();

  std::map<Place, Young> young_;
  std::uint64_t lsn_ = 0;
  std::uint64_t bodies_ = 0;
};

inline RunId RunMergerTest::spill(RunId run) {
  Wanted wanted;
  std::map<QueueId, std::vector<StoredQueue::Spilled>> spilled;
  for (const auto& [place, young] : std::exchange(young_, {})) {
    RunEntry entry;
    entry.queue = place.queue;
    entry.level = place.level;
    entry.position = place.position;
    entry.delivery_count = young.delivery_count;
    entry.may_be_shared = young.shared;
    if (const auto found = alive_.find(place); found != alive_.end())
      entry.expires_at = found->second.expires_at;
    wanted.add(entry, young.message);
    spilled[place.queue].push_back(
        {place.level, place.position, static_cast<std::uint32_t>(young.message->body_size())});
  }
  const RunSummary summary = write_run(files_, wanted, run);
  spilled_bytes_ += summary.file_bytes;
  const auto file = runs_.open(run);
  EXPECT_TRUE(file.ok());
  for (const auto& [queue, entries] : spilled) {
    std::vector<RunExtent> extents;
    for (const RunExtent& extent : summary.extents)
      if (extent.queue == queue) extents.push_back(extent);
    Position through;
    for (const StoredQueue::Spilled& entry : entries)
      through = std::max(through, entry.position);
    state_->find(queue)->move_to_run(*file, extents, entries, through, false);
  }
  return run;
}

inline void RunMergerTest::settle(const Place& first, Position last) {
  broker::SettleChange change;
  change.queue = first.queue;
  change.level = first.level;
  change.first = first.position;
  change.last = last;
  const auto begin = alive_.lower_bound(first);
  const auto end = alive_.upper_bound({first.queue, first.level, last});
  for (auto place = begin; place != end; ++place) {
    ++change.count;
    change.body_bytes += place->second.body.size();
  }
  alive_.erase(begin, end);
  if (change.count != 0) state_->apply(change, ++lsn_);
}

inline void RunMergerTest::thin_out(QueueId queue, std::size_t keep) {
  std::size_t index = 0;
  for (const Place& place : places(queue))
    if (index++ % keep != 0) settle(place);
}

inline std::size_t RunMergerTest::count_in_runs(const std::string& text) const {
  std::size_t count = 0;
  for (const auto& [run, use] : ledger_.runs()) {
    const std::string contents = files_.contents(run_path(run));
    for (std::size_t at = contents.find(text); at != std::string::npos;
         at = contents.find(text, at + 1))
      ++count;
  }
  return count;
}

inline std::map<RunMergerTest::Place, RunMergerTest::Alive> RunMergerTest::read_back() {
  std::map<Place, Alive> found;
  for (const QueueId queue : state_->queue_ids()) {
    for (const StoredLevel& level : state_->find(queue)->levels()) {
      Position before;
      std::uint64_t body_bytes = 0;
      for (const StoredExtent& extent : level.extents) {
        EXPECT_LT(before, extent.first);
        before = extent.last;
        std::uint64_t count = 0;
        body_bytes += extent.body_bytes;
        for (std::uint64_t offset = extent.offset; offset < extent.offset + extent.length;) {
          const auto block = extent.run->read_block(offset);
          if (!block.ok()) {
            ADD_FAILURE() << block.error().message;
            break;
          }
          EXPECT_EQ(block->head.queue, queue);
          EXPECT_EQ(block->head.level, level.number);
          for (const RunBlockEntry& entry : block->entries) {
            if (level.settled.contains(entry.position)) continue;
            EXPECT_GE(entry.position, extent.first);
            EXPECT_LE(entry.position, extent.last);
            ++count;
            body_bytes -= entry.parts.body.size();
            const Alive alive{std::string(entry.parts.body), entry.expires_at,
                              entry.delivery_count};
            EXPECT_TRUE(found.emplace(Place{queue, level.number, entry.position}, alive).second);
          }
          offset += block->head.length;
        }
        EXPECT_EQ(extent.count, count);
      }
      // Of which extent they are is only known about.
      EXPECT_EQ(body_bytes, 0u);
    }
  }
  return found;
}

inline void RunMergerTest::expect_all_is_there() {
  std::map<Place, Alive> wanted;
  for (const auto& [place, alive] : alive_)
    if (!young_.contains(place)) wanted.insert({place, alive});
  const std::map<Place, Alive> found = read_back();
  EXPECT_EQ(found.size(), wanted.size());
  EXPECT_TRUE(found == wanted);
  RunLedger recount;
  for (const QueueId queue : state_->queue_ids())
    for (const StoredLevel& level : state_->find(queue)->levels())
      for (const StoredExtent& extent : level.extents)
        recount.add_extent(extent.run, extent.count, extent.length);
  EXPECT_TRUE(recount == ledger_);
}

}  // namespace harrier::store

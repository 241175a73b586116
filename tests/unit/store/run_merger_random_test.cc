// Random queues, spills, settles and merges, from a seed; what merging costs.

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "unit/store/merger_fixture.h"

namespace harrier::store {
namespace {

class RunMergerRandom : public RunMergerTest {
 protected:
  void live_through(std::uint64_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_.emplace(seed);
    limits_.dead_bytes_max = below(2) * 20'000;
    limits_.bytes_max = std::uint64_t{8'000} << (4 * below(3));
    limits_.slice_bytes = below(3) == 0 ? 64'000 : 1;
    limits_.shared_bytes_max = below(2) == 0 ? 2'000 : 1'000'000;
    limits_.extents_max = below(3) == 0 ? 10 : 500'000;
    limits_.groups_per_turn = 1 + below(3);
    make_merger();
    for (std::uint64_t number = 1; number <= 4; ++number)
      queues_.push_back(declare(number));
    for (int i = 0; i != 1'000 && !HasFailure(); ++i)
      do_something();
    settle_down();
  }

 private:
  static constexpr std::uint64_t kMuchRoom = std::uint64_t{1} << 40;

  std::size_t below(std::size_t end) { return random_->below(end); }
  QueueId some_queue() { return queues_[below(queues_.size())]; }

  void publish_some() {
    std::vector<QueueId> to{some_queue()};
    while (below(3) == 0) {
      const QueueId other = some_queue();
      if (std::find(to.begin(), to.end(), other) == to.end()) to.push_back(other);
    }
    const std::size_t size = below(60) == 0 ? 70'000 : below(1'500);
    for (std::size_t left = 1 + below(8); left != 0; --left)
      publish(to, unique_body(size), static_cast<std::uint8_t>(below(3)),
              below(4) == 0 ? at(static_cast<std::int64_t>(below(1'000'000))) : kNoExpiry,
              static_cast<std::uint16_t>(below(4) == 0 ? below(5) : 0));
  }
  // One, or neighbours.
  void settle_some() {
    const auto all = places(some_queue());
    if (all.empty()) return;
    const Place first = all[below(all.size())];
    Position last = first.position;
    for (std::size_t left = below(2) * below(12); left != 0; --left) {
      if (!alive_.contains({first.queue, first.level, last.next()})) break;
      last = last.next();
    }
    settle(first, last);
  }
  void purge(QueueId queue) {
    for (std::uint8_t level = 0; level != 3; ++level) {
      const auto first = alive_.lower_bound({queue, level, Position()});
      if (first != alive_.end() && first->first.queue == queue && first->first.level == level)
        settle(first->first, Position(state_->find(queue)->next_position().value - 1));
    }
  }
  void do_something() {
    switch (below(20)) {
      case 0:
      case 1:
      case 2:
      case 3: return publish_some();
      case 4:
      case 5:
      case 6:
        files_.set_free_bytes(kMuchRoom);
        (void)spill();
        return;
      case 7:
      case 8:
      case 9:
      case 10:
        for (std::size_t left = below(10); left != 0; --left)
          settle_some();
        return;
      case 11:
        if (below(4) == 0) purge(some_queue());
        return;
      case 12:
        if (below(6) == 0) {
          QueueId& queue = queues_[below(queues_.size())];
          drop(queue);
          queue = declare(++last_queue_);
        }
        return;
      case 13: merger_->snapshot_taken(); return;
      case 14: runs_.remove_unused({}); return;
      case 15: files_.set_free_bytes(below(2) == 0 ? below(10'000) : kMuchRoom); return;
      case 16: expect_all_is_there(); return;
      default:
        look();
        for (std::size_t left = below(6); left != 0; --left)
          (void)(below(2) == 0 ? worker_.run_one() : port_.run_one());
    }
  }
  bool most_bytes_are_alive(const RunFile& run) {
    std::uint64_t written = 0, live = 0;
    const auto index = run.read_index();
    for (const RunExtent& extent : *index)
      written += extent.body_bytes + extent.count * 100;
    for (const QueueId queue : state_->queue_ids())
      for (const StoredLevel& level : state_->find(queue)->levels())
        for (const StoredExtent& extent : level.extents)
          if (extent.run->run() == run.run()) live += extent.body_bytes + extent.count * 100;
    return live > written / 2;
  }
  void settle_down() {
    files_.set_free_bytes(kMuchRoom);
    while (step()) {
    }
    merger_->snapshot_taken();
    merge_all();
    expect_all_is_there();
    EXPECT_LE(merger_->merged_bytes().value(), spilled_bytes_);
    // One that has not put off any run, and does not wait.
    limits_.dead_bytes_max = 0;
    make_merger();
    merger_->snapshot_taken();
    merge_all();
    expect_all_is_there();
    EXPECT_EQ(fatal_, 0);
    for (const auto& [run, use] : ledger_.runs())
      EXPECT_TRUE(!use.sparse() || most_bytes_are_alive(*use.file)) << run.value;
    runs_.remove_unused({});
    EXPECT_EQ(run_files(), runs_in_use());
  }

  std::optional<base::SeededRandom> random_;
  std::vector<QueueId> queues_;
  std::uint64_t last_queue_ = 10;
};

class RunMergerSeeds : public RunMergerRandom, public testing::WithParamInterface<std::uint64_t> {};

TEST_P(RunMergerSeeds, LosesNothingAndBringsNothingBack) { live_through(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Some, RunMergerSeeds, testing::Range<std::uint64_t>(1, 61));

TEST_F(RunMergerRandom, LosesNothingWithAFreshSeed) {
  live_through(base::SecureRandom().next() % 1'000'000'000);
}

// ---- what it costs

class RunMergerCost : public RunMergerTest {
 protected:
  // So many spills of so many messages; `keep` says of each of them when it dies: at once, or this
  // many spills later.
  void live_through(int spills, int messages, std::size_t body_size,
                    const std::function<int(base::SeededRandom&)>& lifetime) {
    constexpr std::uint64_t kSeed = 5;
    base::SeededRandom random(kSeed);
    const QueueId queue = declare(1);
    std::multimap<int, Place> deaths;
    for (int spilled = 0; spilled != spills; ++spilled) {
      for (int i = 0; i != messages; ++i) {
        const Place place{queue, 0, state_->find(queue)->next_position()};
        publish({queue}, unique_body(body_size));
        deaths.emplace(spilled + 1 + lifetime(random), place);
      }
      spill();
      for (auto death = deaths.begin(); death != deaths.end() && death->first <= spilled + 1;) {
        settle(death->second);
        death = deaths.erase(death);
      }
      if (spilled % 4 == 3) merger_->snapshot_taken();
      (void)merge_all();
      runs_.remove_unused({});
    }
    expect_all_is_there();
  }
  double copies() const {
    return static_cast<double>(merger_->merged_bytes().value()) /
           static_cast<double>(spilled_bytes_);
  }
};

// Of ten messages one stays.
TEST_F(RunMergerCost, SparseRunsAreCopiedLessThanTheyWereWritten) {
  live_through(200, 20, 20'000, [](base::SeededRandom& random) {
    return random.below(10) == 0 ? 1'000'000 : static_cast<int>(random.below(10));
  });
  EXPECT_GT(merger_->merges().value(), 5u);
  EXPECT_LT(copies(), 0.5);
}

TEST_F(RunMergerCost, LifetimesOfAllLengthsCostNoMoreThanWhatWasWritten) {
  live_through(200, 20, 20'000, [](base::SeededRandom& random) { return 1 << random.below(10); });
  EXPECT_LT(copies(), 1.0);
}

TEST_F(RunMergerCost, LongMessagesAmongManyShortOnesAreNotCopiedAgainAndAgain) {
  const QueueId longs = declare(2);
  fill(longs, 3, 1'000'000);
  live_through(300, 100, 100, [](base::SeededRandom& random) { return 1 << random.below(6); });
  // The first, with the longs.
  EXPECT_TRUE(runs_in_use().contains(1));
  EXPECT_LT(copies(), 1.0);
}

// Each copy at least doubles the run.
TEST_F(RunMergerCost, SmallRunsAreCopiedAsOftenAsTheyDouble) {
  std::vector<QueueId> queues;
  for (std::uint64_t number = 1; number <= 50; ++number)
    queues.push_back(declare(number));
  for (int spilled = 0; spilled != 64; ++spilled) {
    for (const QueueId queue : queues)
      publish({queue}, unique_body(50));
    spill();
    (void)merge_all();
    EXPECT_LT(ledger_.runs().size(), 16u);
  }
  expect_all_is_there();
  EXPECT_LT(copies(), 3.0);  // half of the binary logarithm of 64
}

}  // namespace
}  // namespace harrier::store

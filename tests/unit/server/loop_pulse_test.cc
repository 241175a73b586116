#include "server/loop_pulse.h"

#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "server/node.h"

namespace harrier::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr base::MonotonicTime kNow{base::Milliseconds(1'000)};

// Two loops: one takes its turn when the test says so, the other at once.
class LoopPulseTest : public ::testing::Test {
 protected:
  using Task = std::function<void()>;

  ~LoopPulseTest() override {
    for (std::thread& thread : turns_of_second)
      thread.join();
  }

  std::mutex mutex;
  std::vector<Task> waiting;  // guarded by mutex
  LoopPulse pulse{{[this](Task task) {
                     const std::lock_guard lock(mutex);
                     waiting.push_back(std::move(task));
                   },
                   [this](Task task) { turns_of_second.emplace_back(std::move(task)); }}};
  std::vector<std::thread> turns_of_second;

  std::vector<Task> take_waiting() {
    const std::lock_guard lock(mutex);
    return std::exchange(waiting, {});
  }
  // Of the second, the turn has ended before it returns.
  bool beats(base::MonotonicTime now) {
    const bool beats = pulse.beats(now);
    for (std::thread& thread : std::exchange(turns_of_second, {}))
      thread.join();
    return beats;
  }
  // The first loop turns for as long as the pulse is waited for.
  bool let_first_turn_until(std::future<bool> known) {
    while (known.wait_for(milliseconds(0)) != std::future_status::ready)
      for (const Task& task : take_waiting())
        task();
    return known.get();
  }
};

TEST_F(LoopPulseTest, StopsWithOneLoopThatStandsStill) {
  EXPECT_FALSE(pulse.beats_within(milliseconds(20), kNow));
}

TEST_F(LoopPulseTest, ComesBackWithTheLoop) {
  EXPECT_FALSE(pulse.beats_within(milliseconds(1), kNow));
  auto beats =
      std::async(std::launch::async, [this] { return pulse.beats_within(seconds(60), kNow); });
  EXPECT_TRUE(let_first_turn_until(std::move(beats)));
}

TEST_F(LoopPulseTest, LeavesOneTaskAtALoopThatStandsStill) {
  for (int times = 0; times != 10; ++times)
    EXPECT_FALSE(pulse.beats_within(milliseconds(1), kNow));
  EXPECT_EQ(take_waiting().size(), 1u);
}

TEST_F(LoopPulseTest, WithoutWaitingALoopIsStuckOnceItHasLeftATaskLying) {
  EXPECT_TRUE(beats(kNow));
  EXPECT_TRUE(beats(kNow + LoopPulse::kPatience - milliseconds(1)));
  EXPECT_FALSE(beats(kNow + LoopPulse::kPatience));
  EXPECT_FALSE(beats(kNow + 2 * LoopPulse::kPatience));
  for (const Task& task : take_waiting())
    task();
  EXPECT_TRUE(beats(kNow + 3 * LoopPulse::kPatience));
  EXPECT_EQ(take_waiting().size(), 1u);
}

TEST_F(LoopPulseTest, EndsAtOnceWhenTheLoopsAreStopped) {
  auto beats =
      std::async(std::launch::async, [this] { return pulse.beats_within(seconds(600), kNow); });
  std::vector<Task> tasks;
  while ((tasks = take_waiting()).empty())
    std::this_thread::yield();
  pulse.stop();
  EXPECT_FALSE(beats.get());
  EXPECT_FALSE(pulse.beats_within(seconds(600), kNow));
  EXPECT_FALSE(pulse.beats(kNow));
}

class NodePulseTest : public ::testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Loops, NodePulseTest, ::testing::Values(1u, 3u));

TEST_P(NodePulseTest, BeatsWhileTheNodeRuns) {
  Options options;
  options.amqp.port = 0;
  options.data_dir.clear();
  options.loops = GetParam();
  const base::SystemClock clock;
  Node node(options, clock);
  EXPECT_FALSE(node.loops_turn(milliseconds(1)));
  ASSERT_TRUE(node.start().ok());
  EXPECT_TRUE(node.loops_turn(seconds(60)));
  EXPECT_TRUE(node.loops_turn(seconds(60)));
  node.stop();
  EXPECT_FALSE(node.loops_turn(seconds(60)));
}

}  // namespace
}  // namespace harrier::server

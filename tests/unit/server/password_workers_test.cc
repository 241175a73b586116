#include "server/password_workers.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace harrier::server {
namespace {

using ::testing::ElementsAre;

// One thread that a first piece of work holds until the test lets it go on.
class PasswordWorkersTest : public ::testing::Test {
 protected:
  void make(std::size_t waiting_max) {
    workers = std::make_unique<PasswordWorkers>(PasswordWorkers::Limits{1, waiting_max});
    std::promise<void> begun;
    workers->submit(
        "first",
        [&begun, held = let_go.get_future().share()] {
          begun.set_value();
          held.wait();
        },
        [](bool) {});
    begun.get_future().wait();
  }
  void submit(const std::string& address, const std::string& name) {
    workers->submit(
        address, [this, name] { add(ran, name); },
        [this, name](bool has_run) {
          if (!has_run) add(refused, name);
          ++answers;
        });
  }
  void finish() {
    const int expected = submitted;
    let_go.set_value();
    while (answers != expected)
      std::this_thread::yield();
  }
  void add(std::vector<std::string>& list, const std::string& name) {
    const std::lock_guard lock(mutex);
    list.push_back(name);
  }
  void submit_all(const std::vector<std::pair<std::string, std::string>>& work) {
    for (const auto& [address, name] : work)
      submit(address, name);
    submitted += static_cast<int>(work.size());
  }

  std::mutex mutex;
  std::vector<std::string> ran;
  std::vector<std::string> refused;
  std::atomic<int> answers{0};
  int submitted = 0;
  std::promise<void> let_go;
  std::unique_ptr<PasswordWorkers> workers;
};

TEST_F(PasswordWorkersTest, AddressesTakeTurns) {
  make(100);
  submit_all({{"a", "a1"}, {"a", "a2"}, {"a", "a3"}, {"b", "b1"}, {"c", "c1"}, {"b", "b2"}});
  EXPECT_EQ(workers->waiting(), 6u);
  finish();
  EXPECT_THAT(ran, ElementsAre("a1", "b1", "c1", "a2", "b2", "a3"));
  EXPECT_EQ(workers->waiting(), 0u);
}

// However many somebody sends: the honest one is next but one.
TEST_F(PasswordWorkersTest, TwoHundredOfOneAddressDoNotHoldAnother) {
  make(1'000);
  std::vector<std::pair<std::string, std::string>> work;
  for (int number = 0; number != 200; ++number)
    work.emplace_back("attacker", "wrong");
  work.emplace_back("honest", "right");
  submit_all(work);
  finish();
  EXPECT_EQ(std::find(ran.begin(), ran.end(), "right") - ran.begin(), 1);
  EXPECT_EQ(ran.size(), 201u);
}

TEST_F(PasswordWorkersTest, WithoutRoomTheLongestLineGivesWay) {
  make(3);
  submit_all({{"a", "a1"}, {"a", "a2"}, {"b", "b1"}, {"c", "c1"}});
  EXPECT_THAT(refused, ElementsAre("a2"));
  submit_all({{"c", "c2"}});
  EXPECT_THAT(refused, ElementsAre("a2", "c2")) << "its own line is the longest";
  EXPECT_EQ(workers->refused(), 2u);
  EXPECT_EQ(workers->waiting(), 3u);
  finish();
  EXPECT_THAT(ran, ElementsAre("a1", "b1", "c1"));
}

TEST_F(PasswordWorkersTest, StoppingDropsWhatWaits) {
  make(100);
  submit_all({{"a", "a1"}, {"b", "b1"}});
  std::thread stopper([&] { workers->stop(); });
  while (workers->waiting() != 0)
    std::this_thread::yield();
  let_go.set_value();
  stopper.join();
  submit("c", "late");
  workers->stop();
  EXPECT_TRUE(ran.empty());
  EXPECT_EQ(answers, 0);
}

TEST(PasswordWorkers, RunsSeveralAtATime) {
  PasswordWorkers workers({2, 10});
  std::promise<void> met;
  std::atomic<int> inside{0};
  std::atomic<int> done{0};
  const auto meet = [&, held = met.get_future().share()] {
    if (++inside == 2) met.set_value();
    held.wait();
  };
  for (int number = 0; number != 2; ++number)
    workers.submit("a", meet, [&](bool ran) { done += ran ? 1 : 0; });
  while (done != 2)
    std::this_thread::yield();
  EXPECT_EQ(inside, 2);
}

TEST(PasswordWorkers, StopsWithoutEverHavingBegun) {
  PasswordWorkers workers({4, 10});
  workers.stop();
  EXPECT_EQ(workers.waiting(), 0u);
}

}  // namespace
}  // namespace harrier::server

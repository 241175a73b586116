#include "server/token_key_refresher.h"

#include <condition_variable>
#include <deque>
#include <mutex>

#include <gtest/gtest.h>

#include "base/log.h"
#include "support/token_signer.h"

namespace harrier::server {
namespace {

using test::key_set;
using test::TokenSigner;
using namespace std::chrono_literals;

// Answers fetches one by one, when the test has an answer. Its time stands still.
class World final : public base::Clock {
 public:
  base::Now now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  void pass(base::Milliseconds time) {
    const std::lock_guard lock(mutex_);
    now_.monotonic += time;
  }
  TokenKeyRefresher::Fetch fetch() {
    return [this](const std::atomic<bool>& stopping) -> base::Result<std::string> {
      std::unique_lock lock(mutex_);
      ++fetches_;
      changed_.notify_all();
      // As a download would, which polls.
      while (answers_.empty() && !stopping)
        changed_.wait_for(lock, 1ms);
      if (answers_.empty()) return base::fail("stopped");
      base::Result<std::string> answer = std::move(answers_.front());
      answers_.pop_front();
      return answer;
    };
  }
  void answer(base::Result<std::string> answer) {
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(answer));
    changed_.notify_all();
  }
  void wait_for_fetches(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return fetches_ >= count; });
  }
  int fetches() const {
    const std::lock_guard lock(mutex_);
    return fetches_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  base::Now now_{base::MonotonicTime(1'000s), {}};
  std::deque<base::Result<std::string>> answers_;
  int fetches_ = 0;
};

std::string keys(int count) {
  static const TokenSigner signer = TokenSigner::ec("k");
  std::string text = signer.jwk();
  for (int more = 1; more < count; ++more)
    text += "," + signer.jwk();
  return key_set(text);
}

class TokenKeyRefresherTest : public ::testing::Test {
 protected:
  // The only wait: for the other thread to have put away what it was given.
  void wait_until_fetched() {
    while (refresher.fetching())
      std::this_thread::yield();
  }

  World world;
  TokenKeyRefresher refresher{FetchSchedule(60s, 5s), world, world.fetch()};
};

TEST_F(TokenKeyRefresherTest, HasNoKeysBeforeTheFirst) {
  ASSERT_NE(refresher.current(), nullptr);
  EXPECT_EQ(refresher.current()->count(), 0u);
}

TEST_F(TokenKeyRefresherTest, LoadTellsWhatIsWrong) {
  world.answer(base::fail("no such file"));
  world.answer(std::string("{}"));
  world.answer(keys(2));
  EXPECT_EQ(refresher.load().error().message, "no such file");
  EXPECT_EQ(refresher.load().error().message, "the key set has no list of keys");
  EXPECT_TRUE(refresher.load().ok());
  EXPECT_EQ(refresher.current()->count(), 2u);
  EXPECT_EQ(refresher.counters().fetches, 3u);
  EXPECT_EQ(refresher.counters().failures, 2u);
}

TEST_F(TokenKeyRefresherTest, FetchesAtOnceWhenNothingIsLoaded) {
  refresher.start();
  EXPECT_TRUE(refresher.fetching());
  EXPECT_TRUE(refresher.request_newer()) << "on its way";
  world.answer(keys(1));
  wait_until_fetched();
  EXPECT_EQ(refresher.current()->count(), 1u);
  EXPECT_EQ(world.fetches(), 1);
}

TEST_F(TokenKeyRefresherTest, WhatIsLoadedIsNotFetchedAtOnce) {
  world.answer(keys(1));
  ASSERT_TRUE(refresher.load().ok());
  refresher.start();
  EXPECT_FALSE(refresher.fetching());
  EXPECT_FALSE(refresher.request_newer()) << "too soon";
  world.pass(5s);
  EXPECT_TRUE(refresher.request_newer());
  world.answer(keys(2));
  wait_until_fetched();
  EXPECT_EQ(refresher.current()->count(), 2u);
  EXPECT_FALSE(refresher.request_newer());
}

TEST_F(TokenKeyRefresherTest, AFailureKeepsTheKeysOfBefore) {
  world.answer(keys(3));
  ASSERT_TRUE(refresher.load().ok());
  refresher.start();
  for (base::Result<std::string> answer :
       {base::Result<std::string>(base::fail("timed out")),
        base::Result<std::string>(std::string("<html>")), base::Result<std::string>(key_set(""))}) {
    refresher.refresh();
    world.answer(std::move(answer));
    wait_until_fetched();
    EXPECT_EQ(refresher.current()->count(), 3u);
  }
  EXPECT_EQ(refresher.counters().failures, 3u);
}

TEST_F(TokenKeyRefresherTest, StopsInTheMiddleOfAFetch) {
  refresher.start();
  world.wait_for_fetches(1);
  refresher.stop();
  EXPECT_FALSE(refresher.fetching());
  EXPECT_FALSE(refresher.request_newer());
  refresher.stop();
}

}  // namespace
}  // namespace harrier::server

#include "server/loop.h"

#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>

namespace harrier::server {
namespace {

// Counts what the loop asks of it.
class CountingWork final : public LoopWork {
 public:
  void take_mail() override { note(mails_); }
  void handle_deadlines() override { note(deadlines_); }
  base::MonotonicTime finish_turn() override {
    const std::lock_guard lock(mutex_);
    ++turns_;
    changed_.notify_all();
    return std::exchange(next_, base::kNever);
  }

  // What the next finish_turn() answers.
  void set_next(base::MonotonicTime next) {
    const std::lock_guard lock(mutex_);
    next_ = next;
  }
  template <class Condition>
  bool wait(Condition&& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), condition);
  }

  int mails_ = 0;
  int deadlines_ = 0;
  int turns_ = 0;

 private:
  void note(int& counter) {
    const std::lock_guard lock(mutex_);
    ++counter;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  base::MonotonicTime next_ = base::kNever;
};

class LoopTest : public ::testing::Test {
 protected:
  ~LoopTest() override {
    loop_.stop();
    loop_.join();
  }

  base::SystemClock clock_;
  CountingWork work_;
  Loop loop_{clock_};
};

TEST_F(LoopTest, WakeRunsATurnThatTakesTheMail) {
  loop_.start(work_);
  loop_.wake();
  EXPECT_TRUE(work_.wait([&] { return work_.mails_ == 1 && work_.turns_ == 1; }));
}

TEST_F(LoopTest, DeadlineOfTheLastTurnComes) {
  work_.set_next(clock_.now().monotonic + base::Milliseconds(20));
  loop_.start(work_);
  loop_.wake();
  EXPECT_TRUE(work_.wait([&] { return work_.deadlines_ == 1; }));
}

TEST_F(LoopTest, DeadlineInThePastMeansAnotherTurnAtOnce) {
  work_.set_next(base::MonotonicTime::min());
  loop_.start(work_);
  loop_.wake();
  EXPECT_TRUE(work_.wait([&] { return work_.deadlines_ == 1 && work_.turns_ >= 2; }));
}

// However often the reactor was asked in vain before: what comes together is handled, none left.
TEST_F(LoopTest, AfterManyLonelyTurnsABurstIsHandledWhole) {
  loop_.start(work_);
  for (int lonely = 1; lonely <= 40; ++lonely) {
    loop_.wake();
    ASSERT_TRUE(work_.wait([&] { return work_.mails_ == lonely; }));
  }
  for (int more = 0; more < 100; ++more)
    loop_.wake();
  EXPECT_TRUE(work_.wait([&] { return work_.mails_ == 140; }));
}

TEST_F(LoopTest, StopsWithoutHavingRun) {
  loop_.start(work_);
  loop_.stop();
  loop_.join();
  EXPECT_TRUE(loop_.checker().on_loop());
}

TEST_F(LoopTest, WhileItRunsOnlyItsThreadIsOnTheLoop) {
  loop_.start(work_);
  loop_.wake();
  ASSERT_TRUE(work_.wait([&] { return work_.turns_ == 1; }));
  EXPECT_FALSE(loop_.checker().on_loop());
}

}  // namespace
}  // namespace harrier::server

#include "session/session_timers.h"

#include <gtest/gtest.h>

#include "session/heartbeat.h"

namespace harrier::session {
namespace {

using namespace std::chrono_literals;

base::MonotonicTime at(int milliseconds) {
  return base::MonotonicTime(base::Milliseconds(milliseconds));
}

TEST(ReadDeadline, ComesAfterTheAllowedTime) {
  ReadDeadline deadline;
  EXPECT_FALSE(deadline.running());
  EXPECT_EQ(deadline.when(), base::kNever);
  deadline.start(at(100), 50ms);
  EXPECT_TRUE(deadline.running());
  EXPECT_FALSE(deadline.expired(at(149)));
  EXPECT_TRUE(deadline.expired(at(150)));
  deadline.stop();
  EXPECT_FALSE(deadline.expired(at(1'000)));
}

TEST(ReadDeadline, StandsStillWhileNotReading) {
  ReadDeadline deadline;
  deadline.start(at(100), 50ms);
  deadline.set_reading(false, at(120));
  EXPECT_TRUE(deadline.running());
  EXPECT_EQ(deadline.when(), base::kNever);
  deadline.set_reading(false, at(130));
  deadline.set_reading(true, at(500));
  EXPECT_EQ(deadline.when(), at(530));
}

TEST(ReadDeadline, StartedWhileNotReadingItBeginsWithTheReading) {
  ReadDeadline deadline;
  deadline.set_reading(false, at(0));
  deadline.start(at(100), 50ms);
  EXPECT_TRUE(deadline.running());
  deadline.set_reading(true, at(500));
  EXPECT_EQ(deadline.when(), at(550));
}

TEST(ReadDeadline, StoppedWhileNotReadingItStaysStopped) {
  ReadDeadline deadline;
  deadline.start(at(100), 50ms);
  deadline.set_reading(false, at(120));
  deadline.stop();
  deadline.set_reading(true, at(500));
  EXPECT_FALSE(deadline.running());
  EXPECT_EQ(deadline.when(), base::kNever);
}

TEST(ReadDeadline, OverdueWhenPausedIsDueWhenResumed) {
  ReadDeadline deadline;
  deadline.start(at(100), 50ms);
  deadline.set_reading(false, at(200));
  deadline.set_reading(true, at(500));
  EXPECT_TRUE(deadline.expired(at(500)));
}

TEST(OpenWait, CountsFromAnExactStart) {
  OpenWait wait;
  EXPECT_EQ(wait.deadline(50ms), base::kNever);
  EXPECT_FALSE(wait.expired(at(1'000), 50ms));
  wait.start(at(100), true);
  EXPECT_EQ(wait.deadline(50ms), at(150));
  EXPECT_FALSE(wait.expired(at(149), 50ms));
  EXPECT_TRUE(wait.expired(at(150), 50ms));
  wait.stop();
  EXPECT_FALSE(wait.expired(at(150), 50ms));
}

TEST(OpenWait, AnInexactStartIsReplacedWhenItIsFirstDue) {
  OpenWait wait;
  wait.start(at(100), false);
  EXPECT_FALSE(wait.expired(at(1'000), 50ms));
  EXPECT_FALSE(wait.expired(at(1'049), 50ms));
  EXPECT_TRUE(wait.expired(at(1'050), 50ms));
}

TEST(Heartbeat, TheLongestIntervalDoesNotOverflow) {
  Heartbeat heartbeat;
  heartbeat.start(65535, at(0));
  EXPECT_EQ(heartbeat.next_deadline(), at(65535 * 500));
  EXPECT_FALSE(heartbeat.peer_is_gone(at(65535 * 2'000 - 1)));
  EXPECT_TRUE(heartbeat.peer_is_gone(at(65535 * 2'000)));
}

TEST(Heartbeat, StoppedItIsNeverDue) {
  Heartbeat heartbeat;
  heartbeat.start(1, at(0));
  heartbeat.stop();
  heartbeat.received(at(10));
  heartbeat.sent(at(10));
  EXPECT_EQ(heartbeat.next_deadline(), base::kNever);
  EXPECT_FALSE(heartbeat.send_due(at(100'000)));
}

}  // namespace
}  // namespace harrier::session

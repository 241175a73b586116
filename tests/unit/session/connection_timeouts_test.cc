// Heartbeats, stalls and slow frames, by a clock in our hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/session_client.h"

namespace harrier::test {
namespace {

using session::ConnectionState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;
using namespace std::string_literals;

const std::string kHeartbeat = "\x08\0\0\0\0\0\0\xCE"s;

TEST(ConnectionHeartbeat, IsSentEveryHalfInterval) {
  SessionClient client;
  client.open(10);
  for (int beat = 0; beat < 3; ++beat) {
    client.send(kHeartbeat);
    client.sleep(4'999ms);
    EXPECT_EQ(client.received, "");
    client.sleep(1ms);
    EXPECT_EQ(client.received, kHeartbeat);
    client.received.clear();
  }
}

TEST(ConnectionHeartbeat, IsNotSentWhereSomethingElseWasWritten) {
  SessionClient client;
  client.open(10);
  client.sleep(4s);
  client.session.method(ChannelNumber(1), amqp::BasicQosOk{});
  client.flush();
  client.received.clear();
  client.sleep(4s);
  EXPECT_EQ(client.received, "");
  client.sleep(1s);
  EXPECT_EQ(client.received, kHeartbeat);
}

TEST(ConnectionHeartbeat, IsNotAddedToOutputThatIsStuck) {
  SessionClient client;
  client.open(2);
  client.socket_full = true;
  client.session.method(ChannelNumber(1), amqp::BasicQosOk{});
  const std::size_t pending = client.session.output().size();
  client.sleep(3s);
  EXPECT_EQ(client.session.output().size(), pending);
}

TEST(ConnectionHeartbeat, ASilentPeerIsGoneAfterTwoIntervals) {
  SessionClient client;
  client.open(10);
  client.sleep(19'999ms);
  EXPECT_THAT(client.calls(), IsEmpty());
  client.sleep(1ms);
  EXPECT_THAT(client.calls(), ElementsAre("close gone"));
  EXPECT_TRUE(client.session.finished());
  EXPECT_EQ(client.session.end_reason(), "missed heartbeats from the client");
}

TEST(ConnectionHeartbeat, AnyByteIsASignOfLife) {
  session::ConnectionLimits limits;
  limits.partial_frame_timeout = 1h;
  SessionClient client(limits);
  client.open(10);
  const std::string method = method_bytes(1, amqp::QueuePurge{0, "q"});
  for (const char byte : method) {
    client.sleep(19s);
    client.send(std::string_view(&byte, 1));
  }
  EXPECT_EQ(client.session.state(), ConnectionState::kOpen);
}

// The bytes were counted when they came; presenting them again is no new sign of life.
TEST(ConnectionHeartbeat, BytesThatWaitAreNoSignOfLife) {
  SessionClient client;
  client.open(10);
  client.send("\x01");
  for (int turn = 0; turn < 19; ++turn) {
    client.sleep(1s);
    client.present();
  }
  client.sleep(1s);
  EXPECT_TRUE(client.session.finished());
}

TEST(ConnectionHeartbeat, TimeInWhichWeDidNotReadDoesNotCount) {
  SessionClient client;
  client.open(10);
  client.sleep(15s);
  client.session.set_reading(false, client.now());
  client.sleep(1h);
  EXPECT_FALSE(client.session.finished());
  client.session.set_reading(true, client.now());
  client.sleep(4'999ms);
  EXPECT_FALSE(client.session.finished());
  client.sleep(1ms);
  EXPECT_TRUE(client.session.finished());
}

TEST(ConnectionHeartbeat, ZeroSwitchesBothDirectionsOff) {
  SessionClient client;
  client.open(0);
  EXPECT_EQ(client.session.next_deadline(), base::kNever);
  client.sleep(24h);
  EXPECT_EQ(client.received, "");
  EXPECT_FALSE(client.session.finished());
}

TEST(ConnectionHeartbeat, OneSecondWorksBothWays) {
  SessionClient client;
  client.open(1);
  client.sleep(500ms);
  EXPECT_EQ(client.received, kHeartbeat);
  client.sleep(1'500ms);
  EXPECT_TRUE(client.session.finished());
}

TEST(ConnectionHeartbeat, StopsWithTheConnection) {
  SessionClient client;
  client.open(1);
  client.send(1, amqp::ConnectionTuneOk{});
  client.received.clear();
  client.sleep(5s);
  EXPECT_EQ(client.received, "");
  EXPECT_EQ(client.session.state(), ConnectionState::kClosing);
}

// ---- partial frames

TEST(ConnectionTimeout, AFrameMustBeFinishedInTime) {
  SessionClient client;
  client.open();
  client.send("\x01\0");
  client.sleep(59'999ms);
  EXPECT_FALSE(client.session.finished());
  client.sleep(1ms);
  EXPECT_TRUE(client.session.finished());
  EXPECT_THAT(client.calls(), ElementsAre("close gone"));
}

TEST(ConnectionTimeout, AByteNowAndThenDoesNotSaveAFrame) {
  SessionClient client;
  client.open();
  const std::string frame = raw_frame(3, 1, std::string(100, 'x'));
  for (std::size_t index = 0; index < 7; ++index) {
    client.send(frame.substr(index, 1));
    client.sleep(10s);
  }
  EXPECT_TRUE(client.session.finished());
}

TEST(ConnectionTimeout, EveryFrameHasItsOwnTime) {
  SessionClient client;
  client.open();
  const std::string frame = method_bytes(1, amqp::QueuePurge{0, "q"});
  client.send(frame.substr(0, 5));
  for (int turn = 0; turn < 5; ++turn) {
    client.sleep(50s);
    client.send(frame.substr(5) + frame.substr(0, 5));
  }
  EXPECT_FALSE(client.session.finished());
  client.send(frame.substr(5));
  client.sleep(1h);
  EXPECT_FALSE(client.session.finished());
}

TEST(ConnectionTimeout, AFrameWeDoNotReadHasTime) {
  SessionClient client;
  client.open();
  client.send("\x01\0");
  client.session.set_reading(false, client.now());
  client.sleep(1h);
  client.session.set_reading(true, client.now());
  client.sleep(59s);
  EXPECT_FALSE(client.session.finished());
}

TEST(ConnectionTimeout, InputLeftForTheSakeOfRepliesIsNoPartialFrame) {
  session::ConnectionLimits limits;
  limits.reply_bytes_max = 10;
  limits.write_stall_timeout = 24h;
  SessionClient client(limits);
  client.open();
  client.socket_full = true;
  client.session.method(ChannelNumber(1), amqp::QueueDeclareOk{"queue"});
  client.send(1, amqp::QueuePurge{0, "q"});
  client.sleep(1h);
  EXPECT_FALSE(client.session.finished());
}

// ---- stalled output

TEST(ConnectionTimeout, OutputWithoutProgressCutsTheConnectionOff) {
  SessionClient client;
  client.open();
  client.socket_full = true;
  client.send(1, amqp::QueuePurge{0, "q"});
  client.session.method(ChannelNumber(1), amqp::QueueDeclareOk{"queue"});
  client.take(1);
  client.sleep(29'999ms);
  EXPECT_FALSE(client.session.finished());
  client.sleep(1ms);
  EXPECT_TRUE(client.session.finished());
  EXPECT_TRUE(client.session.output().empty());
  EXPECT_EQ(client.calls().back(), "close gone");
}

TEST(ConnectionTimeout, ASingleByteIsProgress) {
  SessionClient client;
  client.open();
  client.socket_full = true;
  client.session.method(ChannelNumber(1), amqp::QueueDeclareOk{"a rather long queue"});
  for (int turn = 0; turn < 10; ++turn) {
    client.take(1);
    client.sleep(29s);
  }
  EXPECT_FALSE(client.session.finished());
}

// Output that appears between two readings of the clock must not look older than it is.
TEST(ConnectionTimeout, OutputFromAnotherLoopIsNotTimedFromTheLastInput) {
  SessionClient client;
  client.open();
  client.sleep(1h);
  client.socket_full = true;
  client.session.method(ChannelNumber(1), amqp::BasicQosOk{});
  client.sleep(29s);
  EXPECT_FALSE(client.session.finished());
  client.sleep(31s);
  EXPECT_TRUE(client.session.finished());
}

TEST(ConnectionTimeout, ALastFrameThatIsNotTakenIsDropped) {
  SessionClient client;
  client.open();
  client.socket_full = true;
  client.send(0, amqp::ConnectionClose{200, "bye"});
  EXPECT_TRUE(client.session.finished());
  EXPECT_FALSE(client.session.output().empty());
  client.sleep(61s);
  EXPECT_TRUE(client.session.output().empty());
}

TEST(ConnectionTimeout, ADeadlineThatIsNotDueDoesNothing) {
  SessionClient client;
  client.open(10);
  client.session.handle_deadline(client.now());
  client.flush();
  EXPECT_EQ(client.received, "");
  EXPECT_THAT(client.calls(), IsEmpty());
}

}  // namespace
}  // namespace harrier::test

// Every way in which an open connection ends, with a broker half that answers at once and one that
// takes its time, as one on another loop does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/session_client.h"

namespace harrier::test {
namespace {

using session::ConnectionState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using namespace std::chrono_literals;
using namespace std::string_literals;

constexpr amqp::ReplyCode kForced = amqp::ReplyCode::kConnectionForced;
const std::string kBadFrame = "\x09\0\0\0\0\0\0\xCE"s;

// The parameter: whether the broker half answers later.
class ConnectionClosing : public ::testing::TestWithParam<bool> {
 protected:
  ConnectionClosing() {
    client.open();
    client.broker().slow = GetParam();
  }
  void let_broker_answer() {
    client.broker().answer();
    client.flush();
  }
  void send_close() { client.send(0, amqp::ConnectionClose{200, "bye"}); }
  void send_close_ok() { client.send(0, amqp::ConnectionCloseOk{}); }

  SessionClient client;
};

INSTANTIATE_TEST_SUITE_P(BrokerHalf, ConnectionClosing, ::testing::Bool(),
                         [](const auto& param) { return param.param ? "Slow" : "Fast"; });

TEST_P(ConnectionClosing, TheClientsCloseIsAnsweredAfterTheRelease) {
  client.send(method_bytes(1, amqp::QueuePurge{0, "q"}) +
              method_bytes(0, amqp::ConnectionClose{200, "bye"}) +
              method_bytes(1, amqp::QueuePurge{0, "q"}));
  let_broker_answer();
  EXPECT_THAT(client.calls(), ElementsAre(HasSubstr("queue.purge"), "close client"));
  EXPECT_THAT(client.read_all(), ElementsAre("0 connection.close-ok"));
  EXPECT_TRUE(client.session.finished());
  EXPECT_EQ(client.session.end_reason(), "closed by the client");
}

TEST_P(ConnectionClosing, AMistakeIsAnsweredWithCloseAndItsReason) {
  client.send(1, amqp::ConnectionTuneOk{});
  let_broker_answer();
  EXPECT_THAT(client.calls(), ElementsAre("close error 503 unimplemented method 10.31 connection"));
  EXPECT_EQ(client.read(),
            "0 connection.close reply_code=503 reply_text='COMMAND_INVALID - unimplemented "
            "method' class_id=10 method_id=31");
  EXPECT_EQ(client.session.state(), ConnectionState::kClosing);
  EXPECT_FALSE(client.session.finished());
  EXPECT_EQ(client.session.end_reason(), "COMMAND_INVALID - unimplemented method");
  client.send(publish_bytes(1, "k", "dropped") + raw_frame(8, 3, "x") + body_bytes(9, "x"));
  send_close_ok();
  EXPECT_TRUE(client.session.finished());
  EXPECT_THAT(client.read_all(), IsEmpty());
}

TEST_P(ConnectionClosing, AClientThatNeverAnswersIsCutOff) {
  client.send(1, amqp::ConnectionTuneOk{});
  let_broker_answer();
  client.sleep(9s);
  EXPECT_FALSE(client.session.finished());
  // A close whose time was not known at once may take as long again.
  client.sleep(11s);
  EXPECT_TRUE(client.session.finished());
}

TEST_P(ConnectionClosing, TheClientsCloseAfterAMistakeIsAnsweredToo) {
  client.send(method_bytes(1, amqp::ConnectionTuneOk{}) +
              method_bytes(0, amqp::ConnectionClose{200, "bye"}));
  let_broker_answer();
  EXPECT_THAT(client.read_all(),
              ElementsAre(StartsWith("0 connection.close "), "0 connection.close-ok"));
  EXPECT_FALSE(client.session.finished());
  send_close_ok();
  EXPECT_TRUE(client.session.finished());
}

TEST_P(ConnectionClosing, ACloseOkThatComesTooEarlyCounts) {
  client.send(method_bytes(1, amqp::ConnectionTuneOk{}) +
              method_bytes(0, amqp::ConnectionCloseOk{}));
  let_broker_answer();
  EXPECT_THAT(client.read_all(), ElementsAre(StartsWith("0 connection.close ")));
  EXPECT_TRUE(client.session.finished());
}

// A channel's mistake is found in the broker half while the client's close is on its way there.
TEST_P(ConnectionClosing, TheBrokersOwnCloseMayCrossTheClients) {
  client.broker().slow = true;
  send_close();
  client.session.method(ChannelNumber(0), amqp::ConnectionClose{530, "NOT_ALLOWED - x", 60, 20});
  client.session.released();
  client.flush();
  EXPECT_THAT(client.read_all(),
              ElementsAre(StartsWith("0 connection.close "), "0 connection.close-ok"));
  EXPECT_FALSE(client.session.finished());
  send_close_ok();
  EXPECT_TRUE(client.session.finished());
}

TEST_P(ConnectionClosing, TheBrokersOwnCloseNeedsNoCloseFromUs) {
  client.broker().fail(amqp::protocol_error(amqp::ReplyCode::kNotAllowed, "too many"));
  client.flush();
  EXPECT_THAT(client.read_all(), ElementsAre(HasSubstr("NOT_ALLOWED - too many")));
  client.send(publish_bytes(1, "k", "dropped"));
  send_close_ok();
  EXPECT_THAT(client.calls(), IsEmpty());
  EXPECT_TRUE(client.session.finished());
}

TEST_P(ConnectionClosing, ALostPeerIsTheLastCallAndLeavesNoOutput) {
  client.socket_full = true;
  client.session.method(ChannelNumber(1), amqp::BasicQosOk{});
  client.session.handle_end_of_input(client.now());
  EXPECT_TRUE(client.session.output().empty());
  EXPECT_EQ(client.session.finished(), !GetParam()) << "only after released()";
  client.session.method(ChannelNumber(1), amqp::BasicQosOk{});
  client.broker().answer();
  EXPECT_TRUE(client.session.finished());
  EXPECT_TRUE(client.session.output().empty());
  EXPECT_THAT(client.calls(), ElementsAre("close gone"));
  client.session.handle_end_of_input(client.now());
  client.session.handle_written(5, client.now());
  EXPECT_THAT(client.calls(), ElementsAre("close gone"));
}

TEST_P(ConnectionClosing, APeerMayVanishWhileItsCloseIsWorkedOn) {
  client.broker().slow = true;
  send_close();
  client.session.handle_end_of_input(client.now());
  EXPECT_FALSE(client.session.finished());
  client.broker().answer();
  EXPECT_TRUE(client.session.finished());
  EXPECT_THAT(client.calls(), ElementsAre("close client"));
}

TEST_P(ConnectionClosing, APeerMayVanishInsteadOfAnswering) {
  client.send(1, amqp::ConnectionTuneOk{});
  let_broker_answer();
  client.session.handle_end_of_input(client.now());
  EXPECT_TRUE(client.session.finished());
  EXPECT_THAT(client.calls(), ElementsAre(StartsWith("close error")));
}

TEST_P(ConnectionClosing, AForcedCloseIs320) {
  client.session.force_close(kForced, "broker forced connection closure with reason 'shutdown'",
                             client.now());
  let_broker_answer();
  EXPECT_THAT(client.calls(), ElementsAre(StartsWith("close forced 320 broker forced")));
  EXPECT_THAT(client.read(), HasSubstr("reply_code=320 reply_text='CONNECTION_FORCED - broker"));
  client.session.force_close(kForced, "again", client.now());
  send_close_ok();
  EXPECT_TRUE(client.session.finished());
  EXPECT_EQ(client.calls().size(), 1u);
}

TEST_P(ConnectionClosing, ABrokenFrameEndsItThoughFramesCannotBeFoundAnyMore) {
  client.send(kBadFrame + "and garbage behind it");
  let_broker_answer();
  EXPECT_THAT(client.calls(), ElementsAre("close error 501 unknown frame type 9 0.0 connection"));
  EXPECT_THAT(client.read(), HasSubstr("reply_code=501"));
  client.send("more garbage");
  EXPECT_FALSE(client.session.finished());
  client.chunk = 5;
  client.send("garbage" + method_bytes(0, amqp::ConnectionCloseOk{}));
  EXPECT_TRUE(client.session.finished());
}

TEST_P(ConnectionClosing, GarbageAfterCloseIsNoNewMistake) {
  client.send(1, amqp::ConnectionTuneOk{});
  let_broker_answer();
  client.received.clear();
  client.send(kBadFrame);
  client.send(method_bytes(0, amqp::ConnectionCloseOk{}));
  EXPECT_EQ(client.received, "");
  EXPECT_TRUE(client.session.finished());
}

TEST_P(ConnectionClosing, UnfinishedContentsAreGivenBack) {
  client.send(method_bytes(1, amqp::BasicPublish{}) + header_bytes(1, 100) + body_bytes(1, "some"));
  EXPECT_EQ(client.session.assembly_bytes(), 6u);
  send_close();
  EXPECT_EQ(client.session.assembly_bytes(), 0u);
}

TEST_P(ConnectionClosing, NothingIsCreditedAfterTheLastCall) {
  client.socket_full = true;
  client.session.method(ChannelNumber(1), amqp::BasicQosOk{});
  send_close();
  client.take();
  EXPECT_THAT(client.calls(), ElementsAre("close client"));
}

TEST_P(ConnectionClosing, BlockedIsNotToldToAClosingConnection) {
  client.send(1, amqp::ConnectionTuneOk{});
  let_broker_answer();
  client.received.clear();
  client.session.set_blocked("late", client.now());
  client.flush();
  EXPECT_EQ(client.received, "");
}

}  // namespace
}  // namespace harrier::test

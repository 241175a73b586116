// Logins that cannot be decided at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/session_client.h"

namespace harrier::test {
namespace {

using session::ConnectionState;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

class ConnectionLoginTest : public ::testing::Test {
 protected:
  // What is sent behind start-ok must wait.
  void begin(Bytes response) {
    client.send_header();
    client.read();
    client.send_start_ok("PLAIN", response);
  }
  void answer(bool ran = true) {
    client.session.handle_login_work(ran, client.now());
    client.flush();
  }

  SessionClient client;
};

TEST_F(ConnectionLoginTest, GoesOnWhenTheWorkIsDone) {
  begin("work open sesame");
  EXPECT_EQ(client.read(), "");
  EXPECT_EQ(client.session.state(), ConnectionState::kAwaitLogin);
  EXPECT_EQ(client.host.login_work.size(), 1u);
  answer();
  EXPECT_THAT(client.read(), StartsWith("0 connection.tune"));
  EXPECT_EQ(client.session.user(), "ali");
  client.send(0, amqp::ConnectionTuneOk{100, 8192, 30});
  client.send(0, amqp::ConnectionOpen{"/"});
  EXPECT_THAT(client.read(), StartsWith("0 connection.open-ok"));
}

TEST_F(ConnectionLoginTest, NothingIsReadMeanwhile) {
  begin("work open sesame");
  EXPECT_FALSE(client.session.wants_input());
  client.send(0, amqp::ConnectionTuneOk{2047, 131072, 0});
  client.send(0, amqp::ConnectionOpen{"/"});
  EXPECT_EQ(client.read(), "");
  EXPECT_FALSE(client.unconsumed().empty());
  answer();
  EXPECT_TRUE(client.session.wants_input());
  client.present();
  EXPECT_THAT(client.read(), StartsWith("0 connection.tune"));
  EXPECT_THAT(client.read(), StartsWith("0 connection.open-ok"));
}

TEST_F(ConnectionLoginTest, WorkMayEndInAnyOutcome) {
  begin("work wrong");
  answer();
  EXPECT_THAT(client.read(), HasSubstr("Login was refused"));
  SessionClient malformed;
  malformed.send_header();
  malformed.read();
  malformed.send_start_ok("PLAIN", "work ");
  malformed.session.handle_login_work(true, malformed.now());
  malformed.flush();
  EXPECT_THAT(malformed.read(), HasSubstr("reply_code=502"));
  SessionClient twice;
  twice.send_header();
  twice.read();
  twice.send_start_ok("PLAIN", "work work open sesame");
  for (int time = 0; time != 2; ++time)
    twice.session.handle_login_work(true, twice.now());
  twice.flush();
  EXPECT_THAT(twice.read(), StartsWith("0 connection.tune"));
}

TEST_F(ConnectionLoginTest, WorkThatNobodyCouldRunIsARefusal) {
  begin("work open sesame");
  answer(false);
  EXPECT_THAT(client.read(), HasSubstr("Login was refused"));
}

TEST_F(ConnectionLoginTest, TheHandshakesTimeGoesOn) {
  begin("work open sesame");
  client.sleep(9'999ms);
  EXPECT_EQ(client.session.state(), ConnectionState::kAwaitLogin);
  client.sleep(1ms);
  EXPECT_TRUE(client.session.finished());
  EXPECT_EQ(client.session.end_reason(), "handshake timed out");
  answer();
  EXPECT_EQ(client.read(), "") << "too late";
}

TEST_F(ConnectionLoginTest, AnAnswerForAConnectionThatHasEndedIsIgnored) {
  begin("work open sesame");
  client.session.handle_end_of_input(client.now());
  EXPECT_TRUE(client.session.finished());
  answer();
  EXPECT_EQ(client.read(), "");
  SessionClient stopped;
  stopped.send_header();
  stopped.read();
  stopped.send_start_ok("PLAIN", "work open sesame");
  stopped.session.force_close(amqp::ReplyCode::kConnectionForced, "shutdown", stopped.now());
  stopped.session.handle_login_work(true, stopped.now());
  EXPECT_TRUE(stopped.session.finished());
  EXPECT_EQ(stopped.session.end_reason(), "shutdown");
}

TEST_F(ConnectionLoginTest, AnAnswerNobodyWaitsForIsIgnored) {
  answer();
  begin("work open sesame");
  answer();
  answer(false);
  answer();
  EXPECT_THAT(client.read(), StartsWith("0 connection.tune"));
  EXPECT_EQ(client.read(), "");
}

TEST_F(ConnectionLoginTest, AWaitEndsWithTime) {
  begin("wait open sesame");
  EXPECT_EQ(client.session.state(), ConnectionState::kAwaitLogin);
  EXPECT_FALSE(client.session.wants_input());
  client.sleep(1'999ms);
  EXPECT_EQ(client.read(), "");
  answer();
  EXPECT_EQ(client.read(), "") << "no work was asked for";
  client.sleep(1ms);
  EXPECT_THAT(client.read(), StartsWith("0 connection.tune"));
}

TEST_F(ConnectionLoginTest, AWaitMayLeadToWork) {
  begin("wait work open sesame");
  client.sleep(2'000ms);
  EXPECT_EQ(client.host.login_work.size(), 1u);
  EXPECT_EQ(client.read(), "");
  answer();
  EXPECT_THAT(client.read(), StartsWith("0 connection.tune"));
}

TEST_F(ConnectionLoginTest, AClosedConnectionDoesNotGoOnByTime) {
  begin("wait open sesame");
  client.session.handle_end_of_input(client.now());
  client.sleep(3'000ms);
  EXPECT_EQ(client.read(), "");
}

TEST_F(ConnectionLoginTest, NobodyWaitsForWorkAfterwards) {
  begin("afterwards open sesame");
  EXPECT_EQ(client.host.login_work.size(), 1u);
  EXPECT_THAT(client.read(), StartsWith("0 connection.tune"));
  answer();
  client.send(0, amqp::ConnectionTuneOk{100, 8192, 30});
  client.send(0, amqp::ConnectionOpen{"/"});
  EXPECT_THAT(client.read(), StartsWith("0 connection.open-ok"));
}

TEST_F(ConnectionLoginTest, ASecondStepMayNeedWork) {
  client.send_header();
  client.read();
  client.send_start_ok("TWO-STEP", "ali");
  EXPECT_THAT(client.read(), StartsWith("0 connection.secure"));
  client.send(0, amqp::ConnectionSecureOk{{"work open sesame"}});
  EXPECT_EQ(client.session.state(), ConnectionState::kAwaitLogin);
  answer();
  EXPECT_THAT(client.read(), StartsWith("0 connection.tune"));
}

}  // namespace
}  // namespace harrier::test

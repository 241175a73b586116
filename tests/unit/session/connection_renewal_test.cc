// Credentials that end, and new ones that take their place.
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

constexpr const char* kRefused =
    "0 connection.close reply_code=530 reply_text='NOT_ALLOWED - New secret was refused by one of "
    "the backends' class_id=10 method_id=70";

class ConnectionRenewal : public ::testing::Test {
 protected:
  // A token of five seconds.
  void open(Bytes response = "token read:*/* 5000 open sesame") {
    client.send_header();
    client.send_start_ok("PLAIN", response);
    client.send(0, amqp::ConnectionTuneOk{2047, 131072, 0});
    client.send(0, amqp::ConnectionOpen{"/"});
    client.received.clear();
    client.broker().calls.clear();
  }
  void renew(Bytes secret) { client.send(0, amqp::ConnectionUpdateSecret{{secret}, "refresh"}); }
  void answer(bool ran = true) {
    client.session.handle_login_work(ran, client.now());
    client.flush();
    client.present();
  }

  SessionClient client;
};

TEST_F(ConnectionRenewal, TheBrokerHalfIsToldWhatTheTokenGrants) {
  open();
  EXPECT_THAT(client.host.attached, ElementsAre(HasSubstr(" by token @read:*/*")));
}

TEST_F(ConnectionRenewal, TheConnectionIsClosedWhenTheTokenEnds) {
  open();
  client.sleep(4'999ms);
  EXPECT_EQ(client.read(), "");
  client.sleep(1ms);
  EXPECT_THAT(client.read(),
              StartsWith("0 connection.close reply_code=320 reply_text='CONNECTION_FORCED - "
                         "credential expired'"));
  EXPECT_EQ(client.session.end_reason(), "CONNECTION_FORCED - credential expired");
  client.send(0, amqp::ConnectionCloseOk{});
  EXPECT_TRUE(client.session.finished());
}

TEST_F(ConnectionRenewal, TheTokenMayEndBeforeTheConnectionIsOpen) {
  client.send_header();
  client.send_start_ok("PLAIN", "token read:*/* 5000 open sesame");
  client.received.clear();
  client.sleep(5'000ms);
  EXPECT_THAT(client.read(), HasSubstr("credential expired"));
  EXPECT_EQ(client.session.state(), ConnectionState::kClosing);
}

TEST_F(ConnectionRenewal, AClosingConnectionDoesNotExpire) {
  open();
  client.broker().slow = true;
  client.send(0, amqp::ConnectionClose{200, "bye", 0, 0});
  client.sleep(10'000ms);
  client.broker().answer();
  client.flush();
  EXPECT_THAT(client.read(), StartsWith("0 connection.close-ok"));
}

TEST_F(ConnectionRenewal, ANewTokenTakesTheOldOnesPlace) {
  open();
  client.sleep(4'000ms);
  renew("token write:%2F/q 5000 open sesame");
  EXPECT_THAT(client.calls(),
              ElementsAre("renew ali AMQP 0-9-1 10.0.0.1:4711 #administrator #thief by token "
                          "@write:%2F/q"));
  EXPECT_THAT(client.host.fake_authenticator.renewals, ElementsAre("ali"));
  client.sleep(4'999ms);
  EXPECT_EQ(client.read(), "");
  client.sleep(1ms);
  EXPECT_THAT(client.read(), HasSubstr("credential expired"));
}

TEST_F(ConnectionRenewal, NothingIsReadUntilTheNewTokenIsJudged) {
  open();
  renew("work token write:*/* 5000 open sesame");
  EXPECT_FALSE(client.session.wants_input());
  client.send(1, amqp::ChannelOpen{});
  EXPECT_THAT(client.calls(), IsEmpty());
  answer();
  EXPECT_TRUE(client.session.wants_input());
  EXPECT_THAT(client.calls(),
              ElementsAre(StartsWith("renew "), StartsWith("method 1 channel.open")));
}

TEST_F(ConnectionRenewal, AWaitEndsWithTime) {
  open();
  renew("wait token write:*/* 5000 open sesame");
  client.sleep(1'999ms);
  EXPECT_THAT(client.calls(), IsEmpty());
  client.sleep(1ms);
  EXPECT_THAT(client.calls(), ElementsAre(StartsWith("renew ")));
}

TEST_F(ConnectionRenewal, TheOldTokenEndsWhileTheNewOneIsJudged) {
  open();
  renew("work token write:*/* 5000 open sesame");
  client.sleep(5'000ms);
  EXPECT_THAT(client.read(), HasSubstr("credential expired"));
  answer();
  EXPECT_THAT(client.calls(), ElementsAre(StartsWith("close "))) << "too late";
}

TEST_F(ConnectionRenewal, AWrongTokenEndsTheConnection) {
  for (const char* secret : {"wrong", "", "work wrong"}) {
    SessionClient other;
    other.send_header();
    other.send_start_ok("PLAIN", "token read:*/* 5000 open sesame");
    other.send(0, amqp::ConnectionTuneOk{2047, 131072, 0});
    other.send(0, amqp::ConnectionOpen{"/"});
    other.received.clear();
    other.send(0, amqp::ConnectionUpdateSecret{{secret}, "refresh"});
    other.session.handle_login_work(true, other.now());
    other.flush();
    EXPECT_EQ(other.read(), kRefused) << secret;
  }
}

TEST_F(ConnectionRenewal, ATokenThatNobodyCouldLookAtEndsTheConnection) {
  open();
  renew("work token write:*/* 5000 open sesame");
  answer(false);
  EXPECT_EQ(client.read(), kRefused);
}

TEST_F(ConnectionRenewal, AConnectionThatIsForcedToCloseWaitsForNoToken) {
  open();
  renew("work token write:*/* 5000 open sesame");
  client.session.force_close(amqp::ReplyCode::kConnectionForced, "shutdown", client.now());
  answer();
  EXPECT_THAT(client.calls(), ElementsAre(StartsWith("close forced")));
}

TEST_F(ConnectionRenewal, APasswordIsNotRenewed) {
  open("open sesame");
  client.sleep(1h);
  renew("anything");
  EXPECT_THAT(client.calls(), ElementsAre(StartsWith("method 0 connection.update-secret")));
  EXPECT_THAT(client.host.fake_authenticator.renewals, IsEmpty());
}

}  // namespace
}  // namespace harrier::test

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/session_client.h"

namespace harrier::test {
namespace {

using session::ConnectionState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;
using namespace std::string_literals;

constexpr std::string_view kHeader = amqp::kProtocolHeader091;

TEST(ConnectionHandshake, RunsFromHeaderToOpenOk) {
  SessionClient client;
  client.send_header();
  EXPECT_EQ(client.read(),
            "0 connection.start version_major=0 version_minor=9 "
            "server_properties={product='HarrierMQ'} mechanisms='PLAIN TWO-STEP' locales='en_US'");
  client.send_start_ok();
  EXPECT_EQ(client.read(), "0 connection.tune channel_max=2047 frame_max=131072 heartbeat=60");
  client.send(0, amqp::ConnectionTuneOk{100, 8192, 30});
  client.send(0, amqp::ConnectionOpen{"/"});
  EXPECT_THAT(client.read(), StartsWith("0 connection.open-ok"));
  EXPECT_THAT(client.host.attached,
              ElementsAre("attach 7 / ali AMQP 0-9-1 10.0.0.1:4711 100 8192 #administrator #thief "
                          "cancel-notify blocked"));
  EXPECT_EQ(client.session.state(), ConnectionState::kOpen);
  EXPECT_TRUE(client.session.opened());
}

TEST(ConnectionHandshake, DescribesTheClientForTheLog) {
  SessionClient client;
  EXPECT_EQ(client.session.user(), "");
  client.open();
  EXPECT_EQ(client.session.user(), "ali");
  EXPECT_EQ(client.session.virtual_host(), "/");
  EXPECT_EQ(client.session.client().connection_name, "the one");
  const amqp::TableView properties = client.session.client().properties;
  EXPECT_EQ(properties.find("product")->bytes, "test client");
  EXPECT_EQ(properties.find("version")->bytes, "1.2");
}

TEST(ConnectionHandshake, ByteByByteIsTheSameAsAtOnce) {
  const std::string all =
      std::string(kHeader) +
      method_bytes(0, amqp::ConnectionStartOk{{}, "PLAIN", {"open sesame"}, ""}) +
      method_bytes(0, amqp::ConnectionTuneOk{2047, 131072, 0}) +
      method_bytes(0, amqp::ConnectionOpen{"/"}) + method_bytes(1, amqp::ChannelOpen{});
  SessionClient at_once;
  at_once.send(all);
  SessionClient slowly;
  slowly.chunk = 1;
  slowly.send(all);
  EXPECT_EQ(at_once.received, slowly.received);
  EXPECT_EQ(at_once.calls(), slowly.calls());
  EXPECT_EQ(at_once.session.state(), ConnectionState::kOpen);
}

TEST(ConnectionHandshake, TheHeaderOf09IsAccepted) {
  SessionClient client;
  client.send("AMQP\x01\x01\0\x09"s);
  EXPECT_THAT(client.read(), StartsWith("0 connection.start"));
}

TEST(ConnectionHandshake, EveryOtherHeaderIsAnsweredWithOurs) {
  for (const std::string& header :
       {"AMQP\0\1\0\0"s, "AMQP\3\1\0\0"s, "AMQP\0\0\x09\0"s, "AMQP\1\1\0\x08"s, "GET / HTTP/1.1"s,
        "\x16\x03\x01\0\0\0\0\0"s, "amqp\0\0\x09\x01"s}) {
    SessionClient client;
    client.send(header);
    EXPECT_EQ(client.received, kHeader) << header;
    EXPECT_TRUE(client.session.finished());
    EXPECT_FALSE(client.session.wants_input());
  }
}

TEST(ConnectionHandshake, AWrongHeaderNeedNotBeComplete) {
  SessionClient client;
  client.send("AMQ");
  EXPECT_EQ(client.session.state(), ConnectionState::kAwaitHeader);
  EXPECT_EQ(client.received, "");
  client.send("X");
  EXPECT_EQ(client.received, kHeader);
  EXPECT_TRUE(client.session.finished());
}

TEST(ConnectionHandshake, AChallengeIsAnsweredBySecureOk) {
  SessionClient client;
  client.send_header();
  client.received.clear();
  client.send_start_ok("TWO-STEP", "ali");
  EXPECT_EQ(client.session.state(), ConnectionState::kAwaitSecureOk);
  EXPECT_THAT(client.received, HasSubstr("who is ali?"));
  client.received.clear();
  client.send(0, amqp::ConnectionSecureOk{{"open sesame"}});
  EXPECT_THAT(client.read(), StartsWith("0 connection.tune"));
  EXPECT_EQ(client.session.user(), "ali");
}

TEST(ConnectionHandshake, ARefusalAfterAChallengeNamesTheMechanism) {
  SessionClient client;
  client.send_header();
  client.send_start_ok("TWO-STEP", "ali");
  client.received.clear();
  client.send(0, amqp::ConnectionSecureOk{{"open barley"}});
  EXPECT_THAT(client.received, HasSubstr("mechanism TWO-STEP. For details"));
}

TEST(ConnectionHandshake, ARefusedLoginIsToldToClientsThatAskForIt) {
  SessionClient client;
  client.send_header();
  client.received.clear();
  client.send_start_ok("PLAIN", "open barley");
  const auto found = amqp::find_frame(client.received, 0);
  const auto close = std::get<amqp::ConnectionClose>(*amqp::decode_method(found->frame.payload));
  EXPECT_EQ(close.reply_code, 403);
  EXPECT_EQ(close.reply_text,
            "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details "
            "see the broker logfile.");
  EXPECT_EQ(close.class_id, 0);
  EXPECT_EQ(close.method_id, 0);
  EXPECT_EQ(client.session.state(), ConnectionState::kClosing);
  client.send(0, amqp::ConnectionCloseOk{});
  EXPECT_TRUE(client.session.finished());
}

TEST(ConnectionHandshake, ARefusedLoginIsSilenceForOthers) {
  SessionClient client;
  client.wants_refusals = false;
  client.send_header();
  client.received.clear();
  client.send_start_ok("PLAIN", "open barley");
  EXPECT_EQ(client.session.state(), ConnectionState::kRefused);
  client.sleep(2'999ms);
  client.send("whatever it sends now");
  EXPECT_EQ(client.unconsumed(), "");
  EXPECT_FALSE(client.session.finished());
  client.sleep(1ms);
  EXPECT_TRUE(client.session.finished());
  EXPECT_EQ(client.received, "");
  EXPECT_EQ(client.session.end_reason(), "login refused");
}

TEST(ConnectionHandshake, AnUnknownMechanismIs503) {
  SessionClient client;
  client.send_header();
  client.received.clear();
  client.send_start_ok("EXTERNAL", "");
  EXPECT_EQ(client.read(),
            "0 connection.close reply_code=503 reply_text='COMMAND_INVALID - unknown "
            "authentication mechanism 'EXTERNAL'' class_id=10 method_id=11");
}

TEST(ConnectionHandshake, AMalformedResponseIs502) {
  SessionClient client;
  client.send_header();
  client.received.clear();
  client.send_start_ok("PLAIN", "");
  EXPECT_EQ(client.read(),
            "0 connection.close reply_code=502 reply_text='SYNTAX_ERROR - an empty answer' "
            "class_id=10 method_id=11");
}

TEST(ConnectionHandshake, AFrameLargerThanAllowedBeforeTuningIs501) {
  SessionClient client;
  client.send_header();
  client.received.clear();
  client.send("\x01\0\0\0\0\x20\x01"s);
  EXPECT_THAT(client.read(), StartsWith("0 connection.close reply_code=501"));
}

TEST(ConnectionHandshake, ATokenOf8000BytesFitsBeforeTuning) {
  SessionClient client;
  client.send_header();
  client.received.clear();
  client.send_start_ok("TWO-STEP", std::string(7'900, 'j'));
  EXPECT_EQ(client.session.state(), ConnectionState::kAwaitSecureOk);
}

struct TuneAnswer {
  std::uint16_t channel_max;
  std::uint32_t frame_max;
  const char* text;
};

TEST(ConnectionHandshake, TuneOkMayNotExceedWhatWasOffered) {
  for (const TuneAnswer& answer : std::vector<TuneAnswer>{
           {2048, 131072, "channel_max = 2048 is higher than the maximum allowed value (2047)"},
           {0, 131072,
            "channel_max = 0 (no limit) is higher than the maximum allowed value (2047)"},
           {2047, 131073, "frame_max = 131073 is higher than the maximum allowed value (131072)"},
           {2047, 0, "frame_max = 0 is higher than the maximum allowed value (131072)"},
           {2047, 4095, "frame_max = 4095 is lower than the minimum allowed value (4096)"}}) {
    SessionClient client;
    client.log_in();
    client.received.clear();
    client.send(0, amqp::ConnectionTuneOk{answer.channel_max, answer.frame_max, 0});
    EXPECT_THAT(client.received, HasSubstr("NOT_ALLOWED - negotiated "s + answer.text));
    EXPECT_THAT(client.read(), HasSubstr("class_id=10 method_id=30"));
    EXPECT_EQ(client.session.state(), ConnectionState::kClosing);
  }
}

TEST(ConnectionHandshake, TuneOkMayTakeTheFloorAndAnyHeartbeat) {
  for (const std::uint16_t heartbeat : {0, 1, 60, 65535}) {
    SessionClient client;
    client.open(heartbeat, 4096, 1);
    EXPECT_EQ(client.session.state(), ConnectionState::kOpen);
  }
}

TEST(ConnectionHandshake, NoLimitIsFineWhereNoneWasOffered) {
  session::ConnectionLimits limits;
  limits.channel_max = 0;
  limits.frame_max = 0;
  SessionClient client(limits);
  client.open(0, 0, 0);
  client.send(65535, amqp::ChannelOpen{});
  EXPECT_THAT(client.broker().calls, ElementsAre("method 65535 channel.open"));
}

TEST(ConnectionHandshake, AMissingVirtualHostIs530) {
  SessionClient client;
  client.tune();
  client.received.clear();
  client.send(0, amqp::ConnectionOpen{"nowhere"});
  EXPECT_EQ(client.read(),
            "0 connection.close reply_code=530 reply_text='NOT_ALLOWED - vhost nowhere not found' "
            "class_id=10 method_id=40");
  client.send(0, amqp::ConnectionCloseOk{});
  EXPECT_TRUE(client.session.finished());
}

TEST(ConnectionHandshake, ALoginIs320WhileTheNodeRecovers) {
  SessionClient client;
  client.host.recovered = false;
  client.send_header();
  client.received.clear();
  client.send_start_ok();
  EXPECT_EQ(client.read(),
            "0 connection.close reply_code=320 "
            "reply_text='CONNECTION_FORCED - node is recovering, try again' class_id=10 "
            "method_id=11");
  client.send(0, amqp::ConnectionCloseOk{});
  EXPECT_TRUE(client.session.finished());
}

TEST(ConnectionHandshake, TheBrokerHalfMayRefuseToOpen) {
  SessionClient client;
  client.host.refuse_open = amqp::protocol_error(amqp::ReplyCode::kNotAllowed, "no access");
  client.tune();
  client.received.clear();
  client.send(method_bytes(0, amqp::ConnectionOpen{"/"}) + method_bytes(1, amqp::ChannelOpen{}));
  EXPECT_THAT(client.read_all(), ElementsAre(HasSubstr("NOT_ALLOWED - no access")));
  EXPECT_THAT(client.broker().calls, ElementsAre("open"));
  EXPECT_FALSE(client.session.opened());
  client.send(0, amqp::ConnectionCloseOk{});
  EXPECT_TRUE(client.session.finished());
}

TEST(ConnectionHandshake, AMethodOutOfOrderIs504InRabbitMqsWords) {
  const std::vector<std::pair<amqp::Method, const char*>> cases{
      {amqp::ConnectionTuneOk{}, "starting"}, {amqp::ConnectionSecureOk{}, "starting"},
      {amqp::ConnectionStart{}, "starting"},  {amqp::ConnectionCloseOk{}, "starting"},
      {amqp::ChannelOpen{}, "starting"},
  };
  for (const auto& [method, state] : cases) {
    SessionClient client;
    client.send_header();
    client.received.clear();
    client.send(0, method);
    EXPECT_THAT(client.received,
                HasSubstr("CHANNEL_ERROR - unexpected method in connection state "s + state));
  }
  SessionClient tuning;
  tuning.log_in();
  tuning.send(0, amqp::ConnectionOpen{"/"});
  EXPECT_THAT(tuning.received, HasSubstr("connection state tuning"));
  SessionClient opening;
  opening.tune();
  opening.send(0, amqp::ConnectionTuneOk{2047, 131072, 0});
  EXPECT_THAT(opening.received, HasSubstr("connection state opening"));
  SessionClient securing;
  securing.send_header();
  securing.send_start_ok("TWO-STEP", "ali");
  securing.send(0, amqp::ConnectionTuneOk{2047, 131072, 0});
  EXPECT_THAT(securing.received, HasSubstr("connection state securing"));
}

TEST(ConnectionHandshake, AnUnknownMethodIs503) {
  SessionClient client;
  client.send_header();
  client.received.clear();
  client.send(raw_frame(1, 0, "\0\x0A\0\x63"s));
  EXPECT_THAT(client.read(), StartsWith("0 connection.close reply_code=503"));
}

TEST(ConnectionHandshake, FramesOfOpenConnectionsAre505) {
  for (const std::string& frame : {method_bytes(1, amqp::ChannelOpen{}), header_bytes(0, 1),
                                   body_bytes(1, "x"), raw_frame(8, 1, "")}) {
    SessionClient client;
    client.send_header();
    client.received.clear();
    client.send(frame);
    EXPECT_THAT(client.read(), StartsWith("0 connection.close reply_code=505"));
  }
}

TEST(ConnectionHandshake, HeartbeatsAreToleratedAtAnyTime) {
  SessionClient client;
  client.send_header();
  client.send(raw_frame(8, 0, ""));
  client.send_start_ok();
  client.send(raw_frame(8, 0, ""));
  EXPECT_EQ(client.session.state(), ConnectionState::kAwaitTuneOk);
}

TEST(ConnectionHandshake, CloseIsAnsweredAtAnyTimeAfterStart) {
  SessionClient client;
  client.log_in();
  client.received.clear();
  client.send(0, amqp::ConnectionClose{200, "bye"});
  EXPECT_EQ(client.read(), "0 connection.close-ok");
  EXPECT_TRUE(client.session.finished());
}

TEST(ConnectionHandshake, EndsWithoutAWordWhenItTakesTooLong) {
  SessionClient client;
  client.log_in();
  client.sleep(9'999ms);
  EXPECT_FALSE(client.session.finished());
  client.sleep(1ms);
  EXPECT_TRUE(client.session.finished());
  EXPECT_EQ(client.session.end_reason(), "handshake timed out");
}

// The limit is for all of it: steps do not buy more time.
TEST(ConnectionHandshake, StepsDoNotExtendItsTime) {
  SessionClient client;
  client.sleep(4s);
  client.send_header();
  client.sleep(4s);
  client.send_start_ok();
  client.sleep(2s);
  EXPECT_TRUE(client.session.finished());
}

TEST(ConnectionHandshake, AnOpenConnectionIsNotTimedByIt) {
  SessionClient client;
  client.open();
  client.sleep(1h);
  EXPECT_FALSE(client.session.finished());
}

TEST(ConnectionHandshake, EndOfInputEndsItAtOnce) {
  SessionClient client;
  client.socket_full = true;
  client.send_header();
  client.session.handle_end_of_input(client.now());
  EXPECT_TRUE(client.session.finished());
  EXPECT_TRUE(client.session.output().empty());
}

TEST(ConnectionHandshake, AForcedCloseEndsItWithoutAWord) {
  SessionClient client;
  client.log_in();
  client.received.clear();
  client.session.force_close(amqp::ReplyCode::kConnectionForced, "shutdown", client.now());
  EXPECT_TRUE(client.session.finished());
  EXPECT_EQ(client.received, "");
}

}  // namespace
}  // namespace harrier::test

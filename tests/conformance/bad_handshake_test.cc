// Concern: everything that can go wrong before connection.open-ok.
// Plan:    a table of what is sent at once, and how the server must end it. RabbitMQ lets most of
// them
//          wait three seconds, so the connections of many cases are started together.
#include <algorithm>
#include <map>
#include <utility>

#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

using namespace std::string_literals;

enum class Outcome {
  kProtocolHeader,  // our own eight octets, then the end
  kRefused,         // connection.close with this code; RabbitMQ may end the socket without it
  kClosed,          // connection.close with this code and text from both
};

struct HandshakeCase {
  std::string name;
  std::string bytes;
  Outcome outcome = Outcome::kRefused;
  unsigned code = 0;
  std::string text = {};
};
void PrintTo(const HandshakeCase& handshake, std::ostream* out) { *out << handshake.name; }

const std::string& greeting() {
  static const std::string header(kProtocolHeader);
  return header;
}
std::string start_ok(std::string_view mechanism, std::string_view response) {
  return greeting() + method_frame(0, connection_start_ok({}, mechanism, response));
}
std::string login() { return start_ok("PLAIN", "\0guest\0guest"s); }
std::string tuned(unsigned channel_max = 2047, std::uint32_t frame_max = 131072) {
  return login() + method_frame(0, connection_tune_ok(channel_max, frame_max, 0));
}

std::vector<HandshakeCase> wrong_headers() {
  std::vector<HandshakeCase> cases;
  const std::vector<std::pair<std::string, std::string>> headers = {
      {"Http", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
      {"Tls", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s},
      {"LowerCase", "amqp\0\0\x09\x01"s},
      {"Version092", "AMQP\0\0\x09\x02"s},
      {"Version10", "AMQP\0\1\0\0"s},
      {"Version10Sasl", "AMQP\3\1\0\0"s},
      {"Version10Tls", "AMQP\2\1\0\0"s},
      {"Version2", "AMQP\1\1\2\0"s},
      {"Text", "AMQP0091"},
      {"Zeros", std::string(8, '\0')},
      {"Ones", std::string(8, '\xff')},
      {"Mqtt", "\x10\x0c\x00\x04MQTT\x04\x02"s},
      {"Stomp", "CONNECT\naccept-version:1.2\n\n\0"s}};
  for (const auto& [name, bytes] : headers) {
    cases.push_back({"Header" + name, bytes, Outcome::kProtocolHeader});
  }
  return cases;
}

std::vector<HandshakeCase> before_start_ok() {
  const std::string start_ok_arguments =
      connection_start_ok({}, "PLAIN", "\0guest\0guest"s).arguments;
  const auto method = [](unsigned channel, const Method& sent) {
    return greeting() + method_frame(channel, sent);
  };
  return {
      {"OpenFirst", method(0, connection_open("/")), Outcome::kRefused, 504},
      {"TuneOkFirst", method(0, connection_tune_ok(1, 4096, 0)), Outcome::kRefused, 504},
      {"SecureOkFirst", method(0, connection_secure_ok("x")), Outcome::kRefused, 504},
      {"UpdateSecretFirst", method(0, connection_update_secret("x", "y")), Outcome::kRefused, 504},
      {"CloseOkFirst", method(0, connection_close_ok()), Outcome::kRefused, 504},
      {"ChannelOpenFirst", method(1, channel_open()), Outcome::kRefused, 505},
      {"StartOkOnChannel1", method(1, connection_start_ok({}, "PLAIN", "\0guest\0guest"s)),
       Outcome::kRefused, 505},
      {"HeaderFirst", greeting() + header_frame(0, 1, {}), Outcome::kRefused, 505},
      {"BodyFirst", greeting() + body_frame(0, "x"), Outcome::kRefused, 505},
      {"BodyOnChannel1First", greeting() + body_frame(1, "x"), Outcome::kRefused, 505},
      {"HeartbeatOnChannel1", greeting() + heartbeat_frame(1), Outcome::kRefused, 505},
      {"UnknownFrameType", greeting() + frame_bytes(4, 0, ""), Outcome::kRefused, 501},
      {"HeaderTwice", greeting() + greeting(), Outcome::kRefused, 501},
      {"BadFrameEnd", greeting() + frame_bytes(8, 0, "", 0), Outcome::kRefused, 501},
      {"FrameOf100000Octets", greeting() + Writer().octet(1).u16(0).u32(100'000).str(),
       Outcome::kRefused, 501},
      {"FrameOfFourGigabytes", greeting() + Writer().octet(1).u16(0).u32(0xFFFFFFFF).str(),
       Outcome::kRefused, 501},
      {"MethodOfThreeOctets", greeting() + frame_bytes(1, 0, "\0\x0a\0"s), Outcome::kRefused, 501},
      {"StartOkCutShort",
       method(0, {kConnectionStartOk, start_ok_arguments.substr(0, start_ok_arguments.size() - 3)}),
       Outcome::kRefused, 501},
      {"StartOkTooLong", method(0, {kConnectionStartOk, start_ok_arguments + "x"}),
       Outcome::kRefused, 501},
      {"BadClientProperties",
       method(0,
              {kConnectionStartOk, Writer().longstr("\x01k?").raw(start_ok_arguments.substr(4))}),
       Outcome::kRefused, 502},
      {"UnknownMethod", method(0, {{99, 1}, ""}), Outcome::kRefused, 503},
  };
}

std::vector<HandshakeCase> logins() {
  return {
      {"UnknownMechanism", start_ok("X-SECRET", "x"), Outcome::kRefused, 503},
      {"EmptyMechanism", start_ok("", "x"), Outcome::kRefused, 503},
      {"LowerCaseMechanism", start_ok("plain", "\0guest\0guest"s), Outcome::kRefused, 503},
      {"PlainWithoutZeros", start_ok("PLAIN", "guestguest"), Outcome::kRefused, 502},
      {"PlainWithOneZero", start_ok("PLAIN", "\0guest"s), Outcome::kRefused, 502},
      {"PlainEmpty", start_ok("PLAIN", ""), Outcome::kRefused, 502},
      {"AmqplainNoTable", start_ok("AMQPLAIN", "\x05LOGIN"), Outcome::kRefused, 502},
      {"WrongPassword", start_ok("PLAIN", "\0guest\0wrong"s), Outcome::kRefused, 0},
      {"EmptyPassword", start_ok("PLAIN", "\0guest\0"s), Outcome::kRefused, 0},
  };
}

std::vector<HandshakeCase> after_login() {
  return {
      {"OpenWithoutTuneOk", login() + method_frame(0, connection_open("/")), Outcome::kRefused,
       504},
      {"StartOkTwice",
       login() + method_frame(0, connection_start_ok({}, "PLAIN", "\0guest\0guest"s)),
       Outcome::kRefused, 504},
      {"ChannelOpenBeforeTuneOk", login() + method_frame(1, channel_open()), Outcome::kRefused,
       505},
      {"FrameMax1", tuned(2047, 1), Outcome::kRefused, 530},
      {"FrameMax4095", tuned(2047, 4095), Outcome::kRefused, 530},
      {"FrameMaxAllOnes", tuned(2047, 0xFFFFFFFF), Outcome::kRefused, 530},
      {"ChannelMaxAllOnes", tuned(65535), Outcome::kRefused, 530},
      {"TuneOkTwice", tuned() + method_frame(0, connection_tune_ok(2047, 131072, 0)),
       Outcome::kClosed, 504, "CHANNEL_ERROR - unexpected method in connection state opening"},
      {"ChannelOpenBeforeOpen", tuned() + method_frame(1, channel_open()), Outcome::kClosed, 505,
       "UNEXPECTED_FRAME - "},
      {"EmptyVirtualHost", tuned() + method_frame(0, connection_open("")), Outcome::kClosed, 530,
       "NOT_ALLOWED - vhost  not found"},
      {"LongVirtualHost", tuned() + method_frame(0, connection_open(std::string(255, 'v'))),
       Outcome::kClosed, 530, "NOT_ALLOWED - vhost vvvvvv"},
      {"VirtualHostWithoutSlash", tuned() + method_frame(0, connection_open("none-such")),
       Outcome::kClosed, 530, "NOT_ALLOWED - vhost none-such not found"},
  };
}

const std::vector<HandshakeCase>& all_cases() {
  static const std::vector<HandshakeCase> cases = [] {
    std::vector<HandshakeCase> all;
    for (const auto& part : {wrong_headers(), before_start_ok(), logins(), after_login()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return cases;
}

class BadHandshake : public BrokerTest, public ::testing::WithParamInterface<HandshakeCase> {
 protected:
  // This case's connection, its bytes sent; started with those of the next ones.
  FrameClient take_started() {
    static std::map<std::string, FrameClient> started;
    if (!started.contains(GetParam().name)) {
      const auto& all = all_cases();
      auto next = std::find_if(all.begin(), all.end(), [](const HandshakeCase& one) {
        return one.name == GetParam().name;
      });
      for (int count = 0; count < 20 && next != all.end(); ++count, ++next) {
        FrameClient client = raw_client();
        client.send_raw(next->bytes);
        started.emplace(next->name, std::move(client));
      }
    }
    FrameClient client = std::move(started.at(GetParam().name));
    started.erase(GetParam().name);
    return client;
  }
  void expect_close(FrameClient& client) {
    std::optional<Frame> last;
    while (auto frame = client.next_frame(0)) {
      last = frame;
      if (frame->is(kConnectionClose)) break;
    }
    if (!last || !last->is(kConnectionClose)) {
      ASSERT_TRUE(client.at_end());
      // A refused login may end in silence, everything else deserves its code.
      EXPECT_TRUE(GetParam().code == 0 ||
                  (target_is_foreign() && GetParam().outcome == Outcome::kRefused));
      return;
    }
    Reader close = last->arguments();
    const unsigned code = close.u16();
    const std::string text = close.shortstr();
    EXPECT_EQ(code, GetParam().code) << text;
    EXPECT_THAT(text, ::testing::HasSubstr(GetParam().text));
  }
};

TEST_P(BadHandshake, IsEndedAsItMustBe) {
  FrameClient client = take_started();
  if (GetParam().outcome == Outcome::kProtocolHeader) {
    EXPECT_EQ(client.read_to_end(), kProtocolHeader);
  } else {
    expect_close(client);
  }
  expect_broker_serves();
}

INSTANTIATE_TEST_SUITE_P(Table, BadHandshake, ::testing::ValuesIn(all_cases()),
                         [](const auto& test) { return test.param.name; });

class Handshake : public BrokerTest {};

TEST_F(Handshake, MayEndAnywhere) {
  const std::string whole = tuned() + method_frame(0, connection_open("/"));
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    FrameClient client = raw_client();
    client.send_raw(whole.substr(0, size));
    client.reset();
  }
  expect_broker_serves();
}

TEST_F(Handshake, HeartbeatsInItAreFine) {
  FrameClient client = raw_client();
  client.send_header_and_read_start();
  client.send_raw(heartbeat_frame());
  client.send_start_ok({});
  client.read_tune();
  client.send_raw(heartbeat_frame());
  client.send(0, connection_tune_ok(2047, 131072, 0));
  client.send_raw(heartbeat_frame());
  client.call(0, connection_open("/"), kConnectionOpenOk);
}

TEST_F(Handshake, AnUnknownLocaleIsIgnored) {
  FrameClient client = raw_client();
  client.send_header_and_read_start();
  client.send(0, connection_start_ok({}, "PLAIN", "\0guest\0guest"s, "xx_XX"));
  client.read_tune();
}

}  // namespace
}  // namespace harrier::test

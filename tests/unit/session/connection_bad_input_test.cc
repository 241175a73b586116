// What a client may send wrongly on an open connection, and the reply code it gets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "support/session_client.h"

namespace harrier::test {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;
using namespace std::string_literals;

struct Mistake {
  const char* name;
  std::string bytes;
  int code;
  const char* detail;
  // Class and method that are blamed.
  amqp::MethodId method{};
};

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

// A method frame whose payload is only an id.
std::string bare_method(unsigned channel, std::uint16_t class_id, std::uint16_t method_id) {
  base::Buffer out;
  out.append_number(class_id);
  out.append_number(method_id);
  return raw_frame(1, channel, out.bytes());
}

const std::string kPublish = method_bytes(1, amqp::BasicPublish{0, "x", "k"});
constexpr amqp::MethodId kPublishId{60, 40};

std::vector<Mistake> frame_mistakes() {
  return {
      {"type 0", "\0"s, 501, "unknown frame type 0"},
      {"type 4", "\x04"s, 501, "unknown frame type 4"},
      {"type 9", raw_frame(9, 1, "x"), 501, "unknown frame type 9"},
      {"another protocol header", "AMQP\0\0\x09\x01"s, 501, "unknown frame type 65"},
      {"size of 4 GiB", "\x01\0\1\xFF\xFF\xFF\xFF"s, 501, "frame payload of 4294967295 bytes"},
      {"one byte over frame_max", "\x03\0\1\0\0\x20\x01"s, 501, "frame payload of 8193 bytes"},
      {"bad end octet", "\x08\0\0\0\0\0\0\xCD"s, 501, "frame end octet"},
      {"heartbeat with payload", raw_frame(8, 0, "x"), 501, "heartbeat frame with a payload"},
      {"heartbeat on a channel", raw_frame(8, 1, ""), 505, "heartbeat frame on channel 1"},
      {"heartbeat beyond channel_max", raw_frame(8, 50, ""), 505, "heartbeat frame on channel 50"},
      {"empty method frame", raw_frame(1, 1, ""), 501, "names no method"},
      {"half a method id", raw_frame(1, 1, "\0\x3C\0"s), 501, "names no method"},
      {"empty method frame on channel 0", raw_frame(1, 0, ""), 501, "names no method"},
      {"header on channel 0", header_bytes(0, 1), 505, "content frame on channel 0"},
      {"body on channel 0", body_bytes(0, "x"), 505, "content frame on channel 0"},
  };
}

std::vector<Mistake> method_mistakes() {
  const char* running = "unexpected method in connection state running";
  return {
      {"unknown class", bare_method(1, 7, 10), 503, "unknown method 10 of class 7", {7, 10}},
      {"unknown method", bare_method(1, 60, 99), 503, "unknown method 99 of class 60", {60, 99}},
      {"fields missing",
       bare_method(1, 50, 10),
       501,
       "cannot decode queue.declare: it ends inside",
       {50, 10}},
      {"bytes behind the fields",
       raw_frame(1, 1, "\0\x14\0\x29more"s),
       501,
       "bytes follow its fields",
       {20, 41}},
      {"publish too short", bare_method(1, 60, 40), 501,
       "cannot decode basic.publish: it ends inside", kPublishId},
      {"ack too short",
       bare_method(1, 60, 80),
       501,
       "cannot decode basic.ack: it ends inside",
       {60, 80}},
      {"server's method on a channel",
       method_bytes(1, amqp::QueueDeclareOk{"q"}),
       503,
       "unimplemented method",
       {50, 11}},
      {"basic.deliver from a client",
       method_bytes(1, amqp::BasicDeliver{}),
       503,
       "unimplemented method",
       {60, 60}},
      {"basic.return from a client",
       method_bytes(1, amqp::BasicReturn{}),
       503,
       "unimplemented method",
       {60, 50}},
      {"connection.close on a channel",
       method_bytes(1, amqp::ConnectionClose{}),
       503,
       "unimplemented method",
       {10, 50}},
      {"connection.open on a channel",
       method_bytes(1, amqp::ConnectionOpen{"/"}),
       503,
       "unimplemented method",
       {10, 40}},
      {"channel.open on channel 0", method_bytes(0, amqp::ChannelOpen{}), 504, running, {20, 10}},
      {"publish on channel 0", method_bytes(0, amqp::BasicPublish{}), 504, running, kPublishId},
      {"ack on channel 0", method_bytes(0, amqp::BasicAck{}), 504, running, {60, 80}},
      {"second start-ok", method_bytes(0, amqp::ConnectionStartOk{}), 504, running, {10, 11}},
      {"second tune-ok", method_bytes(0, amqp::ConnectionTuneOk{}), 504, running, {10, 31}},
      {"second open", method_bytes(0, amqp::ConnectionOpen{"/"}), 504, running, {10, 40}},
      {"secure-ok", method_bytes(0, amqp::ConnectionSecureOk{}), 504, running, {10, 21}},
      {"close-ok without close",
       method_bytes(0, amqp::ConnectionCloseOk{}),
       504,
       running,
       {10, 51}},
      {"connection.blocked", method_bytes(0, amqp::ConnectionBlocked{"r"}), 504, running, {10, 60}},
      {"one channel too many", method_bytes(11, amqp::ChannelOpen{}), 530,
       "number of channels opened (10) has reached the negotiated channel_max (10)"},
      {"method above channel_max", method_bytes(11, amqp::QueuePurge{0, "q"}), 504,
       "channel number 11"},
      {"publish above channel_max", publish_bytes(65535, "k", "x"), 504, "channel number 65535"},
      {"header above channel_max", header_bytes(11, 1), 504, "channel number 11"},
      {"body above channel_max", body_bytes(11, "x"), 504, "channel number 11"},
  };
}

std::vector<Mistake> content_mistakes() {
  const char* no_method = "expected method frame, got non method frame instead";
  const char* no_header = "expected content header for class 60, got non content header frame";
  const char* no_body = "expected content body, got non content body frame instead";
  const std::string header_only = header_payload(1);
  return {
      {"header without publish", header_bytes(1, 1), 505, no_method},
      {"body without publish", body_bytes(1, "x"), 505, no_method},
      {"empty body without publish", body_bytes(1, ""), 505, no_method},
      {"body frame after an empty body", publish_bytes(1, "k", "") + body_bytes(1, ""), 505,
       no_method},
      {"body instead of header", kPublish + body_bytes(1, "x"), 505, no_header, kPublishId},
      {"publish instead of header", kPublish + kPublish, 505, no_header, kPublishId},
      {"ack instead of header", kPublish + method_bytes(1, amqp::BasicAck{}), 505, no_header,
       kPublishId},
      {"method instead of body", kPublish + header_bytes(1, 1) + method_bytes(1, amqp::TxSelect{}),
       505, no_body, kPublishId},
      {"channel.close instead of body",
       kPublish + header_bytes(1, 1) + method_bytes(1, amqp::ChannelClose{}), 505, no_body,
       kPublishId},
      {"second header", kPublish + header_bytes(1, 1) + header_bytes(1, 1), 505, no_body,
       kPublishId},
      {"header of class 10", kPublish + raw_frame(2, 1, header_payload(1, {}, 10)), 505,
       "expected content header for class 60, got one for class 10 instead", kPublishId},
      {"body longer than declared", kPublish + header_bytes(1, 3) + body_bytes(1, "four"), 501,
       "content body of 4 bytes is longer than the 3 of its header", kPublishId},
      {"body longer in its second frame",
       kPublish + header_bytes(1, 3) + body_bytes(1, "ab") + body_bytes(1, "cd"), 501,
       "content body of 4 bytes is longer than the 3 of its header", kPublishId},
      {"header cut short", kPublish + raw_frame(2, 1, header_only.substr(0, 13)), 502, "too short",
       kPublishId},
      {"header with bytes behind it", kPublish + raw_frame(2, 1, header_only + "x"), 502,
       "behind its properties", kPublishId},
      {"header with undefined flags",
       kPublish + raw_frame(2, 1, header_only.substr(0, 12) + "\0\1"s), 502,
       "undefined property flags", kPublishId},
      {"properties missing", kPublish + raw_frame(2, 1, header_only.substr(0, 12) + "\x80\0"s), 502,
       "ends inside its properties", kPublishId},
      {"header table torn",
       kPublish + raw_frame(2, 1, header_only.substr(0, 12) + "\x20\0\0\0\0\2\1a"s), 502, "",
       kPublishId},
  };
}

class ConnectionBadInput : public ::testing::TestWithParam<Mistake> {};

TEST_P(ConnectionBadInput, ClosesTheConnectionWithItsCode) {
  const Mistake& mistake = GetParam();
  for (const std::size_t chunk : {std::string::npos, std::size_t{1}}) {
    SCOPED_TRACE(mistake.name);
    SessionClient client;
    client.open(0, 8192, 10);
    client.chunk = chunk;
    client.send(mistake.bytes);
    const auto calls = client.calls();
    ASSERT_FALSE(calls.empty());
    EXPECT_THAT(calls.back(), StartsWith("close error " + std::to_string(mistake.code)));
    EXPECT_THAT(calls.back(), HasSubstr(mistake.detail));
    EXPECT_THAT(calls.back(), HasSubstr(" " + std::to_string(mistake.method.class_id) + "." +
                                        std::to_string(mistake.method.method_id) + " connection"));
    EXPECT_THAT(client.read_all(),
                ::testing::ElementsAre(
                    StartsWith("0 connection.close reply_code=" + std::to_string(mistake.code))));
    EXPECT_EQ(client.session.assembly_bytes(), 0u);
    client.send(method_bytes(0, amqp::ConnectionCloseOk{}));
    EXPECT_TRUE(client.session.finished());
  }
}

INSTANTIATE_TEST_SUITE_P(Frames, ConnectionBadInput, ::testing::ValuesIn(frame_mistakes()));
INSTANTIATE_TEST_SUITE_P(Methods, ConnectionBadInput, ::testing::ValuesIn(method_mistakes()));
INSTANTIATE_TEST_SUITE_P(Contents, ConnectionBadInput, ::testing::ValuesIn(content_mistakes()));

// As RabbitMQ, a payload may ignore the eight bytes of overhead.
TEST(ConnectionLimit, APayloadOfFrameMaxPasses) {
  SessionClient client;
  client.open(0, 4096);
  client.send(kPublish + header_bytes(1, 4096) + body_bytes(1, std::string(4096, 'x')));
  EXPECT_THAT(client.calls(), SizeIs(1));
}

TEST(ConnectionLimit, UnfinishedContentsOfAllChannelsShareABudget) {
  session::ConnectionLimits limits;
  limits.max_message_size = 1'000;
  limits.assembly_bytes_max = 2'000;
  SessionClient client(limits);
  client.open();
  for (unsigned channel = 1; channel <= 3; ++channel) {
    EXPECT_EQ(client.read(), "");
    client.send(method_bytes(channel, amqp::BasicPublish{}) + header_bytes(channel, 1'000) +
                body_bytes(channel, std::string(900, 'x')));
  }
  EXPECT_THAT(client.read(), HasSubstr("506"));
  EXPECT_THAT(client.calls().back(),
              HasSubstr("unfinished contents of all channels exceed 2000 bytes"));
}

// Names and properties count too: 2047 channels with a header each are no small thing.
TEST(ConnectionLimit, HeadersWithoutBodiesCountAsWell) {
  session::ConnectionLimits limits;
  limits.max_message_size = 1'000;
  limits.assembly_bytes_max = 10'000;
  SessionClient client(limits);
  client.open();
  amqp::Properties properties;
  properties.flags = amqp::kMessageId;
  const std::string id(255, 'i');
  properties.message_id = id;
  for (unsigned channel = 1; channel <= 100; ++channel)
    client.send(method_bytes(channel, amqp::BasicPublish{}) + header_bytes(channel, 1, properties));
  EXPECT_THAT(client.read(), HasSubstr("506"));
}

TEST(ConnectionLimit, OneMessageOfTheLargestSizeAlwaysFits) {
  session::ConnectionLimits limits;
  limits.max_message_size = 100'000;
  limits.assembly_bytes_max = 0;
  SessionClient client(limits);
  client.open();
  client.send(publish_bytes(1, std::string(255, 'k'), std::string(100'000, 'x')));
  EXPECT_THAT(client.calls(), SizeIs(1));
}

TEST(ConnectionLimit, TablesAreBoundedAsConfigured) {
  session::ConnectionLimits limits;
  limits.table_limits.elements = 8;
  SessionClient client(limits);
  client.open();
  amqp::FieldTable arguments;
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h"})
    arguments.add_boolean(name, true);
  amqp::QueueDeclare declare{0, "q"};
  declare.arguments = arguments;
  client.send(1, declare);
  EXPECT_EQ(client.read(), "");
  arguments.add_boolean("i", true);
  declare.arguments = arguments;
  client.send(1, declare);
  EXPECT_THAT(client.read(), StartsWith("0 connection.close reply_code=502"));
}

// Random bytes end in an orderly way: the session neither crashes nor wants more for ever.
TEST(ConnectionLimit, NoiseIsRefused) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    base::SeededRandom random(seed);
    SessionClient client;
    client.open(0, 4096);
    client.chunk = 1 + random.below(40);
    std::string noise = publish_bytes(1, "key", "body") + method_bytes(1, amqp::QueuePurge{0, "q"});
    const std::size_t flips = 1 + random.below(4);
    for (std::size_t flip = 0; flip < flips; ++flip)
      noise[random.below(noise.size())] = static_cast<char>(random.next());
    client.send(noise);
    client.session.handle_end_of_input(client.now());
    EXPECT_TRUE(client.session.finished()) << "seed " << seed;
    EXPECT_EQ(client.session.assembly_bytes(), 0u);
  }
}

}  // namespace
}  // namespace harrier::test

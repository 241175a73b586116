// Concern: contents: headers and bodies at the wrong place, of the wrong size, of impossible
// properties. Plan:    a table of bytes; most close the connection, too large a message only its
// channel.
#include "conformance/bad_input.h"

namespace harrier::test {
namespace {

using namespace std::string_literals;

class BadBody : public BadInputTest {};
TEST_P(BadBody, ClosesWhatItMust) { run(); }

constexpr const char* kNoContentExpected =
    "UNEXPECTED_FRAME - expected method frame, got non method frame instead";
constexpr const char* kHeaderExpected =
    "UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead";
constexpr const char* kBodyExpected =
    "UNEXPECTED_FRAME - expected content body, got non content body frame instead";

BadInput unexpected(std::string name, std::string text, std::string bytes) {
  return {std::move(name), Scope::kConnection, 505, std::move(text), std::move(bytes)};
}

std::vector<BadInput> out_of_order() {
  const std::string get = method_frame(1, basic_get("q"));
  return {
      unexpected("HeaderWithoutPublish", kNoContentExpected, header_frame(1, 1, {})),
      unexpected("BodyWithoutPublish", kNoContentExpected, body_frame(1, "x")),
      unexpected("EmptyBodyWithoutPublish", kNoContentExpected, body_frame(1, "")),
      unexpected("BodyBeforeHeader", kHeaderExpected, publish_method() + body_frame(1, "x")),
      unexpected("MethodBeforeHeader", kHeaderExpected, publish_method() + get),
      unexpected("PublishBeforeHeader", kHeaderExpected, publish_method() + publish_method()),
      unexpected("MethodBeforeBody", kBodyExpected, publish_and_header(5) + get),
      unexpected("MethodInsideBody", kBodyExpected,
                 publish_and_header(5) + body_frame(1, "ab") + get),
      unexpected("SecondHeader", kBodyExpected, publish_and_header(5) + header_frame(1, 5, {})),
      unexpected("ChannelCloseInsideBody", kBodyExpected,
                 publish_and_header(5) + method_frame(1, channel_close())),
      unexpected("BodyAfterAnEmptyContent", kNoContentExpected,
                 publish_and_header(0) + body_frame(1, "x")),
      unexpected("EmptyBodyAfterAnEmptyContent", kNoContentExpected,
                 publish_and_header(0) + body_frame(1, "")),
      unexpected("BodyAfterTheLast", kNoContentExpected,
                 publish_and_header(1) + body_frame(1, "x") + body_frame(1, "y")),
      unexpected("HeaderOnChannel0", "UNEXPECTED_FRAME - ", header_frame(0, 1, {})),
      unexpected("BodyOnChannel0", "UNEXPECTED_FRAME - ", body_frame(0, "x")),
      unexpected("HeaderOnAnUnopenedChannel", "UNEXPECTED_FRAME - ", header_frame(9, 1, {})),
      unexpected("BodyOnAnUnopenedChannel", "UNEXPECTED_FRAME - ", body_frame(9, "x")),
      unexpected("ContentOfAnotherChannel", kNoContentExpected,
                 publish_method(1) + header_frame(2, 1, {})),
  };
}
INSTANTIATE_TEST_SUITE_P(Order, BadBody, ::testing::ValuesIn(out_of_order()), name_of);

std::vector<BadInput> bad_headers() {
  std::vector<BadInput> cases = {
      unexpected("ClassOfQueue",
                 "UNEXPECTED_FRAME - expected content header for class 60, got one for class 50 "
                 "instead",
                 publish_method() + header_frame(1, 1, {}, 50)),
      unexpected("ClassZero", "got one for class 0 instead",
                 publish_method() + header_frame(1, 1, {}, 0)),
      unexpected("Weight", "UNEXPECTED_FRAME - ",
                 publish_method() + raw_header_frame(1, 1, "\0\0"s, 60, 1)),
  };
  for (const std::size_t size : {0u, 1u, 4u, 11u}) {
    cases.push_back({"HeaderOf" + std::to_string(size) + "Octets", Scope::kConnection, 501,
                     "FRAME_ERROR - ",
                     publish_method() + frame_bytes(kHeaderFrame, 1, std::string(size, '\0'))});
  }
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Header, BadBody, ::testing::ValuesIn(bad_headers()), name_of);

// RabbitMQ calls these its own internal error, some it never looks at.
BadInput bad_properties(std::string name, const std::string& properties) {
  return {std::move(name),
          Scope::kConnection,
          502,
          "SYNTAX_ERROR - ",
          publish_method() + raw_header_frame(1, 1, properties) + body_frame(1, "x"),
          Rabbit::kDiffers};
}

std::vector<BadInput> properties_cases() {
  const auto flags = [](unsigned value) { return Writer().u16(value).str(); };
  return {
      bad_properties("NoFlags", ""),
      bad_properties("HalfOfTheFlags", "\0"s),
      bad_properties("ContinuationFlag", flags(1) + flags(0)),
      bad_properties("EndlessContinuation", flags(1) + flags(1) + flags(1) + flags(1)),
      bad_properties("ReservedFlag", flags(2)),
      bad_properties("OctetsBehindThem", flags(0) + "abc"),
      bad_properties("StringPastTheEnd", flags(0x8000) + "\x05" + "ab"),
      bad_properties("MissingString", flags(0x8000)),
      bad_properties("MissingPriority", flags(0x0800)),
      bad_properties("TruncatedTimestamp", flags(0x0040) + std::string(7, 'x')),
      bad_properties("TablePastTheEnd", flags(0x2000) + Writer().u32(100).str() + "x"),
      bad_properties("AllFlagsAndNothingElse", flags(0xFFFC)),
      bad_properties("UnknownTypeInHeaders", flags(0x2000) + table_of("?")),
      bad_properties("StringPastItsTable", flags(0x2000) + table_of("S\0\0\0\x63x"s)),
      bad_properties("TruncatedTableOfHeaders", flags(0x2000) + "\0\0"s),
  };
}
INSTANTIATE_TEST_SUITE_P(Properties, BadBody, ::testing::ValuesIn(properties_cases()), name_of);

// RabbitMQ 3.10 allows 128 MiB and looks at it late; ours refuses at the header and ignores the
// body.
BadInput too_large(std::string name, std::uint64_t size, const std::string& and_then = {}) {
  return {std::move(name),
          Scope::kChannel,
          406,
          "PRECONDITION_FAILED - message size " + std::to_string(size) +
              " is larger than configured max size 16777216",
          publish_and_header(size) + and_then,
          Rabbit::kDiffers,
          kBasicPublish};
}

std::vector<BadInput> sizes() {
  return {
      too_large("OneOctetTooLarge", 16'777'217),
      too_large("SixHundredMegabytes", 600'000'000),
      too_large("NegativeIfSigned", 0x8000000000000000u),
      too_large("AllOnes", 0xFFFFFFFFFFFFFFFFu),
      too_large("TooLargeAndItsBody", 16'777'217, body_frame(1, "part of it")),
      {"BodyLongerThanItsHeaderSays", Scope::kConnection, 501, "FRAME_ERROR - ",
       publish_and_header(2) + body_frame(1, "xyz"), Rabbit::kDiffers},
      {"SecondBodyFrameTooLong", Scope::kConnection, 501, "FRAME_ERROR - ",
       publish_and_header(3) + body_frame(1, "xy") + body_frame(1, "zzz"), Rabbit::kDiffers},
  };
}
INSTANTIATE_TEST_SUITE_P(Size, BadBody, ::testing::ValuesIn(sizes()), name_of);

class UnfinishedContent : public BrokerTest {};

// 100 channels that announce 16 MiB each and send nothing must not cost 1.6 GiB.
TEST_F(UnfinishedContent, AnnouncingMuchCostsNothing) {
  FrameClient client = connection();
  for (unsigned channel = 1; channel <= 100; ++channel) {
    client.open_channel(channel);
    client.send_raw(publish_and_header(16'000'000, channel));
  }
  client.open_channel(101);
  client.expect_quiet(101);
  expect_broker_serves();
}

TEST_F(UnfinishedContent, TheSocketMayEndInsideIt) {
  for (const std::string& bytes :
       {publish_method(), publish_and_header(100), publish_and_header(100) + body_frame(1, "ab"),
        publish_method().substr(0, 10)}) {
    FrameClient client = this->client();
    client.send_raw(bytes);
    client.half_close();
    EXPECT_FALSE(client.next_frame(1));
  }
  expect_broker_serves();
}

TEST_F(UnfinishedContent, HeartbeatsMayComeInsideIt) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.send_raw(method_frame(1, basic_publish("", q)) + heartbeat_frame() +
                  header_frame(1, 2, {}) + heartbeat_frame() + body_frame(1, "a") +
                  heartbeat_frame() + body_frame(1, "b"));
  EXPECT_EQ(client.must_get(1, q).body, "ab");
}

}  // namespace
}  // namespace harrier::test

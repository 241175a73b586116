#include "amqp/properties.h"

#include <string>

#include <gtest/gtest.h>

#include "unit/amqp/exact_bytes.h"
#include "unit/amqp/random_values.h"

namespace harrier::amqp {
namespace {

// Class basic, weight 0, a body of five bytes; flags and values follow.
constexpr std::string_view kPreamble = "003C 0000 0000000000000005 ";

std::string payload_of(std::string_view properties) {
  return from_hex(std::string(kPreamble).append(properties));
}

std::string all_properties() {
  return from_hex(
      "FFFC"
      "04'text' 04'gzip'"
      "00000004 01'h' 't' 01"
      "02 09 04'corr' 05'reply' 05'60000' 02'id'"
      "0000000065000000 04'type' 05'guest' 03'app' 07'cluster'");
}

void expect_refused(const std::string& payload, ReplyCode code) {
  const auto header = parse_content_header(ExactBytes(payload));
  ASSERT_FALSE(header.ok()) << testing::PrintToString(payload);
  EXPECT_EQ(header.error().code, code) << header.error().detail;
}

TEST(ContentHeader, WithoutProperties) {
  const std::string payload = payload_of("0000");
  const auto header = parse_content_header(payload);
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->class_id, 60);
  EXPECT_EQ(header->body_size, 5u);
  EXPECT_EQ(header->property_bytes, from_hex("0000"));
  EXPECT_EQ(header->properties.flags, 0);
  EXPECT_FALSE(header->properties.persistent());
}

TEST(ContentHeader, OnlyDeliveryMode) {
  const std::string payload = payload_of("1000 02");
  const auto header = parse_content_header(payload);
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->property_bytes, from_hex("1000 02"));
  EXPECT_TRUE(header->properties.persistent());
}

TEST(ContentHeader, TransientUnlessDeliveryModeIsTwo) {
  for (std::string_view properties : {"1000 00", "1000 01", "1000 03", "0800 02"}) {
    const std::string payload = payload_of(properties);
    const auto header = parse_content_header(payload);
    ASSERT_TRUE(header.ok());
    EXPECT_FALSE(header->properties.persistent()) << properties;
  }
}

TEST(ContentHeader, AllProperties) {
  const std::string payload = from_hex(kPreamble) + all_properties();
  const auto header = parse_content_header(payload);
  ASSERT_TRUE(header.ok()) << header.error().detail;
  EXPECT_EQ(header->property_bytes, all_properties());
  const Properties& properties = header->properties;
  EXPECT_EQ(properties.content_type, "text");
  EXPECT_EQ(properties.content_encoding, "gzip");
  EXPECT_TRUE(properties.headers.find("h")->boolean());
  EXPECT_EQ(properties.delivery_mode, 2);
  EXPECT_EQ(properties.priority, 9);
  EXPECT_EQ(properties.correlation_id, "corr");
  EXPECT_EQ(properties.reply_to, "reply");
  EXPECT_EQ(properties.expiration, "60000");
  EXPECT_EQ(properties.message_id, "id");
  EXPECT_EQ(properties.timestamp, 0x65000000u);
  EXPECT_EQ(properties.type, "type");
  EXPECT_EQ(properties.user_id, "guest");
  EXPECT_EQ(properties.app_id, "app");
  EXPECT_EQ(properties.cluster_id, "cluster");
}

// Without class, weight and size it is no header at all.
TEST(ContentHeader, EveryTruncationIsRefused) {
  const std::string payload = from_hex(kPreamble) + all_properties();
  for (std::size_t size = 0; size < payload.size(); ++size)
    expect_refused(payload.substr(0, size),
                   size < 12 ? ReplyCode::kFrameError : ReplyCode::kSyntaxError);
}

TEST(ContentHeader, BytesBehindThePropertiesAreASyntaxError) {
  expect_refused(payload_of("0000 00"), ReplyCode::kSyntaxError);
  expect_refused(payload_of("1000 02 02"), ReplyCode::kSyntaxError);
}

TEST(ContentHeader, UndefinedFlagsAreASyntaxError) {
  expect_refused(payload_of("0001"), ReplyCode::kSyntaxError);
  expect_refused(payload_of("0001 0000"), ReplyCode::kSyntaxError);
  expect_refused(payload_of("0002"), ReplyCode::kSyntaxError);
}

TEST(ContentHeader, AnotherClassIsAnUnexpectedFrame) {
  expect_refused(from_hex("000A 0000 0000000000000005 0000"), ReplyCode::kUnexpectedFrame);
  expect_refused(from_hex("0000 0000 0000000000000005 0000"), ReplyCode::kUnexpectedFrame);
}

TEST(ContentHeader, AWeightIsAnUnexpectedFrame) {
  expect_refused(from_hex("003C 0001 0000000000000005 0000"), ReplyCode::kUnexpectedFrame);
}

TEST(ContentHeader, MalformedHeadersAreASyntaxError) {
  expect_refused(payload_of("2000 00000003 01'a' '?'"), ReplyCode::kSyntaxError);
  expect_refused(payload_of("2000 00000003 01'a' 't' 01"), ReplyCode::kSyntaxError);
}

TEST(ContentHeader, TableLimitsAreTheCallers) {
  const std::string payload = payload_of("2000 00000004 00'V' 00'V'");
  EXPECT_TRUE(parse_content_header(payload).ok());
  EXPECT_FALSE(parse_content_header(payload, {.depth = 16, .elements = 1}).ok());
}

TEST(ContentHeader, BodySizeOfAnyWidthIsReported) {
  const std::string payload = from_hex("003C 0000 FFFFFFFFFFFFFFFF 0000");
  EXPECT_EQ(parse_content_header(payload)->body_size, ~std::uint64_t{0});
}

TEST(Properties, EmptyHeadersArePresentAndEmpty) {
  const std::string bytes = from_hex("2000 00000000");
  const Properties properties = parse_properties(bytes);
  EXPECT_TRUE(properties.has(kHeaders));
  EXPECT_TRUE(properties.headers.empty());
  EXPECT_EQ(encode_properties(properties), bytes);
}

TEST(Properties, EncodingIsTheInverseOfParsing) {
  EXPECT_EQ(encode_properties(parse_properties(all_properties())), all_properties());
  EXPECT_EQ(encode_properties(Properties{}), from_hex("0000"));
}

TEST(Properties, RandomPropertiesRoundTrip) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomValues values(seed);
    const std::string bytes = encode_properties(values.properties());
    const ExactBytes payload(from_hex(kPreamble) + bytes);
    const auto header = parse_content_header(payload);
    ASSERT_TRUE(header.ok()) << header.error().detail;
    EXPECT_EQ(header->property_bytes, bytes);
    EXPECT_EQ(encode_properties(header->properties), bytes);
  }
}

TEST(Properties, ShortStringOf255BytesFits) {
  const std::string text(255, 'x');
  Properties properties;
  properties.flags = kMessageId;
  properties.message_id = text;
  EXPECT_EQ(parse_properties(encode_properties(properties)).flags, kMessageId);
}

TEST(PropertiesDeathTest, ShortStringOf256BytesIsOurBug) {
  const std::string text(256, 'x');
  Properties properties;
  properties.flags = kMessageId;
  properties.message_id = text;
  EXPECT_DEATH((void)encode_properties(properties), "CHECK");
  EXPECT_DEATH((void)with_reply_to(from_hex("0000"), text), "CHECK");
}

TEST(PropertiesDeathTest, UnvalidatedBytesAreOurBug) {
  EXPECT_DEATH((void)parse_properties(from_hex("1000")), "CHECK");
  EXPECT_DEATH((void)with_headers(from_hex("1000"), {}), "CHECK");
}

TEST(WithHeaders, ReplacesOnlyTheHeaders) {
  FieldTable headers;
  headers.add_string("x", "yz");
  const std::string replaced = with_headers(all_properties(), headers);
  EXPECT_EQ(replaced, from_hex("FFFC"
                               "04'text' 04'gzip'"
                               "00000009 01'x' 'S' 00000002 'yz'"
                               "02 09 04'corr' 05'reply' 05'60000' 02'id'"
                               "0000000065000000 04'type' 05'guest' 03'app' 07'cluster'"));
}

TEST(WithHeaders, AddsHeadersWhereThereWereNone) {
  FieldTable headers;
  headers.add_boolean("x", true);
  EXPECT_EQ(with_headers(from_hex("9000 01'c' 02"), headers),
            from_hex("B000 01'c' 00000004 01'x' 't' 01 02"));
  EXPECT_EQ(with_headers(from_hex("0000"), headers), from_hex("2000 00000004 01'x' 't' 01"));
}

TEST(WithHeaders, EmptyTableRemovesThem) {
  EXPECT_EQ(with_headers(from_hex("3000 00000004 01'x' 't' 01 02"), {}), from_hex("1000 02"));
  EXPECT_EQ(with_headers(from_hex("2000 00000000"), {}), from_hex("0000"));
}

TEST(WithHeaders, DropsTheExpirationWhenAsked) {
  EXPECT_EQ(with_headers(from_hex("1100 02 03'500'"), {}, true), from_hex("1000 02"));
  EXPECT_EQ(with_headers(from_hex("1100 02 03'500'"), {}, false), from_hex("1100 02 03'500'"));
  EXPECT_EQ(with_headers(from_hex("1100 02 00"), {}, true), from_hex("1000 02"));
}

TEST(WithHeaders, EmptyStringsStayPresent) {
  EXPECT_EQ(with_headers(from_hex("8100 00 00"), {}), from_hex("8100 00 00"));
}

TEST(WithReplyTo, ReplacesOrAdds) {
  EXPECT_EQ(with_reply_to(from_hex("1300 02 03'old' 03'500'"), "new one"),
            from_hex("1300 02 07'new one' 03'500'"));
  EXPECT_EQ(with_reply_to(from_hex("0000"), "q"), from_hex("0200 01'q'"));
  EXPECT_EQ(with_reply_to(from_hex("0000"), ""), from_hex("0200 00"));
}

TEST(WithHeaders, AgreesWithReEncodingForRandomProperties) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomValues values(seed);
    Properties properties = values.properties();
    const ExactBytes bytes(encode_properties(properties));
    const TableView headers = values.table(3);
    const bool drop_expiration = values.random().below(2) == 1;
    const std::string reply_to(values.text(255));

    Properties with_other_reply = properties;
    with_other_reply.flags |= kReplyTo;
    with_other_reply.reply_to = reply_to;
    EXPECT_EQ(with_reply_to(bytes, reply_to), encode_properties(with_other_reply));

    properties.headers = headers;
    properties.flags |= kHeaders;
    if (headers.empty()) properties.flags &= static_cast<std::uint16_t>(~kHeaders);
    if (drop_expiration) properties.flags &= static_cast<std::uint16_t>(~kExpiration);
    EXPECT_EQ(with_headers(bytes, headers, drop_expiration), encode_properties(properties));
  }
}

}  // namespace
}  // namespace harrier::amqp

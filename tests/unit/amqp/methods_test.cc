#include "amqp/methods.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "amqp/method_name.h"
#include "unit/amqp/exact_bytes.h"
#include "unit/amqp/random_values.h"

namespace harrier::amqp {
namespace {

std::string encoded(const Method& method) {
  base::Buffer out;
  encode_method(out, method);
  return std::string(out.bytes());
}

template <class M>
M decoded(const std::string& payload) {
  const auto method = decode_method(payload);
  EXPECT_TRUE(method.ok()) << (method.ok() ? "" : method.error().detail);
  return method.ok() ? std::get<M>(*method) : M{};
}

void expect_refused(const std::string& payload, ReplyCode code) {
  const auto method = decode_method(ExactBytes(payload));
  ASSERT_FALSE(method.ok()) << testing::PrintToString(payload);
  EXPECT_EQ(method.error().code, code) << method.error().detail;
  EXPECT_EQ(method.error().scope, ErrorScope::kConnection);
}

TEST(Methods, QueueDeclareAsTheSpecificationLaysItOut) {
  const std::string payload = from_hex("0032 000A 0000 02'q1' 12 00000004 01'x' 't' 01");
  const auto declare = decoded<QueueDeclare>(payload);
  EXPECT_EQ(declare.queue, "q1");
  EXPECT_FALSE(declare.passive);
  EXPECT_TRUE(declare.durable);
  EXPECT_FALSE(declare.exclusive);
  EXPECT_FALSE(declare.auto_delete);
  EXPECT_TRUE(declare.no_wait);
  EXPECT_TRUE(declare.arguments.find("x")->boolean());
  EXPECT_EQ(encoded(declare), payload);
}

TEST(Methods, BasicPublishAsTheSpecificationLaysItOut) {
  const std::string payload = from_hex("003C 0028 0000 02'ex' 03'key' 01");
  const auto publish = decoded<BasicPublish>(payload);
  EXPECT_EQ(publish.exchange, "ex");
  EXPECT_EQ(publish.routing_key, "key");
  EXPECT_TRUE(publish.mandatory);
  EXPECT_FALSE(publish.immediate);
  EXPECT_EQ(encoded(publish), payload);
}

TEST(Methods, ConnectionTuneAsTheSpecificationLaysItOut) {
  ConnectionTune tune;
  tune.channel_max = 2047;
  tune.frame_max = 131072;
  tune.heartbeat = 60;
  EXPECT_EQ(encoded(tune), from_hex("000A 001E 07FF 00020000 003C"));
}

TEST(Methods, StartOkAsTheSpecificationLaysItOut) {
  const std::string payload =
      from_hex("000A 000B 00000004 01'x' 't' 01 05'PLAIN' 0000000C 00'guest' 00'guest' 05'en_US'");
  const auto start_ok = decoded<ConnectionStartOk>(payload);
  EXPECT_EQ(start_ok.mechanism, "PLAIN");
  EXPECT_EQ(start_ok.response.value, from_hex("00'guest' 00'guest'"));
  EXPECT_EQ(start_ok.locale, "en_US");
  EXPECT_EQ(encoded(start_ok), payload);
}

TEST(Methods, AckAndNackShareOctetsBetweenBits) {
  BasicAck ack;
  ack.delivery_tag = DeliveryTag(0x0102030405060708);
  ack.multiple = true;
  EXPECT_EQ(encoded(ack), from_hex("003C 0050 0102030405060708 01"));
  BasicNack nack;
  nack.delivery_tag = DeliveryTag(5);
  nack.requeue = true;
  EXPECT_EQ(encoded(nack), from_hex("003C 0078 0000000000000005 02"));
}

TEST(Methods, BitsBetweenOtherFieldsHaveTheirOwnOctet) {
  BasicDeliver deliver;
  deliver.consumer_tag = "c";
  deliver.delivery_tag = DeliveryTag(1);
  deliver.redelivered = true;
  deliver.exchange = "e";
  deliver.routing_key = "k";
  EXPECT_EQ(encoded(deliver), from_hex("003C 003C 01'c' 0000000000000001 01 01'e' 01'k'"));
}

TEST(Methods, UnusedBitsAreIgnored) {
  EXPECT_TRUE(decoded<ConfirmSelect>(from_hex("0055 000A FF")).no_wait);
  EXPECT_FALSE(decoded<ConfirmSelect>(from_hex("0055 000A FE")).no_wait);
}

TEST(Methods, UnbindOkOfExchangesHasRabbitMqsNumber) {
  EXPECT_EQ(encoded(ExchangeUnbindOk{}), from_hex("0028 0033"));
}

void expect_round_trip(const Method& method) {
  SCOPED_TRACE(std::string(traits_of(method).name));
  const std::string payload = encoded(method);
  EXPECT_EQ(payload.size(), encoded_size(method));
  const ExactBytes exact(payload);
  const auto again = decode_method(exact);
  ASSERT_TRUE(again.ok()) << again.error().detail;
  ASSERT_EQ(again->index(), method.index());
  EXPECT_EQ(encoded(*again), payload);
  EXPECT_EQ(describe(*again), describe(method));
}

TEST(Methods, EveryMethodRoundTripsRandomValues) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomValues values(seed);
    for_each_method(
        [&]<class M>(std::type_identity<M>) { expect_round_trip(as_method(values.method<M>())); });
  }
}

void expect_truncations_refused(const std::string& payload) {
  for (std::size_t size = 0; size < payload.size(); ++size)
    expect_refused(payload.substr(0, size), ReplyCode::kFrameError);
}

TEST(Methods, EveryTruncationOfEveryMethodIsASyntaxError) {
  constexpr std::uint64_t kSeed = 3;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  RandomValues values(kSeed);
  for_each_method([&]<class M>(std::type_identity<M>) {
    expect_truncations_refused(encoded(as_method(values.method<M>())));
  });
}

TEST(Methods, BytesBehindTheLastFieldAreASyntaxError) {
  for_each_method([]<class M>(std::type_identity<M>) {
    expect_refused(encoded(as_method(M{})) + '\0', ReplyCode::kFrameError);
  });
}

TEST(Methods, SyntaxErrorsNameTheMethod) {
  const auto method = decode_method(from_hex("003C 0050 00"));
  ASSERT_FALSE(method.ok());
  EXPECT_EQ(method.error().method, (MethodId{60, 80}));
  EXPECT_NE(method.error().detail.find("basic.ack"), std::string::npos);
}

TEST(Methods, MalformedTablesAreASyntaxError) {
  expect_refused(from_hex("0032 000A 0000 01'q' 00 00000003 01'x' '?'"), ReplyCode::kSyntaxError);
  const std::string two_fields = from_hex("0032 000A 0000 01'q' 00 00000004 00'V' 00'V'");
  EXPECT_TRUE(decode_method(two_fields).ok());
  EXPECT_FALSE(decode_method(two_fields, {.depth = 16, .elements = 1}).ok());
}

TEST(Methods, ATableMayNotReachIntoTheNextField) {
  // The table's length takes in the mechanism behind it.
  expect_refused(from_hex("000A 000B 0000000A 01'x' 't' 01 05'PLAIN' 00000000 00"),
                 ReplyCode::kSyntaxError);
}

TEST(Methods, UnknownIdsAreCommandInvalid) {
  expect_refused(from_hex("0000 0000"), ReplyCode::kCommandInvalid);
  expect_refused(from_hex("003C 0000"), ReplyCode::kCommandInvalid);
  expect_refused(from_hex("003C FFFF"), ReplyCode::kCommandInvalid);
  expect_refused(from_hex("FFFF FFFF"), ReplyCode::kCommandInvalid);
  expect_refused(from_hex("003D 0028"), ReplyCode::kCommandInvalid);
  expect_refused(from_hex("0050 000A"), ReplyCode::kCommandInvalid);
  expect_refused(from_hex("0028 0029"), ReplyCode::kCommandInvalid);
}

TEST(Methods, EveryIdIsInOneRowOrNone) {
  std::map<std::uint32_t, std::string_view> expected;
  for_each_method([&]<class M>(std::type_identity<M>) {
    EXPECT_TRUE(expected.emplace(M::kTraits.id.packed(), M::kTraits.name).second);
    EXPECT_EQ(traits_of(as_method(M{})).name, M::kTraits.name);
  });
  EXPECT_EQ(expected.size(), std::variant_size_v<Method>);
  std::size_t found = 0;
  for (std::uint16_t class_id = 0; class_id < 300; ++class_id) {
    for (std::uint16_t method_id = 0; method_id < 300; ++method_id) {
      const MethodId id{class_id, method_id};
      const MethodTraits* traits = find_traits(id);
      if (traits == nullptr) continue;
      ++found;
      EXPECT_EQ(traits->name, expected[id.packed()]);
    }
  }
  EXPECT_EQ(found, expected.size());
}

TEST(Methods, OnlyFourCarryContent) {
  std::set<std::string_view> names;
  for_each_method([&]<class M>(std::type_identity<M>) {
    if (M::kTraits.has_content) names.insert(M::kTraits.name);
  });
  EXPECT_EQ(names, (std::set<std::string_view>{"basic.deliver", "basic.get-ok", "basic.publish",
                                               "basic.return"}));
}

TEST(Methods, RepliesComeFromTheServerUnlessBothSidesAsk) {
  const std::set<std::string_view> both{
      "basic.cancel", "basic.cancel-ok", "channel.close",    "channel.close-ok",
      "channel.flow", "channel.flow-ok", "connection.close", "connection.close-ok",
      "basic.ack",    "basic.nack"};
  for_each_method([&]<class M>(std::type_identity<M>) {
    const bool is_both = M::kTraits.sender == Sender::kBoth;
    EXPECT_EQ(is_both, both.contains(M::kTraits.name)) << M::kTraits.name;
    if (is_both || M::kTraits.id.class_id == 10) return;
    const bool reply = M::kTraits.name.ends_with("-ok") || M::kTraits.name == "basic.get-empty";
    const bool pushed = M::kTraits.name == "basic.deliver" || M::kTraits.name == "basic.return";
    EXPECT_EQ(M::kTraits.from_client(), !reply && !pushed) << M::kTraits.name;
  });
}

TEST(Methods, OnlyTheConnectionClassTravelsOnChannelZero) {
  for_each_method([]<class M>(std::type_identity<M>) {
    EXPECT_EQ(M::kTraits.level == Level::kConnection, M::kTraits.id.class_id == 10)
        << M::kTraits.name;
    EXPECT_EQ(M::kTraits.name.starts_with("connection."), M::kTraits.id.class_id == 10);
  });
}

TEST(Methods, ShortStringOf255BytesFits) {
  const std::string text(255, 'x');
  const std::string payload = encoded(ConnectionBlocked{text});
  EXPECT_EQ(payload, from_hex("000A 003C FF") + text);
  EXPECT_EQ(decoded<ConnectionBlocked>(payload).reason, text);
}

TEST(MethodsDeathTest, ShortStringOf256BytesIsOurBug) {
  const std::string text(256, 'x');
  EXPECT_DEATH(encoded(ConnectionBlocked{text}), "CHECK");
}

TEST(Methods, EncodingAppends) {
  base::Buffer out;
  out.append("before");
  encode_method(out, TxSelectOk{});
  EXPECT_EQ(out.bytes(), "before" + from_hex("005A 000B"));
}

TEST(MethodName, IsFoundByNumbers) {
  EXPECT_EQ(method_name(QueueDeclare::kTraits.id), "queue.declare");
  EXPECT_EQ(method_name(BasicPublish::kTraits.id), "basic.publish");
  EXPECT_EQ(method_name(MethodId{1, 2}), "");
}

}  // namespace
}  // namespace harrier::amqp

#include "amqp/frame.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "unit/amqp/exact_bytes.h"
#include "unit/amqp/random_values.h"

namespace harrier::amqp {
namespace {

constexpr std::uint32_t kFrameMax = 131072;
constexpr ChannelNumber kChannel{0x0102};

void expect_frame_error(const std::string& bytes, std::uint32_t frame_max = kFrameMax) {
  const auto found = find_frame(ExactBytes(bytes), frame_max);
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, ReplyCode::kFrameError);
  EXPECT_EQ(found.error().scope, ErrorScope::kConnection);
}

std::string frame_bytes(FrameType type, const std::string& payload) {
  char header[7] = {static_cast<char>(type), 0x01, 0x02};
  base::store_big_endian(header + 3, static_cast<std::uint32_t>(payload.size()));
  return std::string(header, 7) + payload + '\xCE';
}

TEST(FindFrame, AWholeFrame) {
  const std::string bytes = from_hex("01 0102 00000003 'abc' CE 'next'");
  const auto found = find_frame(bytes, kFrameMax);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->consumed, 11u);
  EXPECT_EQ(found->frame.type, FrameType::kMethod);
  EXPECT_EQ(found->frame.channel, kChannel);
  EXPECT_EQ(found->frame.payload, "abc");
}

TEST(FindFrame, EveryPrefixWaitsForTheRest) {
  const std::string bytes = from_hex("03 0102 00000003 'abc' CE");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto found = find_frame(ExactBytes(bytes.substr(0, size)), kFrameMax);
    ASSERT_TRUE(found.ok()) << size;
    EXPECT_EQ(found->consumed, 0u) << size;
    EXPECT_EQ(found->wanted, size < 7 ? 7u : 11u) << size;
  }
}

TEST(FindFrame, EveryKnownType) {
  for (FrameType type :
       {FrameType::kMethod, FrameType::kHeader, FrameType::kBody, FrameType::kHeartbeat}) {
    const std::string bytes = frame_bytes(type, "");
    const auto found = find_frame(bytes, kFrameMax);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->frame.type, type);
    EXPECT_EQ(found->consumed, 8u);
  }
}

TEST(FindFrame, UnknownTypesAreRefusedOnTheirFirstOctet) {
  for (int octet = 0; octet < 256; ++octet) {
    if (octet == 1 || octet == 2 || octet == 3 || octet == 8) continue;
    expect_frame_error(std::string(1, static_cast<char>(octet)));
    expect_frame_error(frame_bytes(static_cast<FrameType>(octet), "abc"));
  }
}

TEST(FindFrame, PayloadOfFrameMaxIsAcceptedOneMoreIsRefused) {
  const std::string fits = frame_bytes(FrameType::kBody, std::string(4096, 'x'));
  const auto found = find_frame(fits, 4096);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->frame.payload.size(), 4096u);
  expect_frame_error(frame_bytes(FrameType::kBody, std::string(4097, 'x')), 4096);
}

TEST(FindFrame, OversizedPayloadIsRefusedBeforeItArrives) {
  expect_frame_error(from_hex("01 0000 00020001"));
  expect_frame_error(from_hex("01 0000 FFFFFFFF"));
}

TEST(FindFrame, FrameMaxOfZeroIsNoLimit) {
  const std::string header = from_hex("03 0000 FFFFFFFF");
  const auto found = find_frame(header, 0);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->wanted, 0xFFFFFFFFull + 8);
}

TEST(FindFrame, MissingEndOctetIsRefused) {
  expect_frame_error(from_hex("01 0102 00000003 'abc' CD"));
  expect_frame_error(from_hex("08 0000 00000000 00"));
}

TEST(AppendFrames, HeartbeatAsTheSpecificationLaysItOut) {
  base::Buffer out;
  append_heartbeat(out);
  EXPECT_EQ(out.bytes(), from_hex("08 0000 00000000 CE"));
  EXPECT_EQ(out.size(), kHeartbeatSize);
}

TEST(AppendFrames, MethodFrameAsTheSpecificationLaysItOut) {
  base::Buffer out;
  ConnectionTune tune;
  tune.channel_max = 2047;
  tune.frame_max = 131072;
  tune.heartbeat = 60;
  append_method_frame(out, ChannelNumber(0), tune);
  EXPECT_EQ(out.bytes(), from_hex("01 0000 0000000C 000A 001E 07FF 00020000 003C CE"));
  EXPECT_EQ(method_frame_size(tune), out.size());
}

TEST(AppendFrames, ContentAsTheSpecificationLaysItOut) {
  base::Buffer out;
  append_content_frames(out, kChannel, kFrameMax, from_hex("1000 02"), "hello");
  EXPECT_EQ(out.bytes(), from_hex("02 0102 0000000F 003C 0000 0000000000000005 1000 02 CE"
                                  "03 0102 00000005 'hello' CE"));
}

TEST(AppendFrames, EmptyBodyHasNoBodyFrame) {
  base::Buffer out;
  append_content_frames(out, kChannel, kFrameMax, from_hex("0000"), "");
  EXPECT_EQ(out.bytes(), from_hex("02 0102 0000000E 003C 0000 0000000000000000 0000 CE"));
  EXPECT_EQ(content_frames_size(kFrameMax, 2, 0), out.size());
}

TEST(AppendFrames, DeliverAsTheSpecificationLaysItOut) {
  base::Buffer out;
  append_deliver(out, kChannel, kFrameMax, {"ctag", DeliveryTag(7), true, "ex", "key"},
                 from_hex("0000"), "hi");
  EXPECT_EQ(out.bytes(), from_hex("01 0102 00000019"
                                  "003C 003C 04'ctag' 0000000000000007 01 02'ex' 03'key' CE"
                                  "02 0102 0000000E 003C 0000 0000000000000002 0000 CE"
                                  "03 0102 00000002 'hi' CE"));
}

// The payload sizes of the body frames in `bytes`, whose concatenated payloads must be `body`.
std::vector<std::size_t> body_frame_sizes(Bytes bytes, std::string_view body) {
  std::vector<std::size_t> sizes;
  std::string joined;
  while (!bytes.empty()) {
    const auto found = find_frame(bytes, 0);
    EXPECT_TRUE(found.ok());
    if (!found.ok() || found->consumed == 0) break;
    if (found->frame.type == FrameType::kBody) {
      sizes.push_back(found->frame.payload.size());
      joined.append(found->frame.payload);
    }
    bytes.remove_prefix(found->consumed);
  }
  EXPECT_EQ(joined, body);
  return sizes;
}

std::vector<std::size_t> split_sizes(std::uint32_t frame_max, std::size_t body_size) {
  std::string body(body_size, '\0');
  for (std::size_t at = 0; at < body.size(); ++at)
    body[at] = static_cast<char>(at * 7);
  base::Buffer out;
  append_content_frames(out, kChannel, frame_max, from_hex("0000"), body);
  EXPECT_EQ(content_frames_size(frame_max, 2, body_size), out.size());
  return body_frame_sizes(out.bytes(), body);
}

TEST(AppendFrames, BodiesAreSplitAtFrameMaxLessTheOverhead) {
  using Sizes = std::vector<std::size_t>;
  EXPECT_EQ(split_sizes(4096, 1), (Sizes{1}));
  EXPECT_EQ(split_sizes(4096, 4087), (Sizes{4087}));
  EXPECT_EQ(split_sizes(4096, 4088), (Sizes{4088}));
  EXPECT_EQ(split_sizes(4096, 4089), (Sizes{4088, 1}));
  EXPECT_EQ(split_sizes(4096, 8176), (Sizes{4088, 4088}));
  EXPECT_EQ(split_sizes(4096, 8177), (Sizes{4088, 4088, 1}));
  EXPECT_EQ(split_sizes(9, 3), (Sizes{1, 1, 1}));
}

TEST(AppendFrames, FrameMaxOfZeroDoesNotSplit) {
  EXPECT_EQ(split_sizes(0, 300'000), (std::vector<std::size_t>{300'000}));
  EXPECT_EQ(split_sizes(0, 0), (std::vector<std::size_t>{}));
}

TEST(AppendFramesDeathTest, FrameMaxWithoutRoomForABodyIsOurBug) {
  EXPECT_DEATH((void)content_frames_size(8, 2, 1), "CHECK");
}

TEST(AppendFrames, DeliverEqualsMethodFrameAndContentFrames) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomValues values(seed);
    const auto method = values.method<BasicDeliver>();
    const std::string properties = encode_properties(values.properties());
    const std::string body(values.text(20'000));
    const std::uint32_t frame_max = values.random().below(3) == 0 ? 0 : 4096;
    base::Buffer expected;
    append_method_frame(expected, kChannel, method);
    append_content_frames(expected, kChannel, frame_max, properties, body);
    base::Buffer out;
    out.append("before");
    const DeliverView view{method.consumer_tag, method.delivery_tag, method.redelivered,
                           method.exchange, method.routing_key};
    append_deliver(out, kChannel, frame_max, view, properties, body);
    EXPECT_EQ(out.bytes(), "before" + std::string(expected.bytes()));
    EXPECT_EQ(deliver_size(frame_max, view, properties.size(), body.size()), expected.size());
  }
}

// Takes the frame of a method of `traits` from the front of `rest`.
void expect_method_frame(Bytes& rest, const MethodTraits& traits) {
  const auto found = find_frame(rest, kFrameMax);
  ASSERT_TRUE(found.ok());
  ASSERT_NE(found->consumed, 0u);
  EXPECT_EQ(found->frame.channel, kChannel);
  const auto method = decode_method(found->frame.payload);
  ASSERT_TRUE(method.ok());
  EXPECT_EQ(traits_of(*method).id, traits.id);
  rest.remove_prefix(found->consumed);
}

TEST(AppendFrames, EveryMethodFrameIsFoundAgain) {
  constexpr std::uint64_t kSeed = 11;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  RandomValues values(kSeed);
  base::Buffer out;
  for_each_method([&]<class M>(std::type_identity<M>) {
    append_method_frame(out, kChannel, as_method(values.method<M>()));
  });
  Bytes rest = out.bytes();
  for_each_method([&]<class M>(std::type_identity<M>) { expect_method_frame(rest, M::kTraits); });
  EXPECT_TRUE(rest.empty());
}

}  // namespace
}  // namespace harrier::amqp

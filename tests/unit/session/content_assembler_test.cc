#include "session/content_assembler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "support/session_doubles.h"

namespace harrier::test {
namespace {

using session::AssemblyLimits;
using session::AssemblyStep;
using session::ContentAssembler;
using session::PublishView;

constexpr ChannelNumber kOne{1};
constexpr ChannelNumber kTwo{2};

class ContentAssemblerTest : public ::testing::Test {
 protected:
  AssemblyStep header(ChannelNumber channel, std::uint64_t size,
                      const amqp::Properties& properties = {}) {
    auto step = assembler.add_header(channel, header_payload(size, properties), view);
    EXPECT_TRUE(step.ok());
    return step.ok() ? *step : AssemblyStep::kMore;
  }
  AssemblyStep body(ChannelNumber channel, Bytes payload) {
    auto step = assembler.add_body(channel, payload, view);
    EXPECT_TRUE(step.ok());
    return step.ok() ? *step : AssemblyStep::kMore;
  }
  void begin(ChannelNumber channel, Bytes exchange = "x", Bytes key = "key") {
    EXPECT_TRUE(assembler.expect_method(channel).ok());
    EXPECT_TRUE(assembler.begin(channel, {0, exchange, key, true, false}).ok());
  }

  const AssemblyLimits limits{1'000, 3'000, {}};
  ContentAssembler assembler{limits};
  PublishView view;
};

TEST_F(ContentAssemblerTest, ABodyInOneFrameIsNotCopied) {
  begin(kOne);
  EXPECT_EQ(header(kOne, 4), AssemblyStep::kMore);
  const std::string payload = "body";
  EXPECT_EQ(body(kOne, payload), AssemblyStep::kComplete);
  EXPECT_EQ(view.body.data(), payload.data());
  EXPECT_EQ(view.exchange, "x");
  EXPECT_EQ(view.routing_key, "key");
  EXPECT_TRUE(view.mandatory);
  EXPECT_FALSE(view.immediate);
  EXPECT_TRUE(assembler.idle());
  EXPECT_EQ(assembler.held_bytes(), 0u);
}

TEST_F(ContentAssemblerTest, ABodyInPiecesIsPutTogether) {
  begin(kOne);
  amqp::Properties properties;
  properties.flags = amqp::kReplyTo | amqp::kDeliveryMode;
  properties.reply_to = "somewhere";
  properties.delivery_mode = 2;
  header(kOne, 9, properties);
  EXPECT_EQ(body(kOne, "abc"), AssemblyStep::kMore);
  EXPECT_EQ(body(kOne, ""), AssemblyStep::kMore);
  EXPECT_EQ(body(kOne, "def"), AssemblyStep::kMore);
  EXPECT_EQ(body(kOne, "ghi"), AssemblyStep::kComplete);
  EXPECT_EQ(view.body, "abcdefghi");
  EXPECT_EQ(view.property_bytes, amqp::encode_properties(properties));
  EXPECT_EQ(view.properties.reply_to, "somewhere");
  EXPECT_TRUE(view.properties.persistent());
  EXPECT_EQ(assembler.held_bytes(), 0u);
}

TEST_F(ContentAssemblerTest, AnEmptyBodyIsCompleteWithItsHeader) {
  begin(kOne);
  EXPECT_EQ(header(kOne, 0), AssemblyStep::kComplete);
  EXPECT_EQ(view.body, "");
}

TEST_F(ContentAssemblerTest, ChannelsDoNotMix) {
  begin(kOne, "x", "one");
  begin(kTwo, "x", "two");
  header(kTwo, 2);
  header(kOne, 2);
  body(kOne, "a");
  EXPECT_EQ(body(kTwo, "bb"), AssemblyStep::kComplete);
  EXPECT_EQ(view.routing_key, "two");
  EXPECT_EQ(body(kOne, "a"), AssemblyStep::kComplete);
  EXPECT_EQ(view.routing_key, "one");
  EXPECT_EQ(view.body, "aa");
}

TEST_F(ContentAssemblerTest, HoldsOnlyWhatHasArrived) {
  begin(kOne);
  header(kOne, 1'000);
  EXPECT_EQ(assembler.held_bytes(), 4u + 2u);
  body(kOne, "0123456789");
  EXPECT_EQ(assembler.held_bytes(), 4u + 2u + 10u);
  assembler.clear();
  EXPECT_EQ(assembler.held_bytes(), 0u);
  EXPECT_TRUE(assembler.idle());
}

TEST_F(ContentAssemblerTest, TheLargestSizePassesAndOneMoreIsRefused) {
  begin(kOne);
  EXPECT_EQ(header(kOne, 1'000), AssemblyStep::kMore);
  begin(kTwo);
  EXPECT_EQ(header(kTwo, 1'001), AssemblyStep::kTooLarge);
  const amqp::ProtocolError error = assembler.too_large();
  EXPECT_EQ(error.scope, amqp::ErrorScope::kChannel);
  EXPECT_EQ(error.reply_text(),
            "PRECONDITION_FAILED - message size 1001 is larger than configured max size 1000");
}

TEST_F(ContentAssemblerTest, ARefusedBodyIsDroppedToItsEnd) {
  begin(kOne);
  header(kOne, 1'001);
  EXPECT_EQ(body(kOne, std::string(1'000, 'x')), AssemblyStep::kMore);
  EXPECT_FALSE(assembler.idle());
  EXPECT_EQ(body(kOne, "x"), AssemblyStep::kMore);
  EXPECT_TRUE(assembler.idle());
  EXPECT_EQ(assembler.held_bytes(), 0u);
  EXPECT_FALSE(assembler.add_body(kOne, "x", view).ok());
}

TEST_F(ContentAssemblerTest, AMethodEndsADroppedBodyButNoOther) {
  begin(kOne);
  header(kOne, 1'001);
  EXPECT_TRUE(assembler.expect_method(kOne).ok());
  EXPECT_EQ(assembler.held_bytes(), 0u);
  begin(kOne);
  EXPECT_FALSE(assembler.expect_method(kOne).ok());
  EXPECT_TRUE(assembler.expect_method(kTwo).ok());
}

// ---- the short way

class WholePublish : public ::testing::Test {
 protected:
  // What the short way takes of `bytes`.
  std::size_t read(Bytes bytes, std::uint32_t frame_max = 4096) {
    return session::read_whole_publish(bytes, frame_max, limits, channel, view);
  }

  AssemblyLimits limits{1'000, 3'000, {}};
  ChannelNumber channel;
  PublishView view;
};

TEST_F(WholePublish, IsReadInPlace) {
  const std::string bytes = publish_bytes(1, "key", "body") + "rest";
  EXPECT_EQ(read(bytes), bytes.size() - 4);
  EXPECT_EQ(channel, kOne);
  EXPECT_EQ(view.routing_key, "key");
  EXPECT_EQ(view.body, "body");
  EXPECT_GE(view.body.data(), bytes.data());
  EXPECT_LT(view.body.data(), bytes.data() + bytes.size());
  const std::string empty = publish_bytes(1, "key", "");
  EXPECT_EQ(read(empty), empty.size());
  EXPECT_EQ(view.body, "");
}

TEST_F(WholePublish, AllMustHaveArrived) {
  const std::string bytes = publish_bytes(1, "key", "body");
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(read(Bytes(bytes).substr(0, size)), 0u) << size;
}

TEST_F(WholePublish, WhatIsUnusualTakesTheLongWay) {
  const std::string method = method_bytes(1, amqp::BasicPublish{0, "", "key"});
  const std::string header = header_bytes(1, 4);
  const std::string body = body_bytes(1, "body");
  EXPECT_NE(read(method + header + body), 0u);
  EXPECT_EQ(read(publish_bytes(1, "key", "body", 2)), 0u) << "two body frames";
  EXPECT_EQ(read(method_bytes(1, amqp::BasicAck{}) + header + body), 0u) << "another method";
  EXPECT_EQ(read(raw_frame(1, 1, "abc") + header + body), 0u) << "no method";
  EXPECT_EQ(read(method + header_bytes(2, 4) + body), 0u) << "another channel's header";
  EXPECT_EQ(read(method + header + body_bytes(2, "body")), 0u) << "another channel's body";
  EXPECT_EQ(read(method + method + header + body), 0u) << "no header";
  EXPECT_EQ(read(method + header + header), 0u) << "no body";
  EXPECT_EQ(read(method + header_bytes(1, 1'001) + body_bytes(1, std::string(1'001, 'x'))), 0u)
      << "too large a body";
  EXPECT_EQ(read(method + header + body, 3), 0u) << "too large a frame";
  EXPECT_EQ(read(method + header.substr(0, header.size() - 1) + "x" + body), 0u) << "no end octet";
  EXPECT_EQ(read(method + raw_frame(2, 1, "short") + body), 0u) << "header cut short";
  EXPECT_EQ(read(method + raw_frame(2, 1, header_payload(4, {}, 10)) + body), 0u)
      << "another class";
}

TEST_F(WholePublish, NothingOfTheOneBeforeIsLeft) {
  amqp::Properties properties;
  properties.flags = amqp::kReplyTo | amqp::kDeliveryMode;
  properties.reply_to = "somewhere";
  properties.delivery_mode = 2;
  const std::string method = method_bytes(1, amqp::BasicPublish{0, "x", "key", true});
  EXPECT_NE(read(method + header_bytes(1, 4, properties) + body_bytes(1, "body")), 0u);
  EXPECT_TRUE(view.properties.persistent());
  EXPECT_TRUE(view.mandatory);
  EXPECT_NE(read(publish_bytes(1, "other", "")), 0u);
  EXPECT_EQ(view.properties.reply_to, "");
  EXPECT_EQ(view.properties.flags, 0);
  EXPECT_FALSE(view.mandatory);
  EXPECT_EQ(view.exchange, "");
  EXPECT_EQ(view.body, "");
}

// Flipping any byte never makes the short way take what the long way refuses.
TEST_F(WholePublish, TakesOnlyWhatTheLongWayTakes) {
  const std::string good = publish_bytes(1, "key", "body");
  base::SeededRandom random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    bytes[random.below(bytes.size())] = static_cast<char>(random.next());
    const auto first = amqp::find_frame(bytes, 4096);
    if (!first.ok() || first->consumed == 0 || first->frame.payload.size() < 4) continue;
    if (first->frame.payload.substr(0, 4) != std::string_view("\0\x3C\0\x28", 4)) continue;
    const std::size_t taken = read(bytes);
    if (taken == 0) continue;
    const std::string short_body(view.body);
    ContentAssembler assembler(limits);
    const auto method = amqp::decode_method(first->frame.payload);
    ASSERT_TRUE(method.ok());
    ASSERT_EQ(channel, first->frame.channel);
    ASSERT_TRUE(assembler.begin(channel, std::get<amqp::BasicPublish>(*method)).ok());
    std::size_t at = first->consumed;
    while (at < taken) {
      const auto found = amqp::find_frame(Bytes(bytes).substr(at), 4096);
      ASSERT_TRUE(found.ok() && found->consumed != 0);
      const auto& frame = found->frame;
      ASSERT_EQ(frame.channel, channel);
      ASSERT_TRUE((frame.type == amqp::FrameType::kHeader
                       ? assembler.add_header(channel, frame.payload, view)
                       : assembler.add_body(channel, frame.payload, view))
                      .ok());
      at += found->consumed;
    }
    EXPECT_TRUE(assembler.idle());
    EXPECT_EQ(view.body, short_body);
  }
}

}  // namespace
}  // namespace harrier::test

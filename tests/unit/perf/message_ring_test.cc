#include "perf/message_ring.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "amqp/frame.h"
#include "amqp/properties.h"

namespace harrier::perf {
namespace {

struct Message {
  std::string exchange, key, body;
  std::string property_bytes;
};

// What a broker would read.
std::vector<Message> decode(std::string_view bytes) {
  std::vector<Message> messages;
  while (!bytes.empty()) {
    const auto found = amqp::find_frame(bytes, 131072);
    const amqp::Frame& frame = found->frame;
    if (frame.type == amqp::FrameType::kMethod) {
      const auto method = amqp::decode_method(frame.payload);
      const auto& publish = std::get<amqp::BasicPublish>(*method);
      messages.push_back({std::string(publish.exchange), std::string(publish.routing_key), {}, {}});
    } else if (frame.type == amqp::FrameType::kHeader) {
      messages.back().property_bytes = amqp::parse_content_header(frame.payload)->property_bytes;
    } else {
      messages.back().body += frame.payload;
    }
    bytes.remove_prefix(found->consumed);
  }
  return messages;
}

MessageShape shape_of(std::vector<std::string> keys) {
  MessageShape shape;
  for (std::string& key : keys)
    shape.routes.push_back({std::move(key), {}});
  return shape;
}

TEST(MessageRing, RoutesComeInTurn) {
  MessageRing ring(shape_of({"a", "bb", "ccc"}), 1);
  ASSERT_EQ(ring.messages(), 3u);
  EXPECT_FALSE(ring.is_uniform());
  const auto messages = decode(ring.frames(0, 3));
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[0].key, "a");
  EXPECT_EQ(messages[1].key, "bb");
  EXPECT_EQ(messages[2].key, "ccc");
  EXPECT_EQ(decode(ring.frames(1, 1))[0].key, "bb");
}

TEST(MessageRing, ARunIsABatchAtMost) {
  MessageRing ring(shape_of({"k"}), 4 * kBatchBytes);
  EXPECT_TRUE(ring.is_uniform());
  const std::size_t count = ring.run(0, ring.messages());
  EXPECT_LE(ring.frames(0, count).size(), kBatchBytes);
  EXPECT_GT(ring.frames(0, count + 1).size(), kBatchBytes);
  EXPECT_EQ(ring.run(ring.messages() - 2, 100), 2u);
  EXPECT_EQ(ring.run(0, 5), 5u);
}

TEST(MessageRing, ALargeMessageIsARunOfItsOwn) {
  MessageShape shape = shape_of({"k"});
  shape.body_bytes = 300'000;
  MessageRing ring(shape, kBatchBytes);
  EXPECT_EQ(ring.messages(), 1u);
  EXPECT_EQ(ring.run(0, 9), 1u);
  const auto messages = decode(ring.frames(0, 1));
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].body.size(), 300'000u);
  EXPECT_TRUE(matches_pattern(messages[0].body, 0));
}

TEST(MessageRing, StampsAndMarksAreInTheBody) {
  MessageShape shape = shape_of({"k"});
  shape.body_bytes = 30;
  MessageRing ring(shape, 1000);
  ring.stamp(1, 0x0102030405060708);
  write_mark(ring.body(1), {.producer = 3, .sequence = 99});
  const std::string body = decode(ring.frames(1, 1))[0].body;
  EXPECT_EQ(body.substr(0, 8), "\1\2\3\4\5\6\7\10");
  BodyMark mark;
  EXPECT_TRUE(read_mark(body, mark));
  EXPECT_EQ(mark.producer, 3);
  EXPECT_EQ(mark.sequence, 99u);
  EXPECT_TRUE(matches_pattern(std::string_view(body).substr(kCheckedBytes), kCheckedBytes));
  std::string damaged = body;
  damaged[9] ^= 1;
  EXPECT_FALSE(read_mark(damaged, mark));
}

TEST(MessageRing, APatternShiftedDoesNotFit) {
  std::string body(400, '\0');
  fill_pattern(body.data(), 0, body.size());
  EXPECT_TRUE(matches_pattern(std::string_view(body).substr(128), 128));
  EXPECT_FALSE(matches_pattern(std::string_view(body).substr(128), 0));
}

TEST(MessageRing, PropertiesAreThoseAskedFor) {
  MessageShape shape = shape_of({"k"});
  shape.persistent = true;
  shape.priorities = 3;
  shape.expiration = "5000";
  MessageRing ring(shape, 1);
  ASSERT_EQ(ring.messages(), 3u);
  const auto messages = decode(ring.frames(0, 3));
  for (unsigned i = 0; i < 3; ++i) {
    const amqp::Properties properties = amqp::parse_properties(messages[i].property_bytes);
    EXPECT_TRUE(properties.persistent());
    EXPECT_EQ(properties.priority, i);
    EXPECT_EQ(properties.expiration, "5000");
  }
}

TEST(BodyMark, SumsDifferWhenOneIsLostOrTwiceThere) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < 100; ++i)
    sum += BodyMark{1, i}.mixed();
  const std::uint64_t swapped = sum - BodyMark{1, 5}.mixed() + BodyMark{1, 6}.mixed();
  EXPECT_NE(swapped, sum);
  EXPECT_NE((BodyMark{1, 5}.mixed()), (BodyMark{2, 5}.mixed()));
}

}  // namespace
}  // namespace harrier::perf

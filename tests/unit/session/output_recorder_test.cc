#include "session/output_recorder.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "support/session_client.h"
#include "support/session_doubles.h"

namespace harrier::test {
namespace {

using session::OutputBatch;
using session::OutputRecorder;
using ::testing::ElementsAre;

broker::MessageRef make_message(Bytes body, Bytes key = "key") {
  broker::MessageParts parts;
  parts.exchange = "exchange";
  parts.routing_key = key;
  parts.property_bytes = Bytes("\0\0", 2);
  parts.body = body;
  return broker::Message::create(parts);
}

// Makes one random call, of any kind but released.
void call_at_random(base::SeededRandom& random, const std::vector<broker::MessageRef>& from,
                    std::initializer_list<session::SessionOutput*> all) {
  const ChannelNumber channel(static_cast<std::uint16_t>(1 + random.below(9)));
  const DeliveryTag tag(random.next());
  const broker::Message& message = *from[random.below(from.size())];
  const bool changed = random.below(3) == 0;
  amqp::Properties properties;
  properties.flags = amqp::kReplyTo;
  properties.reply_to = "changed";
  const std::string other_properties = amqp::encode_properties(properties);
  const Bytes property_bytes = changed ? Bytes(other_properties) : message.property_bytes();
  const amqp::DeliverView deliver{"a tag", tag, random.below(2) == 1,
                                  random.below(2) == 1 ? message.exchange() : "other",
                                  random.below(2) == 1 ? message.routing_key() : "another"};
  const std::uint64_t kind = random.below(6);
  for (session::SessionOutput* output : all) {
    switch (kind) {
      case 0: output->method(channel, amqp::QueueDeclareOk{"q", 1, 2}); break;
      case 1: output->method(channel, amqp::BasicAck{tag, true}); break;
      case 2:
        output->content(channel, amqp::BasicGetOk{tag, false, "x", "k", 5}, message,
                        property_bytes);
        break;
      case 3:
        output->content(channel, amqp::BasicReturn{312, "NO_ROUTE", "x", "k"}, message,
                        property_bytes);
        break;
      default: output->deliver(channel, deliver, message, property_bytes);
    }
  }
}

std::vector<broker::MessageRef> some_messages() {
  return {make_message("small"), make_message(""), make_message(std::string(10'000, 'm'), "")};
}

TEST(OutputRecorder, ReplaysEveryCallAsItWasMade) {
  base::SeededRandom random(12);
  const auto messages = some_messages();
  FakeBatchSource<OutputBatch> source;
  std::map<std::uint64_t, RecordingOutput> direct;
  std::map<std::uint64_t, RecordingOutput> replayed;
  std::map<std::uint64_t, std::unique_ptr<OutputRecorder>> recorders;
  for (std::uint64_t id = 1; id <= 3; ++id)
    recorders[id] = std::make_unique<OutputRecorder>(broker::ConnectionId(id), source);
  for (int round = 0; round < 30; ++round) {
    for (int call = 0; call < 50; ++call) {
      const std::uint64_t id = 1 + random.below(3);
      call_at_random(random, messages, {&direct[id], recorders[id].get()});
    }
    session::replay(source.current, [&](broker::ConnectionId id) { return &replayed[id.value]; });
    source.current.clear();
  }
  for (std::uint64_t id = 1; id <= 3; ++id)
    EXPECT_EQ(direct[id].calls, replayed[id].calls);
  for (const auto& message : messages)
    EXPECT_EQ(message->reference_count(), 1u);
}

// What the client reads is the same to the byte.
TEST(OutputRecorder, GivesAConnectionTheSameBytes) {
  base::SeededRandom random(13);
  const auto messages = some_messages();
  FakeBatchSource<OutputBatch> source;
  SessionClient direct;
  SessionClient recorded;
  direct.open(0, 4096);
  recorded.open(0, 4096);
  OutputRecorder recorder(broker::ConnectionId(7), source);
  for (int call = 0; call < 500; ++call) {
    call_at_random(random, messages, {&direct.session, &recorder});
    if (random.below(20) != 0) continue;
    session::replay(source.current, [&](broker::ConnectionId) { return &recorded.session; });
    source.current.clear();
  }
  session::replay(source.current, [&](broker::ConnectionId) { return &recorded.session; });
  direct.flush();
  recorded.flush();
  EXPECT_EQ(direct.received.size(), recorded.received.size());
  EXPECT_TRUE(direct.received == recorded.received);
}

TEST(OutputRecorder, KeepsMessagesAliveUntilCleared) {
  FakeBatchSource<OutputBatch> source;
  OutputRecorder recorder(broker::ConnectionId(1), source);
  auto message = make_message("body");
  const amqp::DeliverView view{"tag", DeliveryTag(1), false, message->exchange(),
                               message->routing_key()};
  recorder.deliver(ChannelNumber(1), view, *message, message->property_bytes());
  recorder.deliver(ChannelNumber(1), view, *message, message->property_bytes());
  EXPECT_EQ(message->reference_count(), 3u);
  EXPECT_GE(source.current.bytes(), 2 * message->footprint());
  const broker::MessageRef last = std::exchange(message, {});
  RecordingOutput output;
  session::replay(source.current, [&](broker::ConnectionId) { return &output; });
  EXPECT_EQ(last->reference_count(), 3u) << "replay never touches the count";
  EXPECT_EQ(output.calls.size(), 2u);
  source.current.clear();
  EXPECT_EQ(last->reference_count(), 1u);
  EXPECT_EQ(source.current.bytes(), 0u);
  EXPECT_TRUE(source.current.empty());
}

TEST(OutputRecorder, ADeliveryOfAnUntouchedMessageStoresNoneOfIt) {
  FakeBatchSource<OutputBatch> source;
  OutputRecorder recorder(broker::ConnectionId(1), source);
  const auto message = make_message(std::string(1'000, 'm'), std::string(200, 'k'));
  const amqp::DeliverView view{"tag", DeliveryTag(1), false, message->exchange(),
                               message->routing_key()};
  recorder.deliver(ChannelNumber(1), view, *message, message->property_bytes());
  EXPECT_LT(source.current.bytes() - message->footprint(), 50u);
}

// A skipped entry must not shift the messages of those behind it.
TEST(OutputRecorder, CallsForAConnectionThatIsNoMoreAreSkipped) {
  FakeBatchSource<OutputBatch> source;
  OutputRecorder gone(broker::ConnectionId(1), source);
  OutputRecorder alive(broker::ConnectionId(2), source);
  const auto first = make_message("first");
  const auto second = make_message("second");
  const amqp::DeliverView view{"t", DeliveryTag(1), false, "x", "k"};
  gone.deliver(ChannelNumber(1), view, *first, "p");
  gone.content(ChannelNumber(1), amqp::BasicGetOk{}, *first, "p");
  gone.released();
  alive.deliver(ChannelNumber(1), view, *second, "p");
  alive.released();
  RecordingOutput output;
  session::replay(source.current, [&](broker::ConnectionId id) -> session::SessionOutput* {
    return id.value == 2 ? &output : nullptr;
  });
  EXPECT_THAT(output.calls, ElementsAre("deliver 1 1|t|x|k|p|second", "released"));
}

}  // namespace
}  // namespace harrier::test

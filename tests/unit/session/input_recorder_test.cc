#include "session/input_recorder.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "support/session_doubles.h"

namespace harrier::test {
namespace {

using session::InputBatch;
using session::InputRecorder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string random_text(base::SeededRandom& random, std::size_t bound) {
  std::string text(random.below(bound), ' ');
  for (char& c : text)
    c = static_cast<char>(random.next());
  return text;
}

// Makes one random call, of any kind but close.
void call_at_random(base::SeededRandom& random, std::initializer_list<session::SessionInput*> all) {
  const ChannelNumber channel(static_cast<std::uint16_t>(random.next()));
  const std::uint64_t number = random.next();
  const std::string text = random_text(random, 200);
  const std::string long_text = random_text(random, 5'000);
  amqp::FieldTable table;
  table.add_string("x-name", long_text).add_long("x-number", static_cast<std::int64_t>(number));
  amqp::Properties properties;
  properties.flags = amqp::kContentType | amqp::kHeaders;
  properties.content_type = text;
  properties.headers = table;
  const std::string property_bytes = amqp::encode_properties(properties);
  session::PublishView publish{text,           text,       (number & 1) != 0, (number & 2) != 0,
                               property_bytes, properties, long_text};
  amqp::QueueDeclare declare{0, text};
  declare.arguments = table;
  const std::uint64_t kind = random.below(8);
  for (session::SessionInput* input : all) {
    switch (kind) {
      case 0: input->open(); break;
      case 1: input->method(channel, declare); break;
      case 2: input->method(ChannelNumber(0), amqp::ConnectionUpdateSecret{{text}, ""}); break;
      case 3: input->publish(channel, publish); break;
      case 4: input->ack(channel, DeliveryTag(number), (number & 1) != 0); break;
      case 5: {
        broker::Actor actor{text, {long_text}, "AMQP 0-9-1", text, nullptr};
        if ((number & 1) != 0)
          actor.grant = std::make_shared<broker::TokenGrant>(
              std::vector<std::string>{"read:*/" + std::to_string(number), "write:a/b/c"});
        input->renew(actor);
        break;
      }
      case 6:
        input->channel_error(channel, amqp::protocol_error(amqp::ReplyCode::kPreconditionFailed,
                                                           long_text, {60, 40}));
        break;
      default: input->written(number);
    }
  }
}

TEST(InputRecorder, ReplaysEveryCallAsItWasMade) {
  base::SeededRandom random(11);
  FakeBatchSource<InputBatch> source;
  std::map<std::uint64_t, RecordingInput> direct;
  std::map<std::uint64_t, RecordingInput> replayed;
  std::map<std::uint64_t, std::unique_ptr<InputRecorder>> recorders;
  for (std::uint64_t id = 1; id <= 3; ++id)
    recorders[id] = std::make_unique<InputRecorder>(broker::ConnectionId(id), source);
  for (int round = 0; round < 30; ++round) {
    for (int call = 0; call < 50; ++call) {
      const std::uint64_t id = 1 + random.below(3);
      call_at_random(random, {&direct[id], recorders[id].get()});
    }
    session::replay(
        source.current, [&](broker::ConnectionId id) { return &replayed[id.value]; },
        [](const session::ConnectionParameters&) { FAIL(); });
    source.current.clear();
  }
  for (std::uint64_t id = 1; id <= 3; ++id) {
    for (auto reason : {session::CloseReason::kClientClose, session::CloseReason::kProtocolError,
                        session::CloseReason::kForced, session::CloseReason::kPeerGone}) {
      const session::CloseCause cause{
          reason, amqp::protocol_error(amqp::ReplyCode::kFrameError, "broken", {1, 2})};
      direct[id].closed = replayed[id].closed = false;
      direct[id].close(cause);
      recorders[id]->close(cause);
      session::replay(
          source.current, [&](broker::ConnectionId) { return &replayed[id]; },
          [](const session::ConnectionParameters&) {});
      source.current.clear();
    }
    EXPECT_EQ(direct[id].calls, replayed[id].calls);
  }
}

TEST(InputRecorder, AttachCarriesTheParameters) {
  FakeBatchSource<InputBatch> source;
  session::ConnectionParameters parameters;
  parameters.id = broker::ConnectionId(99);
  parameters.virtual_host = "/";
  parameters.actor = {"ali", {"administrator", "thief"}, "AMQP 0-9-1", "10.0.0.1:4711", {}};
  parameters.actor.grant = std::make_shared<broker::TokenGrant>(
      std::vector<std::string>{"read:%2F/a*", "nothing", "write:%2F/b/c"});
  parameters.channel_max = 12;
  parameters.frame_max = 4096;
  parameters.connection_blocked = true;
  InputRecorder recorder(parameters.id, source);
  recorder.attach(parameters);
  recorder.open();

  std::vector<std::string> attached;
  std::unique_ptr<RecordingInput> made;
  session::replay(
      source.current, [&](broker::ConnectionId) { return made.get(); },
      [&](const session::ConnectionParameters& given) {
        attached.push_back(line_of(given));
        made = std::make_unique<RecordingInput>();
      });
  EXPECT_THAT(attached, ElementsAre(line_of(parameters)));
  EXPECT_THAT(attached[0], ::testing::EndsWith(" @read:%2F/a* @write:%2F/b/c blocked"));
  EXPECT_THAT(made->calls, ElementsAre("open"));
}

TEST(InputRecorder, CallsOfAConnectionThatIsNoMoreAreSkipped) {
  FakeBatchSource<InputBatch> source;
  InputRecorder gone(broker::ConnectionId(1), source);
  InputRecorder alive(broker::ConnectionId(2), source);
  gone.method(ChannelNumber(1), amqp::QueuePurge{0, "q"});
  alive.ack(ChannelNumber(1), DeliveryTag(1), false);
  gone.written(5);
  RecordingInput input;
  session::replay(
      source.current, [&](broker::ConnectionId id) { return id.value == 2 ? &input : nullptr; },
      [](const session::ConnectionParameters&) {});
  EXPECT_THAT(input.calls, ElementsAre("ack 1 1"));
}

// The sum that was charged is the sum that comes back.
TEST(InputRecorder, SizesAddUp) {
  base::SeededRandom random(3);
  FakeBatchSource<InputBatch> source;
  InputRecorder one(broker::ConnectionId(1), source);
  InputRecorder two(broker::ConnectionId(2), source);
  for (int call = 0; call < 100; ++call)
    call_at_random(random, {call % 3 == 0 ? &one : &two});
  std::map<std::uint64_t, std::size_t> sizes;
  source.current.each_entry(
      [&](broker::ConnectionId id, std::size_t size) { sizes[id.value] += size; });
  EXPECT_EQ(sizes[1] + sizes[2], source.current.bytes());
  EXPECT_EQ(sizes[1], one.take_recorded_bytes());
  EXPECT_EQ(sizes[2], two.take_recorded_bytes());
  EXPECT_EQ(one.take_recorded_bytes(), 0u);
}

TEST(InputRecorder, AnEmptyBatchReplaysNothing) {
  InputBatch batch;
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(batch.bytes(), 0u);
  session::replay(
      batch, [](broker::ConnectionId) -> session::SessionInput* { return nullptr; },
      [](const session::ConnectionParameters&) { FAIL(); });
}

TEST(InputRecorder, ALargeBodySurvives) {
  FakeBatchSource<InputBatch> source;
  InputRecorder recorder(broker::ConnectionId(1), source);
  const std::string body(20 << 20, 'b');
  session::PublishView publish;
  publish.property_bytes = Bytes("\0\0", 2);
  publish.body = body;
  recorder.publish(ChannelNumber(1), publish);
  EXPECT_GE(source.current.bytes(), body.size());
  RecordingInput input;
  session::replay(
      source.current, [&](broker::ConnectionId) { return &input; },
      [](const session::ConnectionParameters&) {});
  EXPECT_EQ(input.calls.at(0).size(), std::string("publish 1 |||??|||").size() + body.size());
}

}  // namespace
}  // namespace harrier::test

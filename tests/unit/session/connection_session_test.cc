#include "session/connection_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "support/session_client.h"

namespace harrier::test {
namespace {

using session::ConnectionState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using namespace std::chrono_literals;
using namespace std::string_literals;

broker::MessageRef make_message(Bytes body, Bytes properties = {"\0\0", 2}) {
  broker::MessageParts parts;
  parts.exchange = "x";
  parts.routing_key = "key";
  parts.property_bytes = properties;
  parts.body = body;
  return broker::Message::create(parts);
}

void deliver(SessionClient& client, const broker::Message& message, std::uint64_t tag = 1) {
  const amqp::DeliverView view{"ctag", DeliveryTag(tag), false, message.exchange(),
                               message.routing_key()};
  client.session.deliver(ChannelNumber(1), view, message, message.property_bytes());
}

// ---- methods

TEST(ConnectionSession, PassesChannelMethodsOn) {
  SessionClient client;
  client.open();
  client.send(method_bytes(1, amqp::ChannelOpen{}) +
              method_bytes(1, amqp::QueueDeclare{0, "q", false, true}) +
              method_bytes(2047, amqp::BasicQos{0, 10}));
  EXPECT_THAT(client.calls(),
              ElementsAre("method 1 channel.open", StartsWith("method 1 queue.declare queue='q'"),
                          StartsWith("method 2047 basic.qos")));
}

TEST(ConnectionSession, AcksTakeTheShortWay) {
  SessionClient client;
  client.open();
  client.send(method_bytes(3, amqp::BasicAck{DeliveryTag(1ull << 40), true}) +
              method_bytes(3, amqp::BasicAck{DeliveryTag(2), false}));
  EXPECT_THAT(client.calls(), ElementsAre("ack 3 1099511627776 multiple", "ack 3 2"));
}

TEST(ConnectionSession, AnAckOfTheWrongSizeIs501) {
  SessionClient client;
  client.open();
  const std::string ack = method_bytes(3, amqp::BasicAck{DeliveryTag(2), false});
  client.send(raw_frame(1, 3, ack.substr(7, ack.size() - 8) + "x"));
  EXPECT_THAT(client.read(), StartsWith("0 connection.close reply_code=501"));
}

TEST(ConnectionSession, UpdateSecretGoesToTheBroker) {
  SessionClient client;
  client.open();
  client.send(0, amqp::ConnectionUpdateSecret{{"new"}, "refresh"});
  EXPECT_THAT(client.calls(), ElementsAre(StartsWith("method 0 connection.update-secret")));
}

// ---- contents

TEST(ConnectionSession, APublishWholeInTheBufferIsOneCall) {
  SessionClient client;
  client.open();
  amqp::Properties properties;
  properties.flags = amqp::kContentType;
  properties.content_type = "text/plain";
  client.send(method_bytes(1, amqp::BasicPublish{0, "x", "key", true}) +
              header_bytes(1, 5, properties) + body_bytes(1, "hello"));
  EXPECT_THAT(client.calls(),
              ElementsAre("publish 1 mandatory|x|key|"s + amqp::encode_properties(properties) +
                          "|text/plain||hello"));
}

TEST(ConnectionSession, AnEmptyBodyNeedsNoBodyFrame) {
  SessionClient client;
  client.open();
  client.send(publish_bytes(1, "a", "") + publish_bytes(1, "b", ""));
  EXPECT_THAT(client.calls(), SizeIs(2));
}

TEST(ConnectionSession, ContentsOfSeveralChannelsMayInterleave) {
  SessionClient client;
  client.open();
  client.send(method_bytes(1, amqp::BasicPublish{0, "", "one"}));
  client.send(method_bytes(2, amqp::BasicPublish{0, "", "two"}) + header_bytes(2, 2));
  client.send(header_bytes(1, 4) + body_bytes(1, "ab") + body_bytes(2, "xy"));
  client.send(method_bytes(3, amqp::BasicAck{DeliveryTag(1)}) + publish_bytes(4, "three", "z"));
  client.send(body_bytes(1, "") + body_bytes(1, "cd"));
  EXPECT_THAT(client.calls(),
              ElementsAre(HasSubstr("|two|"), "ack 3 1", HasSubstr("|three|"),
                          ::testing::AllOf(HasSubstr("|one|"), ::testing::EndsWith("|abcd"))));
  EXPECT_EQ(client.session.assembly_bytes(), 0u);
}

// Whatever the pieces in which bytes arrive, the broker half hears the same.
TEST(ConnectionSession, PiecesOfAnySizeGiveTheSameCalls) {
  base::SeededRandom random(20);
  std::string bytes;
  for (int index = 0; index < 60; ++index) {
    const auto channel = static_cast<unsigned>(1 + random.below(3));
    const std::string body(random.below(4) == 0 ? random.below(30'000) : random.below(100), 'b');
    switch (random.below(4)) {
      case 0: bytes += method_bytes(channel, amqp::BasicAck{DeliveryTag(random.below(99))}); break;
      case 1: bytes += method_bytes(channel, amqp::QueuePurge{0, "some queue"}); break;
      case 2: bytes += raw_frame(8, 0, ""); break;
      default: bytes += publish_bytes(channel, "key", body, 1 + random.below(5'000));
    }
  }
  SessionClient whole;
  whole.open();
  whole.send(bytes);
  for (const std::size_t chunk : {1u, 2u, 7u, 8u, 100u, 4'096u, 65'536u}) {
    SessionClient pieces;
    pieces.open();
    pieces.chunk = chunk;
    pieces.send(bytes);
    EXPECT_EQ(pieces.calls(), whole.calls()) << chunk;
    EXPECT_EQ(pieces.session.assembly_bytes(), 0u);
  }
}

TEST(ConnectionSession, ABodyOverTheLimitClosesItsChannelOnly) {
  session::ConnectionLimits limits;
  limits.max_message_size = 10;
  SessionClient client(limits);
  client.open();
  client.send(publish_bytes(1, "a", std::string(10, 'x')));
  client.send(publish_bytes(1, "b", std::string(11, 'x'), 4) + publish_bytes(2, "c", "fine"));
  EXPECT_THAT(client.calls(),
              ElementsAre(HasSubstr("|a|"),
                          "channel_error 1 406 message size 11 is larger than configured max size "
                          "10 60.40 channel",
                          HasSubstr("|c|")));
  EXPECT_EQ(client.session.state(), ConnectionState::kOpen);
  EXPECT_EQ(client.session.assembly_bytes(), 0u);
}

TEST(ConnectionSession, ADeclaredSizeBeyondAllBoundsCostsNoMemory) {
  SessionClient client;
  client.open();
  client.send(method_bytes(1, amqp::BasicPublish{}) + header_bytes(1, UINT64_MAX));
  EXPECT_THAT(client.calls(),
              ElementsAre(HasSubstr("message size 18446744073709551615 is larger")));
  client.send(body_bytes(1, std::string(100'000, 'x')));
  EXPECT_EQ(client.session.assembly_bytes(), 0u);
}

// A client that sees channel.close stops in mid-body and answers.
TEST(ConnectionSession, CloseOkMayCutARefusedBodyShort) {
  session::ConnectionLimits limits;
  limits.max_message_size = 10;
  SessionClient client(limits);
  client.open();
  client.send(method_bytes(1, amqp::BasicPublish{}) + header_bytes(1, 100) + body_bytes(1, "some"));
  client.send(method_bytes(1, amqp::ChannelCloseOk{}) + method_bytes(1, amqp::ChannelOpen{}));
  client.send(publish_bytes(1, "again", "ok"));
  EXPECT_THAT(client.calls(), ElementsAre(StartsWith("channel_error"), "method 1 channel.close-ok",
                                          "method 1 channel.open", HasSubstr("|again|")));
}

// ---- output

TEST(ConnectionSession, EncodesWhatTheBrokerHalfSays) {
  SessionClient client;
  client.open(0, 4096);
  const auto message = make_message(std::string(5'000, 'm'));
  client.session.method(ChannelNumber(1), amqp::BasicQosOk{});
  deliver(client, *message, 3);
  client.session.content(ChannelNumber(2), amqp::BasicGetOk{DeliveryTag(1), false, "", "q"},
                         *message, message->property_bytes());
  client.flush();
  EXPECT_THAT(
      client.read_all(),
      ElementsAre("1 basic.qos-ok",
                  StartsWith("1 basic.deliver consumer_tag='ctag' delivery_tag=3"), "1 header 14",
                  "1 body 4088", "1 body 912", StartsWith("2 basic.get-ok delivery_tag=1"),
                  "2 header 14", "2 body 4088", "2 body 912"));
}

TEST(ConnectionSession, CreditsWhatTheBrokerHalfSaidAndNothingElse) {
  SessionClient client;
  client.open(10);
  client.socket_full = true;
  const auto message = make_message("body");
  deliver(client, *message);
  const std::size_t delivery = client.session.output().size();
  client.session.set_blocked("memory", client.now());
  const std::size_t blocked = client.session.output().size() - delivery;
  client.session.method(ChannelNumber(1), amqp::BasicQosOk{});
  const std::size_t reply = session::output_size(amqp::BasicQosOk{});
  client.take(delivery - 1);
  client.take(blocked + 2);
  client.take();
  EXPECT_THAT(client.broker().calls,
              ElementsAre("written " + std::to_string(delivery - 1), "written 2",
                          "written " + std::to_string(reply - 1)));
  EXPECT_EQ(delivery, session::output_size(
                          131072, amqp::DeliverView{"ctag", DeliveryTag(1), false, "x", "key"},
                          message->property_bytes(), message->body()));
}

TEST(ConnectionSession, TheHandshakeIsNobodysCredit) {
  SessionClient client;
  client.tune();
  client.send(0, amqp::ConnectionOpen{"/"});
  EXPECT_THAT(
      client.broker().calls,
      ElementsAre("open",
                  "written " + std::to_string(session::output_size(amqp::ConnectionOpenOk{}))));
}

TEST(ConnectionSession, RepliesThatPileUpStopTheReading) {
  session::ConnectionLimits limits;
  limits.reply_bytes_max = 1'000;
  SessionClient client(limits);
  client.open();
  client.socket_full = true;
  const auto message = make_message(std::string(2'000, 'm'));
  deliver(client, *message);
  EXPECT_TRUE(client.session.wants_input()) << "deliveries never stop the reading";
  client.session.method(ChannelNumber(1), amqp::QueueDeclareOk{std::string(200, 'q')});
  EXPECT_TRUE(client.session.wants_input());
  client.session.content(ChannelNumber(1), amqp::BasicGetOk{}, *message, "");
  EXPECT_FALSE(client.session.wants_input());

  client.send(1, amqp::QueuePurge{0, "q"});
  EXPECT_THAT(client.calls(), IsEmpty());
  EXPECT_NE(client.unconsumed(), "");
  client.take(3'000);
  EXPECT_FALSE(client.session.wants_input()) << "not below half yet";
  client.take(1'000);
  EXPECT_TRUE(client.session.wants_input());
  client.present();
  EXPECT_THAT(client.calls(), ElementsAre(StartsWith("method 1 queue.purge")));
}

// A burst of requests in one read must not produce more than the limit and one reply.
TEST(ConnectionSession, RepliesThatPileUpStopTheReadingInMidBuffer) {
  class Talkative final : public RecordingInput {
   public:
    explicit Talkative(session::SessionOutput& output) : output_(output) {}
    void open() override { output_.method(ChannelNumber(0), amqp::ConnectionOpenOk{}); }
    void method(ChannelNumber channel, const amqp::Method& method) override {
      RecordingInput::method(channel, method);
      output_.method(channel, amqp::QueueDeclareOk{std::string(200, 'q')});
    }

   private:
    session::SessionOutput& output_;
  };
  class TalkativeHost final : public session::ConnectionHost {
   public:
    FakeHost inner;
    std::unique_ptr<Talkative> input;
    auth::Authenticator& authenticator() override { return inner.authenticator(); }
    void run_login_work(std::function<void()>) override {}
    amqp::TableView server_properties() override { return {}; }
    bool ready() const override { return true; }
    session::PublishView& publish_view() override { return inner.publish_view(); }
    session::SessionInput* attach(const session::ConnectionParameters&,
                                  session::SessionOutput& output) override {
      input = std::make_unique<Talkative>(output);
      return input.get();
    }
  };
  session::ConnectionLimits limits;
  limits.reply_bytes_max = 1'000;
  TalkativeHost host;
  session::ConnectionSession session(limits, host, broker::ConnectionId(1), {}, {});
  std::string bytes = std::string(amqp::kProtocolHeader091) +
                      method_bytes(0, amqp::ConnectionStartOk{{}, "PLAIN", {"open sesame"}, ""}) +
                      method_bytes(0, amqp::ConnectionTuneOk{2047, 131072, 0}) +
                      method_bytes(0, amqp::ConnectionOpen{"/"});
  EXPECT_EQ(session.handle_input(bytes, {}), bytes.size());
  const std::string request = method_bytes(1, amqp::QueueDeclare{0, "q"});
  std::string requests;
  for (int index = 0; index < 100; ++index)
    requests += request;
  EXPECT_EQ(session.handle_input(requests, {}), 5 * request.size());
  EXPECT_EQ(host.input->calls.size(), 5u);
}

// ---- blocked

TEST(ConnectionSession, BlockedIsToldOnceAndTakenBack) {
  SessionClient client;
  client.open();
  client.session.set_blocked("low on memory", client.now());
  client.session.set_blocked("low on disk", client.now());
  client.session.set_blocked(std::nullopt, client.now());
  client.session.set_blocked(std::nullopt, client.now());
  client.flush();
  EXPECT_THAT(client.read_all(),
              ElementsAre("0 connection.blocked reason='low on memory'", "0 connection.unblocked"));
}

TEST(ConnectionSession, BlockedIsNotToldBeforeOpen) {
  SessionClient client;
  client.tune();
  client.received.clear();
  client.session.set_blocked("low on memory", client.now());
  client.flush();
  EXPECT_EQ(client.received, "");
}

TEST(ConnectionSession, PublishesOnceAPublishIsComplete) {
  SessionClient client;
  client.open();
  client.send(1, amqp::ChannelOpen{});
  const std::string publish = publish_bytes(1, "key", "a body");
  client.send(publish.substr(0, publish.size() - 1));
  EXPECT_FALSE(client.session.publishes());
  client.send(publish.substr(publish.size() - 1));
  EXPECT_TRUE(client.session.publishes());
}

TEST(ConnectionSession, PublishesWhenAllOfAPublishCameAtOnce) {
  SessionClient client;
  client.open();
  client.send(publish_bytes(1, "key", "a body"));
  EXPECT_TRUE(client.session.publishes());
}

// Its answer to our close must be read.
TEST(ConnectionSession, PublishesNoMoreOnceItCloses) {
  SessionClient client;
  client.open();
  client.send(publish_bytes(1, "key", "a body"));
  client.session.force_close(amqp::ReplyCode::kConnectionForced, "shutdown", client.now());
  EXPECT_FALSE(client.session.publishes());
}

TEST(ConnectionSession, BlockedIsNotToldToClientsThatDoNotUnderstandIt) {
  SessionClient client;
  client.wants_blocked = false;
  client.open();
  client.session.set_blocked("low on memory", client.now());
  client.flush();
  EXPECT_EQ(client.received, "");
}

TEST(ConnectionSession, ALongReasonOfBlockedIsCut) {
  SessionClient client;
  client.open();
  client.session.set_blocked(std::string(1'000, 'r'), client.now());
  client.flush();
  EXPECT_THAT(client.read(), StartsWith("0 connection.blocked"));
}

}  // namespace
}  // namespace harrier::test

// Concern: amq.rabbitmq.reply-to: requests and replies without a reply queue.
// Plan:    the round trip, each refusal, the existence test, what a forged name does.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

using ::testing::StartsWith;
constexpr std::string_view kPseudoQueue = "amq.rabbitmq.reply-to";

class DirectReplyTo : public BrokerTest {
 protected:
  static Properties reply_here() {
    Properties properties;
    properties.reply_to = std::string(kPseudoQueue);
    return properties;
  }
  // Sends a request from channel 2 of the client and returns where the reply must go.
  std::string request(FrameClient& client) {
    const std::string requests = queue(client);
    client.open_channel(2);
    client.consume(2, kPseudoQueue, {.no_ack = true, .tag = "replies"});
    client.publish(2, "", requests, "question", reply_here());
    return *client.await_message(1, requests).properties.reply_to;
  }
};

TEST_F(DirectReplyTo, ARoundTrip) {
  FrameClient client = this->client();
  const std::string address = request(client);
  EXPECT_THAT(address, StartsWith("amq.rabbitmq.reply-to."));
  FrameClient server = this->client();
  Properties properties;
  properties.correlation_id = "42";
  server.publish(1, "", address, "answer", properties);
  const Message reply = client.deliver(2);
  EXPECT_EQ(reply.body, "answer");
  EXPECT_EQ(reply.consumer_tag, "replies");
  EXPECT_EQ(reply.exchange, "");
  EXPECT_EQ(reply.routing_key, address);
  EXPECT_EQ(reply.delivery_tag, 1u);
  EXPECT_FALSE(reply.redelivered);
  EXPECT_EQ(reply.properties.correlation_id, "42");
}

TEST_F(DirectReplyTo, OneAddressServesManyReplies) {
  FrameClient client = this->client();
  const std::string address = request(client);
  for (int i = 0; i < 10; ++i)
    client.publish(1, "", address, std::to_string(i));
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(client.deliver(2).body, std::to_string(i));
}

TEST_F(DirectReplyTo, NeedsNoAck) {
  FrameClient client = this->client();
  client.send(1, basic_consume(kPseudoQueue));
  client.expect_channel_close(1, 406, "PRECONDITION_FAILED - reply consumer cannot acknowledge",
                              kBasicConsume);
}

TEST_F(DirectReplyTo, OnlyOncePerChannel) {
  FrameClient client = this->client();
  client.consume(1, kPseudoQueue, {.no_ack = true});
  client.send(1, basic_consume(kPseudoQueue, {.no_ack = true}));
  client.expect_channel_close(1, 406, "PRECONDITION_FAILED - reply consumer already set",
                              kBasicConsume);
}

TEST_F(DirectReplyTo, AgainAfterCancel) {
  FrameClient client = this->client();
  client.consume(1, kPseudoQueue, {.no_ack = true, .tag = "a"});
  client.cancel(1, "a");
  client.consume(1, kPseudoQueue, {.no_ack = true, .tag = "b"});
}

TEST_F(DirectReplyTo, PublishWithoutAConsumerIsRefused) {
  FrameClient client = this->client();
  client.publish(1, "", "q", "m", reply_here());
  client.expect_channel_close(1, 406, "PRECONDITION_FAILED - fast reply consumer does not exist",
                              kBasicPublish);
}

TEST_F(DirectReplyTo, DeclareTellsWhetherTheAskerIsThere) {
  FrameClient client = this->client();
  const std::string address = request(client);
  for (const bool passive : {true, false}) {
    const DeclareOk ok = client.declare_queue(1, address, {.passive = passive});
    EXPECT_EQ(ok.queue, address);
    EXPECT_EQ(ok.message_count, 0u);
    EXPECT_EQ(ok.consumer_count, 1u);
  }
  client.close_channel(2);
  client.send(1, queue_declare(address, {.passive = true}));
  client.expect_channel_close(1, 404, "NOT_FOUND - no queue '" + address + "' in vhost '/'",
                              kQueueDeclare);
}

TEST_F(DirectReplyTo, RepliesToAGoneAskerAreDropped) {
  FrameClient client = this->client();
  const std::string address = request(client);
  client.cancel(2, "replies");
  client.publish(1, "", address, "too late");
  client.expect_quiet(1);
  client.expect_quiet(2);
}

TEST_F(DirectReplyTo, AForgedNameReachesNobody) {
  FrameClient client = this->client();
  std::string address = request(client);
  address[address.size() - 1] = address.back() == 'A' ? 'B' : 'A';
  address[address.size() - 2] = address[address.size() - 2] == 'A' ? 'B' : 'A';
  client.publish(1, "", address, "forged");
  client.expect_quiet(1);
  client.expect_quiet(2);
  client.publish(1, "", "amq.rabbitmq.reply-to.nonsense", "forged");
  client.expect_quiet(1);
}

TEST_F(DirectReplyTo, ConfirmsCoverReplies) {
  FrameClient client = this->client();
  const std::string address = request(client);
  client.select_confirms(1);
  client.publish(1, "", address, "answer");
  EXPECT_EQ(client.confirms(1, 1).acked.size(), 1u);
  client.deliver(2);
}

// There is no such queue, and newer versions say that there never can be.
TEST_F(DirectReplyTo, CannotBeBound) {
  FrameClient client = this->client();
  const std::string address = request(client);
  client.send(1, queue_bind(address, "amq.fanout", ""));
  const unsigned code = client.expect(1, kChannelClose).u16();
  EXPECT_TRUE(code == 403 || code == 404) << code;
}

}  // namespace
}  // namespace harrier::test

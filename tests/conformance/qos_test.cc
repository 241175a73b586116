// Concern: prefetch: RabbitMQ's two dialects, per consumer and per channel.
// Plan:    fill a queue, look how many deliveries come before the queue answers a question.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

class BasicQos : public BrokerTest {
 protected:
  // A queue of ten messages "0" to "9".
  std::string ten(FrameClient& client) {
    const std::string q = queue(client);
    for (int i = 0; i < 10; ++i)
      fill(client, q, {std::to_string(i)});
    return q;
  }
  // Exactly so many deliveries and no more; returns the last tag.
  std::uint64_t expect_deliveries(FrameClient& client, int count, const std::string& queue,
                                  unsigned channel = 1) {
    std::uint64_t last = 0;
    for (int i = 0; i < count; ++i)
      last = client.deliver(channel).delivery_tag;
    client.expect_quiet(channel, queue);
    return last;
  }
};

TEST_F(BasicQos, PrefetchLimitsAConsumerAndAcksRefillIt) {
  FrameClient client = this->client();
  const std::string q = ten(client);
  client.qos(1, 3);
  client.consume(1, q);
  expect_deliveries(client, 3, q);
  client.ack(1, 1);
  EXPECT_EQ(expect_deliveries(client, 1, q), 4u);
  client.ack(1, 4, true);
  EXPECT_EQ(expect_deliveries(client, 3, q), 7u);
  client.nack(1, 6, true, false);
  EXPECT_EQ(expect_deliveries(client, 2, q), 9u);
}

TEST_F(BasicQos, ARequeuedMessageFreesItsPlace) {
  FrameClient client = this->client();
  const std::string q = ten(client);
  client.qos(1, 1);
  client.consume(1, q);
  expect_deliveries(client, 1, q);
  client.reject(1, 1, true);
  EXPECT_EQ(client.deliver(1).body, "0");
  client.expect_quiet(1, q);
}

TEST_F(BasicQos, ZeroIsUnlimited) {
  FrameClient client = this->client();
  const std::string q = ten(client);
  client.qos(1, 1);
  client.qos(1, 0);
  client.consume(1, q);
  expect_deliveries(client, 10, q);
}

TEST_F(BasicQos, NoAckConsumersAreNotLimited) {
  FrameClient client = this->client();
  const std::string q = ten(client);
  client.qos(1, 1);
  client.consume(1, q, {.no_ack = true});
  expect_deliveries(client, 10, q);
}

TEST_F(BasicQos, ANewCountIsForLaterConsumers) {
  FrameClient client = this->client();
  const std::string q = ten(client);
  client.qos(1, 1);
  client.consume(1, q, {.tag = "first"});
  expect_deliveries(client, 1, q);
  client.qos(1, 3);
  client.expect_quiet(1, q);
  client.consume(1, q, {.tag = "second"});
  expect_deliveries(client, 3, q);
}

TEST_F(BasicQos, EachConsumerHasItsOwnCount) {
  FrameClient client = this->client();
  const std::string one = ten(client);
  const std::string two = ten(client);
  client.qos(1, 2);
  client.consume(1, one);
  expect_deliveries(client, 2, one);
  client.consume(1, two);
  expect_deliveries(client, 2, two);
}

TEST_F(BasicQos, GlobalIsSharedByTheChannelsConsumers) {
  FrameClient client = this->client();
  const std::string one = ten(client);
  const std::string two = ten(client);
  client.qos(1, 3, true);
  client.consume(1, one);
  expect_deliveries(client, 3, one);
  client.consume(1, two);
  client.expect_quiet(1, two);
  client.ack(1, 3, true);
  expect_deliveries(client, 3, two);
}

TEST_F(BasicQos, GlobalAndConsumerLimitsHoldTogether) {
  FrameClient client = this->client();
  const std::string one = ten(client);
  const std::string two = ten(client);
  client.qos(1, 4);
  client.qos(1, 5, true);
  client.consume(1, one);
  expect_deliveries(client, 4, one);
  client.consume(1, two);
  expect_deliveries(client, 1, two);
}

// A quirk of RabbitMQ since its default prefetch became configurable.
TEST_F(BasicQos, AConsumerLimitSetLaterLiftsTheGlobalOne) {
  FrameClient client = this->client();
  const std::string q = ten(client);
  client.qos(1, 2, true);
  client.qos(1, 4);
  client.consume(1, q);
  expect_deliveries(client, 4, q);
}

TEST_F(BasicQos, AGlobalLimitCountsWhatIsAlreadyUnacked) {
  FrameClient client = this->client();
  const std::string q = ten(client);
  client.qos(1, 2);
  client.consume(1, q, {.tag = "a"});
  expect_deliveries(client, 2, q);
  client.qos(1, 3, true);
  const std::string other = ten(client);
  client.consume(1, other, {.tag = "b"});
  expect_deliveries(client, 1, other);
}

TEST_F(BasicQos, AGlobalLimitCanBeRaisedAndLifted) {
  FrameClient client = this->client();
  const std::string q = ten(client);
  client.qos(1, 2, true);
  client.consume(1, q);
  expect_deliveries(client, 2, q);
  client.qos(1, 5, true);
  expect_deliveries(client, 3, q);
  client.qos(1, 0, true);
  expect_deliveries(client, 5, q);
}

TEST_F(BasicQos, ALoweredGlobalLimitWaitsForAcks) {
  FrameClient client = this->client();
  const std::string q = ten(client);
  client.qos(1, 5, true);
  client.consume(1, q);
  expect_deliveries(client, 5, q);
  client.qos(1, 2, true);
  client.ack(1, 3, true);
  client.expect_quiet(1, q);
  client.ack(1, 4);
  expect_deliveries(client, 1, q);
}

TEST_F(BasicQos, AFullConsumerLeavesMessagesToOthers) {
  FrameClient client = this->client();
  const std::string q = ten(client);
  client.qos(1, 1);
  client.consume(1, q);
  expect_deliveries(client, 1, q);
  client.open_channel(2);
  client.consume(2, q);
  expect_deliveries(client, 9, q, 2);
}

TEST_F(BasicQos, PrefetchSizeIsNotImplemented) {
  FrameClient client = this->client();
  client.send(1, basic_qos(1, false, 100));
  client.expect_connection_close(540, "NOT_IMPLEMENTED - prefetch_size!=0 (100)", kBasicQos);
  expect_broker_serves();
}

}  // namespace
}  // namespace harrier::test

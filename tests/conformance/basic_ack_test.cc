// Concern: ack, nack, reject, recover: which tags they may name and where messages go back to.
// Plan:    tags first, then order and flags of what is requeued.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

using ::testing::ElementsAre;
using Strings = std::vector<std::string>;

// A channel that holds five unacknowledged messages "1" to "5", tags 1 to 5, through a consumer.
class Holding : public BrokerTest {
 protected:
  void hold(FrameClient& client) {
    queue_ = queue(client);
    fill(client, queue_, {"1", "2", "3", "4", "5"});
    client.open_channel(2);
    client.consume(2, queue_, {.tag = "t"});
    for (int i = 0; i < 5; ++i)
      client.deliver(2);
    client.cancel(2, "t");
  }
  // Ends channel 2: everything it still held is ready again.
  Strings left(FrameClient& client) {
    client.close_channel(2);
    return drain(client, queue_);
  }
  void expect_unknown_tag(FrameClient& client, const Method& method, std::uint64_t tag) {
    client.send(2, method);
    client.expect_channel_close(
        2, 406, "PRECONDITION_FAILED - unknown delivery tag " + std::to_string(tag), method.id);
  }
  std::string queue_;
};

class BasicAck : public Holding {};

TEST_F(BasicAck, OneOrAllUpToATag) {
  FrameClient client = this->client();
  hold(client);
  client.ack(2, 4);
  client.ack(2, 2, true);
  EXPECT_THAT(left(client), ElementsAre("3", "5"));
}

TEST_F(BasicAck, ZeroWithMultipleIsAll) {
  FrameClient client = this->client();
  hold(client);
  client.ack(2, 0, true);
  client.ack(2, 0, true);  // none left: fine
  EXPECT_TRUE(left(client).empty());
}

TEST_F(BasicAck, ZeroAloneIsRefused) {
  FrameClient client = this->client();
  hold(client);
  expect_unknown_tag(client, basic_ack(0), 0);
}

TEST_F(BasicAck, ATagNeverGivenIsRefused) {
  FrameClient client = this->client();
  hold(client);
  expect_unknown_tag(client, basic_ack(6), 6);
  client.await_ready(1, queue_, 5);
}

TEST_F(BasicAck, ATagNeverGivenIsRefusedWithMultipleToo) {
  FrameClient client = this->client();
  hold(client);
  expect_unknown_tag(client, basic_ack(6, true), 6);
}

TEST_F(BasicAck, TwiceIsRefused) {
  FrameClient client = this->client();
  hold(client);
  client.ack(2, 3);
  expect_unknown_tag(client, basic_ack(3), 3);
}

TEST_F(BasicAck, TwiceIsRefusedWithMultipleToo) {
  FrameClient client = this->client();
  hold(client);
  client.ack(2, 3, true);
  expect_unknown_tag(client, basic_ack(3, true), 3);
}

TEST_F(BasicAck, TagsBelongToTheirChannel) {
  FrameClient client = this->client();
  hold(client);
  client.send(1, basic_ack(1));
  client.expect_channel_close(1, 406, "PRECONDITION_FAILED - unknown delivery tag 1", kBasicAck);
}

TEST_F(BasicAck, OfANoAckDeliveryIsRefused) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  fill(client, q, {"m"});
  client.consume(1, q, {.no_ack = true});
  client.deliver(1);
  client.send(1, basic_ack(1));
  client.expect_channel_close(1, 406, "PRECONDITION_FAILED - unknown delivery tag 1", kBasicAck);
}

TEST_F(BasicAck, OnADeletedQueueIsIgnored) {
  FrameClient client = this->client();
  hold(client);
  client.delete_queue(1, queue_);
  client.ack(2, 1);
  client.nack(2, 3, true, true);
  client.reject(2, 4, true);
  client.expect_quiet(2);
}

class BasicReject : public Holding {};

TEST_F(BasicReject, WithoutRequeueDiscards) {
  FrameClient client = this->client();
  hold(client);
  client.reject(2, 1, false);
  EXPECT_THAT(left(client), ElementsAre("2", "3", "4", "5"));
}

TEST_F(BasicReject, RequeueRestoresTheOriginalOrder) {
  FrameClient client = this->client();
  hold(client);
  fill(client, queue_, {"6"});
  for (const std::uint64_t tag : {4, 1, 5, 2})
    client.reject(2, tag, true);
  client.await_ready(1, queue_, 5);
  EXPECT_THAT(drain(client, queue_), ElementsAre("1", "2", "4", "5", "6"));
}

TEST_F(BasicReject, UnknownTagIsRefused) {
  FrameClient client = this->client();
  hold(client);
  expect_unknown_tag(client, basic_reject(9, true), 9);
}

TEST_F(BasicReject, OneConsumerGetsItsMessageBackMarked) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  fill(client, q, {"m"});
  client.consume(1, q);
  EXPECT_FALSE(client.deliver(1).redelivered);
  client.reject(1, 1, true);
  const Message again = client.deliver(1);
  EXPECT_TRUE(again.redelivered);
  EXPECT_EQ(again.delivery_tag, 2u);
}

class BasicNack : public Holding {};

TEST_F(BasicNack, RequeueRestoresOriginalOrder) {
  FrameClient client = this->client();
  hold(client);
  fill(client, queue_, {"6"});
  client.nack(2, 3, true, true);
  client.await_ready(1, queue_, 4);
  Strings bodies;
  for (const Message& message : drain_messages(client, queue_)) {
    EXPECT_EQ(message.redelivered, message.body != "6");
    bodies.push_back(message.body);
  }
  EXPECT_THAT(bodies, ElementsAre("1", "2", "3", "6"));
}

TEST_F(BasicNack, MultipleWithoutRequeueDiscards) {
  FrameClient client = this->client();
  hold(client);
  client.nack(2, 3, true, false);
  EXPECT_THAT(left(client), ElementsAre("4", "5"));
}

TEST_F(BasicNack, ZeroWithMultipleIsAll) {
  FrameClient client = this->client();
  hold(client);
  client.nack(2, 0, true, true);
  client.await_ready(1, queue_, 5);
  client.nack(2, 0, true, true);
  client.expect_quiet(2);
}

TEST_F(BasicNack, UnknownTagIsRefused) {
  FrameClient client = this->client();
  hold(client);
  expect_unknown_tag(client, basic_nack(9, false, true), 9);
}

TEST_F(BasicNack, MixedWithAcksAndRejects) {
  FrameClient client = this->client();
  hold(client);
  client.ack(2, 2);
  client.reject(2, 4, false);
  client.nack(2, 5, true, true);
  client.await_ready(1, queue_, 3);
  EXPECT_THAT(drain(client, queue_), ElementsAre("1", "3", "5"));
}

class BasicRecover : public BrokerTest {};

TEST_F(BasicRecover, RedeliversInOrderAndMarks) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  fill(client, q, {"1", "2", "3"});
  client.consume(1, q);
  for (int i = 0; i < 3; ++i)
    client.deliver(1);
  client.ack(1, 2);
  client.send(1, basic_recover(true));
  Strings bodies;
  bool confirmed = false;
  // RabbitMQ may deliver before recover-ok or after it.
  while (bodies.size() < 2 || !confirmed) {
    const Frame frame = client.frame(1);
    if (frame.is(kBasicRecoverOk)) confirmed = true;
    if (frame.is(kBasicDeliver)) {
      Reader reader = frame.arguments();
      reader.shortstr();
      reader.u64();
      EXPECT_EQ(reader.octet(), 1);
    }
    if (frame.type == kBodyFrame) bodies.push_back(frame.payload);
  }
  EXPECT_THAT(bodies, ElementsAre("1", "3"));
}

TEST_F(BasicRecover, DoesNothingForNoAckDeliveries) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  fill(client, q, {"1"});
  client.consume(1, q, {.no_ack = true});
  client.deliver(1);
  client.recover(1);
  client.expect_quiet(1, q);
}

TEST_F(BasicRecover, AsyncHasNoReply) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  fill(client, q, {"1"});
  client.must_get(1, q, false);
  client.send(1, basic_recover_async(true));
  client.expect_quiet(1, q);
  EXPECT_TRUE(client.must_get(1, q).redelivered);
}

TEST_F(BasicRecover, WithoutRequeueIsNotImplemented) {
  FrameClient client = this->client();
  client.send(1, basic_recover(false));
  client.expect_connection_close(540, "NOT_IMPLEMENTED - requeue=false", kBasicRecover);
  expect_broker_serves();
}

}  // namespace
}  // namespace harrier::test

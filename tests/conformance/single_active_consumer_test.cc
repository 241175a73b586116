// Concern: x-single-active-consumer: one is served, the next takes over when it ends.
// Plan:    two or three consumers on channels of their own.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

class SingleActiveConsumer : public BrokerTest {
 protected:
  std::string sac_queue(FrameClient& client) {
    return queue(client, {{"x-single-active-consumer", boolean(true)}});
  }
  void consume_on(FrameClient& client, unsigned channel, const std::string& queue) {
    client.open_channel(channel);
    client.consume(channel, queue, {.tag = "t"});
  }
};

TEST_F(SingleActiveConsumer, OnlyTheFirstIsServed) {
  FrameClient client = this->client();
  const std::string q = sac_queue(client);
  consume_on(client, 2, q);
  consume_on(client, 3, q);
  load(client, q, {"1", "2", "3"});
  for (const char* body : {"1", "2", "3"})
    EXPECT_EQ(client.deliver(2).body, body);
  client.expect_quiet(3, q);
  EXPECT_EQ(client.passive(1, q).consumer_count, 2u);
}

TEST_F(SingleActiveConsumer, CancelHandsOverToTheNextWithoutRequeue) {
  FrameClient client = this->client();
  const std::string q = sac_queue(client);
  consume_on(client, 2, q);
  consume_on(client, 3, q);
  consume_on(client, 4, q);
  load(client, q, {"1"});
  EXPECT_EQ(client.deliver(2).body, "1");
  client.cancel(2, "t");
  load(client, q, {"2"});
  EXPECT_EQ(client.deliver(3).body, "2");
  client.expect_quiet(4, q);
  client.ack(2, 1);
  client.expect_quiet(2);
}

TEST_F(SingleActiveConsumer, ChannelCloseHandsOverWithTheUnacked) {
  FrameClient client = this->client();
  const std::string q = sac_queue(client);
  consume_on(client, 2, q);
  consume_on(client, 3, q);
  load(client, q, {"1", "2"});
  client.deliver(2);
  client.deliver(2);
  client.close_channel(2);
  for (const char* body : {"1", "2"}) {
    const Message message = client.deliver(3);
    EXPECT_EQ(message.body, body);
    EXPECT_TRUE(message.redelivered);
  }
}

TEST_F(SingleActiveConsumer, NobodyIsToldOfASwitch) {
  FrameClient client = this->client();
  const std::string q = sac_queue(client);
  consume_on(client, 2, q);
  consume_on(client, 3, q);
  client.cancel(2, "t");
  client.expect_quiet(2, q);
  client.expect_quiet(3, q);
}

TEST_F(SingleActiveConsumer, AFullActiveOneIsWaitedFor) {
  FrameClient client = this->client();
  const std::string q = sac_queue(client);
  client.open_channel(2);
  client.qos(2, 1);
  client.consume(2, q);
  consume_on(client, 3, q);
  load(client, q, {"1", "2"});
  client.deliver(2);
  client.expect_quiet(3, q);
  client.ack(2, 1);
  EXPECT_EQ(client.deliver(2).body, "2");
}

TEST_F(SingleActiveConsumer, ExclusiveConsumeIsRefused) {
  FrameClient client = this->client();
  const std::string q = sac_queue(client);
  client.send(1, basic_consume(q, {.exclusive = true}));
  client.expect_channel_close(
      1, 403, "ACCESS_REFUSED - queue '" + q + "' in vhost '/' in exclusive use", kBasicConsume);
}

TEST_F(SingleActiveConsumer, GetIsStillAllowedOnAClassicQueue) {
  FrameClient client = this->client();
  const std::string q = sac_queue(client);
  load(client, q, {"m"});
  EXPECT_EQ(client.must_get(1, q).body, "m");
}

}  // namespace
}  // namespace harrier::test

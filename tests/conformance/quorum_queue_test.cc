// Concern: x-queue-type=quorum: a durable queue with its own rules and a delivery limit.
// Plan:    what the declare refuses, the limit and its headers, dead-lettering by it.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

class QuorumQueue : public BrokerTest {
 protected:
  void TearDown() override {
    if (queue_.empty()) return;
    FrameClient client = this->client();
    client.delete_queue(1, queue_);
  }
  const std::string& quorum(FrameClient& client, Table arguments = {}) {
    arguments.push_back({"x-queue-type", str("quorum")});
    queue_ = name("quorum");
    client.declare_queue(1, queue_, {.durable = true, .arguments = arguments});
    return queue_;
  }
  void expect_refused(const QueueFlags& flags, const std::string& text) {
    FrameClient client = this->client();
    QueueFlags all = flags;
    all.arguments.push_back({"x-queue-type", str("quorum")});
    client.send(1, queue_declare(name("refused"), all));
    client.expect_channel_close(1, 406, "PRECONDITION_FAILED - " + text, kQueueDeclare);
  }
  std::string queue_;
};

TEST_F(QuorumQueue, HoldsAndDeliversLikeAnyOther) {
  FrameClient client = this->client();
  const std::string& q = quorum(client);
  load(client, q, {"1", "2", "3"});
  client.consume(1, q);
  for (const char* body : {"1", "2", "3"})
    EXPECT_EQ(client.deliver(1).body, body);
  client.ack(1, 3, true);
  client.expect_quiet(1);
  client.await_ready(1, q, 0);
}

TEST_F(QuorumQueue, MustBeDurable) {
  expect_refused({}, "invalid property 'non-durable' for queue '");
}

TEST_F(QuorumQueue, MustNotBeExclusive) {
  expect_refused({.durable = true, .exclusive = true},
                 "invalid property 'exclusive-owner' for queue '");
}

TEST_F(QuorumQueue, MustNotBeAutoDelete) {
  expect_refused({.durable = true, .auto_delete = true},
                 "invalid property 'auto-delete' for queue '");
}

TEST_F(QuorumQueue, CannotBeNamedByTheServer) {
  REQUIRES_HARRIER("3.10 generates a name for it");
  FrameClient client = this->client();
  client.send(1,
              queue_declare("", {.durable = true, .arguments = {{"x-queue-type", str("quorum")}}}));
  client.expect_channel_close(1, 406, "PRECONDITION_FAILED - ", kQueueDeclare);
}

TEST_F(QuorumQueue, RefusesPriorities) {
  expect_refused({.durable = true, .arguments = {{"x-max-priority", i32(5)}}},
                 "invalid arg 'x-max-priority' for queue '");
}

TEST_F(QuorumQueue, IsNotEquivalentToAClassicOne) {
  FrameClient client = this->client();
  const std::string q = quorum(client);
  client.open_channel(2);
  client.send(2, queue_declare(q, {.durable = true}));
  client.expect_channel_close(2, 406,
                              "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for "
                              "queue '" +
                                  q +
                                  "' in vhost '/': received none but current "
                                  "is the value 'quorum' of type 'longstr'",
                              kQueueDeclare);
}

TEST_F(QuorumQueue, DeliveryCountGrowsWithEachReturn) {
  FrameClient client = this->client();
  const std::string& q = quorum(client);
  load(client, q, {"m"});
  client.consume(1, q);
  Message message = client.deliver(1);
  EXPECT_FALSE(message.redelivered);
  if (message.properties.headers) {
    EXPECT_EQ(find(*message.properties.headers, "x-delivery-count"), nullptr);
  }
  for (int count = 1; count <= 3; ++count) {
    client.reject(1, message.delivery_tag, true);
    message = client.deliver(1);
    EXPECT_TRUE(message.redelivered);
    EXPECT_EQ(at(*message.properties.headers, "x-delivery-count").number, count);
  }
}

TEST_F(QuorumQueue, BeyondTheDeliveryLimitIsDeadLettered) {
  FrameClient client = this->client();
  const std::string dead = queue(client);
  const std::string& q = quorum(client, {{"x-delivery-limit", i32(2)},
                                         {"x-dead-letter-exchange", str("")},
                                         {"x-dead-letter-routing-key", str(dead)}});
  load(client, q, {"poison"});
  client.consume(1, q);
  for (int i = 0; i < 3; ++i) {
    client.reject(1, client.deliver(1).delivery_tag, true);
  }
  const Message message = client.await_message(1, dead);
  const Table& death = at(*message.properties.headers, "x-death").items.at(0).table;
  EXPECT_EQ(at(death, "reason"), str("delivery_limit"));
  EXPECT_EQ(at(death, "queue"), str(q));
}

TEST_F(QuorumQueue, WithoutDeadLetterExchangeTheLimitDrops) {
  FrameClient client = this->client();
  const std::string& q = quorum(client, {{"x-delivery-limit", i32(0)}});
  load(client, q, {"poison", "next"});
  client.qos(1, 1);
  client.consume(1, q);
  client.reject(1, client.deliver(1).delivery_tag, true);
  EXPECT_EQ(client.deliver(1).body, "next");
}

TEST_F(QuorumQueue, TheDefaultLimitIsTwenty) {
  REQUIRES_HARRIER("the default came with 4.0");
  FrameClient client = this->client();
  const std::string dead = queue(client);
  const std::string& q = quorum(
      client, {{"x-dead-letter-exchange", str("")}, {"x-dead-letter-routing-key", str(dead)}});
  load(client, q, {"poison"});
  client.consume(1, q);
  for (int i = 0; i <= 20; ++i)
    client.reject(1, client.deliver(1).delivery_tag, true);
  EXPECT_EQ(client.await_message(1, dead).body, "poison");
  client.expect_quiet(1, q);
}

TEST_F(QuorumQueue, MaxLengthDropsTheHead) {
  FrameClient client = this->client();
  const std::string& q = quorum(client, {{"x-max-length", i32(2)}});
  load(client, q, {"1", "2", "3"});
  client.await_ready(1, q, 2);
  EXPECT_EQ(client.must_get(1, q).body, "2");
}

TEST_F(QuorumQueue, GetIsRefusedWithSingleActiveConsumer) {
  FrameClient client = this->client();
  const std::string& q = quorum(client, {{"x-single-active-consumer", boolean(true)}});
  client.send(1, basic_get(q));
  client.expect_channel_close(1, 405,
                              "RESOURCE_LOCKED - cannot obtain access to locked queue '" + q +
                                  "' in vhost '/'. basic.get operations are not supported by "
                                  "quorum queues with single active consumer",
                              kBasicGet);
}

// RabbitMQ answers 540, which is what breaks Celery on quorum queues; ours has no reason to refuse.
TEST_F(QuorumQueue, GlobalPrefetchWorksForItsConsumers) {
  REQUIRES_HARRIER("RabbitMQ's quorum queues do not support global qos");
  FrameClient client = this->client();
  const std::string& q = quorum(client);
  load(client, q, {"1", "2", "3"});
  client.qos(1, 2, true);
  client.consume(1, q);
  client.deliver(1);
  client.deliver(1);
  client.expect_quiet(1, q);
}

class DeliveryLimit : public BrokerTest {};

TEST_F(DeliveryLimit, StreamsAndOtherTypesAreRefused) {
  REQUIRES_HARRIER("RabbitMQ has streams");
  FrameClient client = this->client();
  for (const char* type : {"stream", "lazy", ""}) {
    client.open_channel(2);
    client.send(
        2, queue_declare(name("q"), {.durable = true, .arguments = {{"x-queue-type", str(type)}}}));
    client.expect_channel_close(2, 406, "PRECONDITION_FAILED - invalid arg 'x-queue-type'",
                                kQueueDeclare);
  }
}

class ConsumerTimeout : public BrokerTest {};

TEST_F(ConsumerTimeout, ClosesTheChannelAndRequeues) {
  REQUIRES_HARRIER("RabbitMQ looks once a minute only");
  FrameClient client = this->client();
  const std::string q =
      shared_queue(client, {.auto_delete = true, .arguments = {{"x-consumer-timeout", i32(50)}}});
  load(client, q, {"m"});
  client.open_channel(2);
  client.consume(2, q);
  client.deliver(2);
  client.consume(1, q);
  client.expect_channel_close(2, 406,
                              "PRECONDITION_FAILED - delivery acknowledgement on channel 2 timed "
                              "out. Timeout value used: 50 ms",
                              MethodId{});
  EXPECT_TRUE(client.deliver(1).redelivered);
  client.ack(1, 1);
  client.expect_quiet(1);
}

}  // namespace
}  // namespace harrier::test

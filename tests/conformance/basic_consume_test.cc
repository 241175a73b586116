// Concern: consumers: tags, flags, cancellation by either side, fair turns, redelivery on close.
// Plan:    one rule per test; priorities and single active consumers have their own files.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;
using Strings = std::vector<std::string>;

class BasicConsume : public BrokerTest {};

TEST_F(BasicConsume, EmptyTagsBecomeUniqueOnes) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  const std::string one = client.consume(1, q);
  const std::string two = client.consume(1, q);
  EXPECT_THAT(one, StartsWith("amq.ctag-"));
  EXPECT_NE(one, two);
}

TEST_F(BasicConsume, DeliversWhatIsThereAndWhatComesInOrder) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  fill(client, q, {"1", "2"});
  client.consume(1, q, {.no_ack = true, .tag = "t"});
  fill(client, q, {"3"});
  for (std::uint64_t i = 1; i <= 3; ++i) {
    const Message message = client.deliver(1);
    EXPECT_EQ(message.consumer_tag, "t");
    EXPECT_EQ(message.delivery_tag, i);
    EXPECT_EQ(message.body, std::to_string(i));
    EXPECT_FALSE(message.redelivered);
    EXPECT_EQ(message.routing_key, q);
  }
}

TEST_F(BasicConsume, ATagInUseIs530) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.consume(1, q, {.tag = "same"});
  client.send(1, basic_consume(q, {.tag = "same"}));
  client.expect_connection_close(530, "NOT_ALLOWED - attempt to reuse consumer tag 'same'",
                                 kBasicConsume);
  expect_broker_serves();
}

TEST_F(BasicConsume, TagsBelongToTheirChannel) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.open_channel(2);
  client.consume(1, q, {.tag = "same"});
  client.consume(2, q, {.tag = "same"});
  client.cancel(1, "same");
  EXPECT_EQ(client.passive(1, q).consumer_count, 1u);
}

TEST_F(BasicConsume, ATagIsFreeAfterCancel) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  for (int i = 0; i < 3; ++i) {
    client.consume(1, q, {.tag = "again"});
    client.cancel(1, "again");
  }
}

TEST_F(BasicConsume, MissingQueueIs404) {
  FrameClient client = this->client();
  client.send(1, basic_consume("no-such-q"));
  client.expect_channel_close(1, 404, "NOT_FOUND - no queue 'no-such-q' in vhost '/'",
                              kBasicConsume);
}

TEST_F(BasicConsume, NoWaitHasNoReplyAndDelivers) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  fill(client, q, {"m"});
  client.send(1, basic_consume(q, {.no_ack = true, .no_wait = true, .tag = "t"}));
  EXPECT_EQ(client.deliver(1).consumer_tag, "t");
  client.send(1, basic_cancel("t", true));
  client.expect_quiet(1, q);
}

TEST_F(BasicConsume, ExclusiveShutsOthersOutAndNeedsToBeAlone) {
  FrameClient client = this->client();
  const std::string q = shared_queue(client);
  client.consume(1, q, {.exclusive = true, .tag = "only"});
  FrameClient other = this->client();
  other.send(1, basic_consume(q));
  const std::string text = "ACCESS_REFUSED - queue '" + q + "' in vhost '/' in exclusive use";
  other.expect_channel_close(1, 403, text, kBasicConsume);
  client.cancel(1, "only");
  other.open_channel(1);
  other.consume(1, q, {.tag = "shared"});
  client.send(1, basic_consume(q, {.exclusive = true}));
  client.expect_channel_close(1, 403, text, kBasicConsume);
  other.cancel(1, "shared");
  other.delete_queue(1, q);
}

TEST_F(BasicConsume, NoLocalIsIgnored) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.consume(1, q, {.no_local = true, .no_ack = true});
  fill(client, q, {"own"});
  EXPECT_EQ(client.deliver(1).body, "own");
}

TEST_F(BasicConsume, ConsumersTakeTurns) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  for (const unsigned channel : {2u, 3u, 4u}) {
    client.open_channel(channel);
    client.consume(channel, q, {.no_ack = true});
  }
  fill(client, q, {"1", "2", "3", "4", "5", "6"});
  for (const unsigned channel : {2u, 3u, 4u}) {
    const int first = std::stoi(client.deliver(channel).body);
    const int second = std::stoi(client.deliver(channel).body);
    EXPECT_EQ(second - first, 3);
  }
}

TEST_F(BasicConsume, SixteenConsumersOnOneQueue) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  for (int i = 0; i < 32; ++i)
    client.consume(1, q);
  EXPECT_EQ(client.passive(1, q).consumer_count, 32u);
}

TEST_F(BasicConsume, OrderSurvivesPersistenceMixed) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  Strings expected;
  for (int i = 0; i < 20; ++i) {
    Properties properties;
    properties.delivery_mode = i % 3 == 0 ? 2 : 1;
    expected.push_back(std::to_string(i));
    client.publish(1, "", q, expected.back(), properties);
  }
  client.consume(1, q, {.no_ack = true});
  for (const std::string& body : expected)
    EXPECT_EQ(client.deliver(1).body, body);
}

TEST_F(BasicConsume, PriorityMustBeAnInteger) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.send(1, basic_consume(q, {.arguments = {{"x-priority", str("10")}}}));
  client.expect_channel_close(1, 406, "PRECONDITION_FAILED - invalid arg 'x-priority' for queue '",
                              kBasicConsume);
}

class BasicCancel : public BrokerTest {};

TEST_F(BasicCancel, AnUnknownTagIsConfirmed) {
  FrameClient client = this->client();
  EXPECT_EQ(client.call(1, basic_cancel("never"), kBasicCancelOk).shortstr(), "never");
}

TEST_F(BasicCancel, NothingIsDeliveredAfterCancelOk) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.consume(1, q, {.no_ack = true, .tag = "t"});
  client.cancel(1, "t");
  fill(client, q, {"stays"});
  client.expect_quiet(1, q);
  EXPECT_EQ(client.passive(1, q).message_count, 1u);
}

TEST_F(BasicCancel, DoesNotRequeueAndLaterAcksWork) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  fill(client, q, {"m"});
  client.consume(1, q, {.tag = "t"});
  const Message message = client.deliver(1);
  client.cancel(1, "t");
  EXPECT_EQ(client.passive(1, q).message_count, 0u);
  client.ack(1, message.delivery_tag);
  client.close_channel(1);
  client.open_channel(1);
  EXPECT_EQ(client.passive(1, q).message_count, 0u);
}

class CancelNotification : public BrokerTest {};

TEST_F(CancelNotification, ComesWhenTheQueueIsDeletedAndTheTagIsFree) {
  FrameClient client = this->client();
  const std::string q = shared_queue(client);
  client.consume(1, q, {.tag = "t"});
  FrameClient other = this->client();
  other.delete_queue(1, q);
  Reader cancel = client.expect(1, kBasicCancel);
  EXPECT_EQ(cancel.shortstr(), "t");
  EXPECT_EQ(cancel.octet(), 1);  // no-wait
  // 3.10 calls the answer an unimplemented method.
  if (!target_is_foreign()) client.send(1, basic_cancel_ok("t"));
  client.consume(1, queue(client), {.tag = "t"});
}

TEST_F(CancelNotification, ComesToTheDeleterToo) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.consume(1, q, {.tag = "t"});
  client.send(1, queue_delete(q));
  bool cancelled = false;
  bool deleted = false;
  for (int i = 0; i < 2; ++i) {
    const Frame frame = client.frame(1);
    cancelled |= frame.is(kBasicCancel);
    deleted |= frame.is(kQueueDeleteOk);
  }
  EXPECT_TRUE(cancelled && deleted);
}

TEST_F(CancelNotification, DoesNotComeWithoutTheCapability) {
  ConnectOptions options;
  options.capabilities = {};
  FrameClient client = this->client(options);
  const std::string q = queue(client);
  client.consume(1, q);
  client.delete_queue(1, q);
  client.expect_quiet(1);
}

TEST_F(CancelNotification, CancelOfACancelledConsumerIsConfirmed) {
  FrameClient client = this->client();
  const std::string q = shared_queue(client);
  client.consume(1, q, {.tag = "t"});
  FrameClient other = this->client();
  other.delete_queue(1, q);
  client.expect(1, kBasicCancel);
  client.cancel(1, "t");
}

class RequeueOnClose : public BrokerTest {
 protected:
  // Hands five messages to a consumer or to gets, ends what holds them, and says what is there
  // then.
  void hold_five(FrameClient& holder, const std::string& queue) {
    holder.consume(1, queue);
    for (int i = 0; i < 5; ++i)
      holder.deliver(1);
  }
  void expect_redelivered_in_order(FrameClient& client, const std::string& queue) {
    client.await_ready(1, queue, 6);
    Strings bodies;
    for (const Message& message : drain_messages(client, queue)) {
      EXPECT_EQ(message.redelivered, message.body != "6");
      bodies.push_back(message.body);
    }
    EXPECT_THAT(bodies, ElementsAre("1", "2", "3", "4", "5", "6"));
    client.delete_queue(1, queue);
  }
};

TEST_F(RequeueOnClose, OfTheChannel) {
  FrameClient client = this->client();
  const std::string q = shared_queue(client);
  fill(client, q, {"1", "2", "3", "4", "5"});
  FrameClient holder = this->client();
  hold_five(holder, q);
  holder.call(1, basic_cancel("none"), kBasicCancelOk);
  holder.close_channel(1);
  fill(client, q, {"6"});
  expect_redelivered_in_order(client, q);
}

TEST_F(RequeueOnClose, OfTheConnection) {
  FrameClient client = this->client();
  const std::string q = shared_queue(client);
  fill(client, q, {"1", "2", "3", "4", "5"});
  {
    FrameClient holder = this->client();
    hold_five(holder, q);
    holder.close();
  }
  fill(client, q, {"6"});
  expect_redelivered_in_order(client, q);
}

TEST_F(RequeueOnClose, OfTheSocketWithoutAWord) {
  FrameClient client = this->client();
  const std::string q = shared_queue(client);
  fill(client, q, {"1", "2", "3", "4", "5"});
  FrameClient holder = this->client();
  hold_five(holder, q);
  fill(client, q, {"6"});
  EXPECT_EQ(holder.deliver(1).body, "6");
  holder.reset();
  client.await_ready(1, q, 6);
  EXPECT_THAT(drain(client, q), ElementsAre("1", "2", "3", "4", "5", "6"));
  client.delete_queue(1, q);
}

TEST_F(RequeueOnClose, ByAChannelError) {
  FrameClient client = this->client();
  const std::string q = shared_queue(client);
  fill(client, q, {"1", "2", "3", "4", "5"});
  FrameClient holder = this->client();
  hold_five(holder, q);
  holder.send(1, basic_ack(99));
  holder.expect_channel_close(1, 406, "PRECONDITION_FAILED - unknown delivery tag 99", kBasicAck);
  fill(client, q, {"6"});
  expect_redelivered_in_order(client, q);
}

}  // namespace
}  // namespace harrier::test

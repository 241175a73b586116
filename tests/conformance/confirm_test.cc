// Concern: publisher confirms: every publish is answered exactly once, after what it promises.
// Plan:    numbering, each kind of publish, each way a message can end before it is consumed.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class ConfirmSelect : public BrokerTest {};

TEST_F(ConfirmSelect, TwiceIsFine) {
  FrameClient client = this->client();
  client.select_confirms(1);
  client.select_confirms(1);
}

TEST_F(ConfirmSelect, NoWaitHasNoReply) {
  FrameClient client = this->client();
  client.send(1, confirm_select(true));
  client.expect_quiet(1);
  client.publish(1, "", "nowhere", "m");
  EXPECT_THAT(client.confirms(1, 1).acked, SizeIs(1));
}

TEST_F(ConfirmSelect, OnATransactionalChannelIs406) {
  FrameClient client = this->client();
  client.select_tx(1);
  client.send(1, confirm_select());
  client.expect_channel_close(1, 406, "PRECONDITION_FAILED - cannot switch from tx to confirm mode",
                              kConfirmSelect);
}

TEST_F(ConfirmSelect, ThenTxIs406) {
  FrameClient client = this->client();
  client.select_confirms(1);
  client.send(1, tx_select());
  client.expect_channel_close(1, 406, "PRECONDITION_FAILED - cannot switch from confirm to tx mode",
                              kTxSelect);
}

class PublisherConfirm : public BrokerTest {};

TEST_F(PublisherConfirm, NumbersStartAtOneWithTheFirstPublishAfterSelect) {
  FrameClient client = this->client();
  client.publish(1, "", "nowhere", "not counted");
  client.select_confirms(1);
  client.publish(1, "", "nowhere", "counted");
  Reader ack = client.expect(1, kBasicAck);
  EXPECT_EQ(ack.u64(), 1u);
}

TEST_F(PublisherConfirm, EachChannelCountsByItself) {
  FrameClient client = this->client();
  client.open_channel(2);
  for (const unsigned channel : {1u, 2u})
    client.select_confirms(channel);
  for (int i = 0; i < 3; ++i)
    client.publish(1, "", "nowhere", "m");
  client.publish(2, "", "nowhere", "m");
  EXPECT_THAT(client.confirms(1, 3).acked, SizeIs(3));
  EXPECT_THAT(client.confirms(2, 1).acked, SizeIs(1));
}

TEST_F(PublisherConfirm, EveryKindOfPublishIsAcked) {
  FrameClient client = this->client();
  const std::string transient = queue(client);
  const std::string durable = shared_queue(client, {.durable = true});
  client.select_confirms(1);
  std::uint64_t published = 0;
  for (const std::string& q : {transient, durable, name("missing")}) {
    for (const std::uint8_t mode : {std::uint8_t{1}, std::uint8_t{2}}) {
      Properties properties;
      properties.delivery_mode = mode;
      client.publish(1, "", q, "m", properties);
      ++published;
    }
  }
  const Confirms confirms = client.confirms(1, published);
  EXPECT_THAT(confirms.acked, SizeIs(published));
  EXPECT_THAT(confirms.nacked, IsEmpty());
  client.delete_queue(1, durable);
}

TEST_F(PublisherConfirm, AThousandInAFlood) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.select_confirms(1);
  std::string all;
  for (int i = 0; i < 1000; ++i) {
    all += method_frame(1, basic_publish("", q)) + header_frame(1, 1, {}) + body_frame(1, "m");
  }
  client.send_raw(all);
  EXPECT_THAT(client.confirms(1, 1000).acked, SizeIs(1000));
  EXPECT_EQ(client.passive(1, q).message_count, 1000u);
}

TEST_F(PublisherConfirm, AReturnComesBeforeItsAck) {
  FrameClient client = this->client();
  client.select_confirms(1);
  client.publish(1, "", name("missing"), "m", {}, {.mandatory = true});
  client.returned(1);
  EXPECT_EQ(client.expect(1, kBasicAck).u64(), 1u);
}

TEST_F(PublisherConfirm, FanoutIsAckedOnce) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "fanout");
  for (int i = 0; i < 5; ++i)
    client.bind_queue(1, queue(client), x, "");
  client.select_confirms(1);
  client.publish(1, x, "", "m");
  EXPECT_THAT(client.confirms(1, 1).acked, SizeIs(1));
  client.expect_quiet(1);
}

TEST_F(PublisherConfirm, OnePartOfFanoutRefusingNacksThePublish) {
  FrameClient client = this->client();
  const std::string x = exchange(client, "fanout");
  const std::string open = queue(client);
  const std::string full =
      queue(client, {{"x-max-length", i32(0)}, {"x-overflow", str("reject-publish")}});
  client.bind_queue(1, open, x, "");
  client.bind_queue(1, full, x, "");
  client.select_confirms(1);
  client.publish(1, x, "", "m");
  EXPECT_THAT(client.confirms(1, 1).nacked, SizeIs(1));
  EXPECT_EQ(drain(client, open).size(), 1u);
}

TEST_F(PublisherConfirm, MessagesThatEndEarlyAreAckedToo) {
  FrameClient client = this->client();
  const std::string q = shared_queue(client, {.durable = true});
  client.open_channel(2);
  client.consume(2, q);
  client.select_confirms(1);
  Properties persistent;
  persistent.delivery_mode = 2;
  Properties expiring = persistent;
  expiring.expiration = "0";
  client.publish(1, "", q, "rejected", persistent);
  client.reject(2, client.deliver(2).delivery_tag, false);
  client.publish(1, "", q, "requeued", persistent);
  client.reject(2, client.deliver(2).delivery_tag, true);
  client.deliver(2);
  client.close_channel(2);
  client.publish(1, "", q, "expired", expiring);
  client.publish(1, "", q, "purged", persistent);
  EXPECT_THAT(client.confirms(1, 4).acked, SizeIs(4));
  client.purge(1, q);
  client.publish(1, "", q, "deleted", persistent);
  client.send(1, queue_delete(q));
  bool deleted = false;
  while (!deleted)
    deleted = client.frame(1).is(kQueueDeleteOk);
}

TEST_F(PublisherConfirm, AckNeverComesForAChannelThatErred) {
  FrameClient client = this->client();
  client.select_confirms(1);
  client.publish(1, "no-such-x", "k", "m");
  client.expect_channel_close(1, 404, "NOT_FOUND", kBasicPublish);
}

TEST_F(PublisherConfirm, IsAckedOnlyWhenTheQueueHoldsIt) {
  FrameClient client = this->client();
  const std::string q = shared_queue(client, {.auto_delete = true});
  FrameClient other = this->client();
  client.select_confirms(1);
  for (std::uint64_t i = 1; i <= 20; ++i) {
    client.publish(1, "", q, "m");
    client.confirms(1, i);
    EXPECT_EQ(other.passive(1, q).message_count, i);
  }
  client.delete_queue(1, q);
}

}  // namespace
}  // namespace harrier::test

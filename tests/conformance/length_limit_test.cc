// Concern: x-max-length and x-max-length-bytes with each x-overflow.
// Plan:    what stays, what goes, what the publisher hears; ready messages count, unacked do not.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LengthLimit : public BrokerTest {};

TEST_F(LengthLimit, DropHeadKeepsTheNewest) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-max-length", i32(2)}});
  load(client, q, {"1", "2", "3", "4"});
  EXPECT_THAT(drain(client, q), ElementsAre("3", "4"));
}

TEST_F(LengthLimit, BytesCountBodies) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-max-length-bytes", i32(10)}});
  load(client, q, {"aaaa", "bbbb", "cc"});
  EXPECT_EQ(client.passive(1, q).message_count, 3u);
  load(client, q, {"d"});
  EXPECT_THAT(drain(client, q), ElementsAre("bbbb", "cc", "d"));
}

TEST_F(LengthLimit, BothLimitsHold) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-max-length", i32(3)}, {"x-max-length-bytes", i32(6)}});
  load(client, q, {"a", "b", "c", "d"});
  EXPECT_EQ(client.passive(1, q).message_count, 3u);
  load(client, q, {"eeeee"});
  EXPECT_THAT(drain(client, q), ElementsAre("d", "eeeee"));
}

TEST_F(LengthLimit, AMessageAboveTheByteLimitEmptiesTheQueue) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-max-length-bytes", i32(3)}});
  load(client, q, {"a", "too large"});
  EXPECT_THAT(drain(client, q), IsEmpty());
}

TEST_F(LengthLimit, UnackedMessagesDoNotCount) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-max-length", i32(2)}});
  load(client, q, {"1", "2"});
  client.must_get(1, q, false);
  client.must_get(1, q, false);
  load(client, q, {"3", "4"});
  EXPECT_EQ(client.passive(1, q).message_count, 2u);
}

TEST_F(LengthLimit, ARequeueThatExceedsIsTrimmedFromTheHead) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-max-length", i32(2)}});
  load(client, q, {"1", "2"});
  client.must_get(1, q, false);
  client.must_get(1, q, false);
  load(client, q, {"3", "4"});
  client.nack(1, 2, true, true);
  client.expect_quiet(1, q);
  EXPECT_THAT(drain(client, q), ElementsAre("3", "4"));
}

TEST_F(LengthLimit, ZeroDeliversToAWaitingConsumer) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-max-length", i32(0)}});
  load(client, q, {"dropped"});
  EXPECT_EQ(client.passive(1, q).message_count, 0u);
  client.consume(1, q, {.no_ack = true});
  fill(client, q, {"delivered"});
  EXPECT_EQ(client.deliver(1).body, "delivered");
}

TEST_F(LengthLimit, DropHeadStillAcksThePublisher) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-max-length", i32(1)}});
  client.select_confirms(1);
  fill(client, q, {"1", "2", "3"});
  EXPECT_EQ(client.confirms(1, 3).acked.size(), 3u);
}

class RejectPublish : public BrokerTest {};

TEST_F(RejectPublish, NacksExactlyTheOverflowingOnes) {
  FrameClient client = this->client();
  const std::string q =
      queue(client, {{"x-max-length", i32(2)}, {"x-overflow", str("reject-publish")}});
  client.select_confirms(1);
  fill(client, q, {"1", "2", "3", "4"});
  const Confirms confirms = client.confirms(1, 4);
  EXPECT_THAT(confirms.acked, ElementsAre(1, 2));
  EXPECT_THAT(confirms.nacked, ElementsAre(3, 4));
  EXPECT_THAT(drain(client, q), ElementsAre("1", "2"));
}

TEST_F(RejectPublish, TakesAgainWhenThereIsRoom) {
  FrameClient client = this->client();
  const std::string q =
      queue(client, {{"x-max-length", i32(1)}, {"x-overflow", str("reject-publish")}});
  client.select_confirms(1);
  fill(client, q, {"1", "2"});
  client.confirms(1, 2);
  client.must_get(1, q);
  fill(client, q, {"3"});
  EXPECT_THAT(client.confirms(1, 3).acked, ElementsAre(1, 3));
}

TEST_F(RejectPublish, BytesAreTestedWithTheNewBody) {
  FrameClient client = this->client();
  const std::string q =
      queue(client, {{"x-max-length-bytes", i32(5)}, {"x-overflow", str("reject-publish")}});
  client.select_confirms(1);
  fill(client, q, {"1234", "56", "7"});
  EXPECT_THAT(client.confirms(1, 3).nacked, ElementsAre(2));
  EXPECT_THAT(drain(client, q), ElementsAre("1234", "7"));
}

TEST_F(RejectPublish, WithoutConfirmsIsSilent) {
  FrameClient client = this->client();
  const std::string q =
      queue(client, {{"x-max-length", i32(1)}, {"x-overflow", str("reject-publish")}});
  fill(client, q, {"1", "2"});
  client.expect_quiet(1, q);
  EXPECT_THAT(drain(client, q), ElementsAre("1"));
}

TEST_F(RejectPublish, DlxDeadLettersTheNewOne) {
  FrameClient client = this->client();
  const std::string dead = queue(client);
  const std::string q = queue(client, {{"x-max-length", i32(1)},
                                       {"x-overflow", str("reject-publish-dlx")},
                                       {"x-dead-letter-exchange", str("")},
                                       {"x-dead-letter-routing-key", str(dead)}});
  client.select_confirms(1);
  fill(client, q, {"1", "2"});
  EXPECT_THAT(client.confirms(1, 2).nacked, ElementsAre(2));
  const Message message = client.await_message(1, dead);
  EXPECT_EQ(message.body, "2");
  EXPECT_EQ(at(at(*message.properties.headers, "x-death").items.at(0).table, "reason"),
            str("maxlen"));
}

}  // namespace
}  // namespace harrier::test

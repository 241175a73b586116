// Concern: dead-lettering: what is sent on, with which headers, and when it must stop.
// Plan:    each reason, then x-death over several hops, keys, cycles, and what is dropped.
#include <cstdlib>
#include <ctime>

#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

// A queue `source_` whose dead letters go through the fanout `dlx_` into `dead_`.
class DeadLetter : public BrokerTest {
 protected:
  void build(FrameClient& client, Table arguments = {}) {
    dlx_ = exchange(client, "fanout");
    dead_ = queue(client);
    client.bind_queue(1, dead_, dlx_, "");
    arguments.push_back({"x-dead-letter-exchange", str(dlx_)});
    source_ = queue(client, arguments);
  }
  static const Table& header_table(const Message& message) { return *message.properties.headers; }
  static const Table& death(const Message& message, std::size_t index = 0) {
    return at(header_table(message), "x-death").items.at(index).table;
  }
  void reject_one(FrameClient& client, const std::string& queue) {
    client.reject(1, client.must_get(1, queue, false).delivery_tag, false);
  }
  std::string dlx_, dead_, source_;
};

TEST_F(DeadLetter, RejectedCarriesTheWholeXDeath) {
  FrameClient client = this->client();
  build(client);
  client.publish(1, "amq.direct", "unused", "elsewhere");
  client.publish(1, "", source_, "m", headers({{"own", i32(7)}}));
  const auto before = std::time(nullptr);
  reject_one(client, source_);
  const Message message = client.await_message(1, dead_);
  EXPECT_EQ(message.body, "m");
  EXPECT_EQ(message.exchange, dlx_);
  EXPECT_EQ(message.routing_key, source_);
  EXPECT_FALSE(message.redelivered);
  EXPECT_EQ(at(header_table(message), "own"), i32(7));
  const Table& entry = death(message);
  EXPECT_EQ(at(entry, "count"), i64(1));
  EXPECT_EQ(at(entry, "reason"), str("rejected"));
  EXPECT_EQ(at(entry, "queue"), str(source_));
  EXPECT_EQ(at(entry, "exchange"), str(""));
  EXPECT_EQ(at(entry, "routing-keys"), strings({source_}));
  EXPECT_EQ(at(entry, "time").tag, 'T');
  EXPECT_LE(std::abs(at(entry, "time").number - before), 5);
  EXPECT_EQ(find(entry, "original-expiration"), nullptr);
}

TEST_F(DeadLetter, FirstDeathIsNamedInHeaders) {
  FrameClient client = this->client();
  build(client);
  client.publish(1, "", source_, "m");
  reject_one(client, source_);
  const Message message = client.await_message(1, dead_);
  EXPECT_EQ(at(header_table(message), "x-first-death-reason"), str("rejected"));
  EXPECT_EQ(at(header_table(message), "x-first-death-queue"), str(source_));
  EXPECT_EQ(at(header_table(message), "x-first-death-exchange"), str(""));
}

TEST_F(DeadLetter, LastDeathIsNamedInHeaders) {
  REQUIRES_HARRIER("the x-last-death headers came with 3.13");
  FrameClient client = this->client();
  build(client);
  client.publish(1, "", source_, "m");
  reject_one(client, source_);
  const Message message = client.await_message(1, dead_);
  EXPECT_EQ(at(header_table(message), "x-last-death-reason"), str("rejected"));
  EXPECT_EQ(at(header_table(message), "x-last-death-queue"), str(source_));
  EXPECT_EQ(at(header_table(message), "x-last-death-exchange"), str(""));
}

TEST_F(DeadLetter, NackOfManyKeepsTheirOrder) {
  FrameClient client = this->client();
  build(client);
  fill(client, source_, {"1", "2", "3"});
  for (int i = 0; i < 3; ++i)
    client.must_get(1, source_, false);
  client.nack(1, 3, true, false);
  client.await_ready(1, dead_, 3);
  EXPECT_THAT(drain(client, dead_), ::testing::ElementsAre("1", "2", "3"));
}

TEST_F(DeadLetter, ExpiredLosesItsExpirationAndTellsIt) {
  FrameClient client = this->client();
  build(client);
  Properties properties;
  properties.expiration = "1";
  properties.delivery_mode = 2;
  client.publish(1, "", source_, "m", properties);
  const Message message = client.await_message(1, dead_);
  EXPECT_FALSE(message.properties.expiration.has_value());
  EXPECT_EQ(message.properties.delivery_mode, 2);
  EXPECT_EQ(at(death(message), "reason"), str("expired"));
  EXPECT_EQ(at(death(message), "original-expiration"), str("1"));
}

TEST_F(DeadLetter, ExpiredByTheQueueHasNoOriginalExpiration) {
  FrameClient client = this->client();
  build(client, {{"x-message-ttl", i32(1)}});
  client.publish(1, "", source_, "m");
  const Message message = client.await_message(1, dead_);
  EXPECT_EQ(at(death(message), "reason"), str("expired"));
  EXPECT_EQ(find(death(message), "original-expiration"), nullptr);
}

TEST_F(DeadLetter, MaxLengthDropsTheOldest) {
  FrameClient client = this->client();
  build(client, {{"x-max-length", i32(1)}});
  fill(client, source_, {"1", "2"});
  const Message message = client.await_message(1, dead_);
  EXPECT_EQ(message.body, "1");
  EXPECT_EQ(at(death(message), "reason"), str("maxlen"));
}

TEST_F(DeadLetter, PurgeAndDeleteDoNotDeadLetter) {
  FrameClient client = this->client();
  build(client);
  load(client, source_, {"1", "2"});
  client.purge(1, source_);
  load(client, source_, {"3"});
  client.delete_queue(1, source_);
  client.expect_quiet(1, dead_);
  EXPECT_EQ(client.passive(1, dead_).message_count, 0u);
}

TEST_F(DeadLetter, AnOwnRoutingKeyReplacesTheOriginal) {
  FrameClient client = this->client();
  dead_ = queue(client);
  source_ = queue(client,
                  {{"x-dead-letter-exchange", str("")}, {"x-dead-letter-routing-key", str(dead_)}});
  client.publish(1, "", source_, "m");
  reject_one(client, source_);
  const Message message = client.await_message(1, dead_);
  EXPECT_EQ(message.routing_key, dead_);
  EXPECT_EQ(at(death(message), "routing-keys"), strings({source_}));
}

TEST_F(DeadLetter, CcRoutesAgainWithoutAnOwnKeyAndGoesWithOne) {
  FrameClient client = this->client();
  build(client);
  const std::string keyed = queue(
      client, {{"x-dead-letter-exchange", str(dlx_)}, {"x-dead-letter-routing-key", str("own")}});
  client.publish(1, "", source_, "a", headers({{"CC", strings({"cc1"})}, {"BCC", strings({"b"})}}));
  reject_one(client, source_);
  const Message plain = client.await_message(1, dead_);
  EXPECT_EQ(at(death(plain), "routing-keys"), strings({source_, "cc1"}));
  EXPECT_EQ(at(header_table(plain), "CC"), strings({"cc1"}));
  EXPECT_EQ(find(header_table(plain), "BCC"), nullptr);
  client.publish(1, "", keyed, "b", headers({{"CC", strings({"cc1"})}}));
  reject_one(client, keyed);
  const Message own = client.await_message(1, dead_);
  EXPECT_EQ(own.routing_key, "own");
  EXPECT_EQ(find(header_table(own), "CC"), nullptr);
}

TEST_F(DeadLetter, AMissingExchangeDropsTheMessage) {
  FrameClient client = this->client();
  source_ = queue(client, {{"x-dead-letter-exchange", str(name("missing"))}});
  client.publish(1, "", source_, "m");
  reject_one(client, source_);
  client.expect_quiet(1, source_);
  EXPECT_EQ(client.passive(1, source_).message_count, 0u);
}

TEST_F(DeadLetter, AnExchangeDeclaredLaterIsUsed) {
  FrameClient client = this->client();
  dlx_ = name("later");
  source_ = queue(client, {{"x-dead-letter-exchange", str(dlx_)}});
  client.declare_exchange(1, dlx_, "fanout", {.auto_delete = true});
  dead_ = queue(client);
  client.bind_queue(1, dead_, dlx_, "");
  client.publish(1, "", source_, "m");
  reject_one(client, source_);
  EXPECT_EQ(client.await_message(1, dead_).body, "m");
}

TEST_F(DeadLetter, UserIdOfAnotherUserIsNoObstacle) {
  FrameClient client = this->client();
  build(client);
  Properties properties;
  properties.user_id = "guest";
  client.publish(1, "", source_, "m", properties);
  reject_one(client, source_);
  EXPECT_EQ(client.await_message(1, dead_).properties.user_id, "guest");
}

class DeathHistory : public DeadLetter {};

TEST_F(DeathHistory, GrowsByPairsNewestFirstAndCounts) {
  FrameClient client = this->client();
  const std::string first = name("first");
  const std::string second = queue(
      client, {{"x-dead-letter-exchange", str("")}, {"x-dead-letter-routing-key", str(first)}});
  client.declare_queue(1, first,
                       {.exclusive = true,
                        .arguments = {{"x-dead-letter-exchange", str("")},
                                      {"x-dead-letter-routing-key", str(second)}}});
  client.publish(1, "", first, "m");
  for (int round = 1; round <= 3; ++round) {
    client.await_ready(1, first, 1);
    reject_one(client, first);
    client.await_ready(1, second, 1);
    if (round < 3) reject_one(client, second);
  }
  const Message message = client.must_get(1, second);
  ASSERT_EQ(at(header_table(message), "x-death").items.size(), 2u);
  EXPECT_EQ(at(death(message, 0), "queue"), str(first));
  EXPECT_EQ(at(death(message, 0), "count"), i64(3));
  EXPECT_EQ(at(death(message, 1), "queue"), str(second));
  EXPECT_EQ(at(death(message, 1), "count"), i64(2));
  EXPECT_EQ(at(header_table(message), "x-first-death-queue"), str(first));
}

TEST_F(DeathHistory, TwoReasonsOfOneQueueAreTwoEntries) {
  FrameClient client = this->client();
  const std::string q = name("q");
  client.declare_queue(1, q,
                       {.exclusive = true, .arguments = {{"x-dead-letter-exchange", str("")}}});
  dead_ = queue(client);
  client.publish(1, "", q, "m");
  reject_one(client, q);  // comes back to q, since the key is its name
  client.await_ready(1, q, 1);
  const Message message = client.must_get(1, q, false);
  EXPECT_EQ(at(death(message), "count"), i64(1));
  client.reject(1, message.delivery_tag, false);
  EXPECT_EQ(at(death(client.await_message(1, q)), "count"), i64(2));
}

TEST_F(DeathHistory, AClientsXDeathIsKeptOrDroppedButNeverTrustedForCycles) {
  REQUIRES_HARRIER("since 4.0 a client's x-death is not interpreted");
  FrameClient client = this->client();
  build(client, {{"x-message-ttl", i32(0)}});
  const Field forged =
      array({table({{"queue", str(dead_)}, {"reason", str("expired")}, {"count", i64(99)}})});
  client.publish(1, "", source_, "m", headers({{"x-death", forged}}));
  EXPECT_EQ(client.await_message(1, dead_).body, "m");
}

class DeathCycle : public DeadLetter {};

TEST_F(DeathCycle, WithoutARejectionTheMessageIsDropped) {
  FrameClient client = this->client();
  const std::string q = name("q");
  client.declare_queue(
      1, q,
      {.exclusive = true,
       .arguments = {{"x-dead-letter-exchange", str("")}, {"x-message-ttl", i32(1)}}});
  load(client, q, {"round and round"});
  client.await_ready(1, q, 0);
  client.expect_quiet(1, q);
}

TEST_F(DeathCycle, OverTwoQueuesIsCutToo) {
  FrameClient client = this->client();
  const std::string a = name("a");
  const std::string b = queue(client, {{"x-dead-letter-exchange", str("")},
                                       {"x-dead-letter-routing-key", str(a)},
                                       {"x-message-ttl", i32(1)}});
  client.declare_queue(1, a,
                       {.exclusive = true,
                        .arguments = {{"x-dead-letter-exchange", str("")},
                                      {"x-dead-letter-routing-key", str(b)},
                                      {"x-message-ttl", i32(1)}}});
  load(client, a, {"round and round"});
  client.await_ready(1, a, 0);
  client.await_ready(1, b, 0);
  client.expect_quiet(1, a);
}

TEST_F(DeathCycle, ARejectionAllowsAnotherRound) {
  FrameClient client = this->client();
  const std::string retry = name("retry");
  const std::string work = queue(
      client, {{"x-dead-letter-exchange", str("")}, {"x-dead-letter-routing-key", str(retry)}});
  client.declare_queue(1, retry,
                       {.exclusive = true,
                        .arguments = {{"x-dead-letter-exchange", str("")},
                                      {"x-dead-letter-routing-key", str(work)},
                                      {"x-message-ttl", i32(1)}}});
  client.publish(1, "", work, "m");
  for (int round = 0; round < 4; ++round) {
    client.await_ready(1, work, 1);
    reject_one(client, work);
  }
  EXPECT_EQ(at(death(client.await_message(1, work), 1), "count"), i64(4));
}

TEST_F(DeathCycle, OnlyTheQueueInTheCycleIsSkipped) {
  FrameClient client = this->client();
  dlx_ = exchange(client, "fanout");
  dead_ = queue(client);
  source_ = queue(client, {{"x-dead-letter-exchange", str(dlx_)}, {"x-message-ttl", i32(1)}});
  client.bind_queue(1, dead_, dlx_, "");
  client.bind_queue(1, source_, dlx_, "");
  client.publish(1, "", source_, "m");
  EXPECT_EQ(client.await_message(1, dead_).body, "m");
  client.await_ready(1, source_, 0);
}

class DeadLetterConfirm : public DeadLetter {};

TEST_F(DeadLetterConfirm, DeadLettersAreNotConfirmedToThePublisherAgain) {
  FrameClient client = this->client();
  build(client, {{"x-message-ttl", i32(0)}});
  client.select_confirms(1);
  client.publish(1, "", source_, "m");
  EXPECT_EQ(client.confirms(1, 1).acked.size(), 1u);
  EXPECT_EQ(client.await_message(1, dead_).body, "m");
  client.expect_quiet(1);
}

}  // namespace
}  // namespace harrier::test

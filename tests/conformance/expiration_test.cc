// Concern: message TTL and queue expiry. Time is real here, so: tiny times, and waiting for
// effects. Plan:    per message, per queue, both; then x-expires and what prolongs it.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

Properties expiring(std::string_view milliseconds) {
  Properties properties;
  properties.expiration = std::string(milliseconds);
  return properties;
}

class MessageTtl : public BrokerTest {};

TEST_F(MessageTtl, OfAQueueEmptiesIt) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-message-ttl", i32(20)}});
  load(client, q, {"1", "2"});
  client.await_ready(1, q, 0);
  EXPECT_FALSE(client.get(1, q));
}

TEST_F(MessageTtl, OfAMessageAtTheHead) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  load(client, q, {"short"}, expiring("10"));
  load(client, q, {"long"}, expiring("600000"));
  client.await_ready(1, q, 1);
  EXPECT_EQ(client.must_get(1, q).body, "long");
}

TEST_F(MessageTtl, TheSmallerOfTheTwoCounts) {
  FrameClient client = this->client();
  const std::string patient = queue(client, {{"x-message-ttl", i32(600000)}});
  const std::string hasty = queue(client, {{"x-message-ttl", i32(10)}});
  load(client, patient, {"m"}, expiring("10"));
  load(client, hasty, {"m"}, expiring("600000"));
  client.await_ready(1, patient, 0);
  client.await_ready(1, hasty, 0);
}

TEST_F(MessageTtl, ZeroIsDeliveredToAWaitingConsumerOrNeverSeen) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-message-ttl", i32(0)}});
  load(client, q, {"nobody there"});
  client.await_ready(1, q, 0);
  EXPECT_FALSE(client.get(1, q));
  client.consume(1, q, {.no_ack = true});
  client.publish(1, "", q, "somebody there");
  EXPECT_EQ(client.deliver(1).body, "somebody there");
}

TEST_F(MessageTtl, ZeroOfAMessageDoesTheSame) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  load(client, q, {"nobody there"}, expiring("0"));
  client.await_ready(1, q, 0);
  client.consume(1, q, {.no_ack = true});
  client.publish(1, "", q, "somebody there", expiring("0"));
  EXPECT_EQ(client.deliver(1).body, "somebody there");
}

TEST_F(MessageTtl, BehindALongerOneItCountsButIsNotDelivered) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  const std::string clock = queue(client);
  load(client, q, {"first"}, expiring("600000"));
  load(client, q, {"expired behind"}, expiring("1"));
  load(client, q, {"last"});
  load(client, clock, {"tick"}, expiring("20"));
  client.await_ready(1, clock, 0);  // later than the message behind
  EXPECT_EQ(client.passive(1, q).message_count, 3u);
  EXPECT_EQ(client.must_get(1, q).body, "first");
  EXPECT_EQ(client.must_get(1, q).body, "last");
}

TEST_F(MessageTtl, ARequeuedMessageKeepsItsDeadline) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-message-ttl", i32(300)}});
  const std::string clock = queue(client, {{"x-message-ttl", i32(330)}});
  load(client, q, {"m"});
  load(client, clock, {"tick"});
  const Message message = client.must_get(1, q, false);
  client.await_ready(1, clock, 0);
  client.reject(1, message.delivery_tag, true);
  client.await_ready(1, q, 0);
  EXPECT_FALSE(client.get(1, q));
}

TEST_F(MessageTtl, UnackedMessagesDoNotExpire) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-message-ttl", i32(200)}});
  const std::string clock = queue(client, {{"x-message-ttl", i32(220)}});
  load(client, q, {"m"});
  const Message message = client.must_get(1, q, false);
  load(client, clock, {"tick"});
  client.await_ready(1, clock, 0);
  client.ack(1, message.delivery_tag);
  client.expect_quiet(1);
}

TEST_F(MessageTtl, TenYearsAndSixtyFourBitsAreAccepted) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-message-ttl", i64(134'217'728'000)}});
  load(client, q, {"m"}, expiring("315360000000"));
  EXPECT_EQ(client.must_get(1, q).properties.expiration, "315360000000");
}

struct BadExpiration {
  const char* name;
  std::string value;
  const char* reason;
};
class Expiration : public BrokerTest, public ::testing::WithParamInterface<BadExpiration> {};
void PrintTo(const BadExpiration& bad, std::ostream* out) { *out << bad.name; }

TEST_P(Expiration, ThatIsNoNumberIsRefused) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.publish(1, "", q, "m", expiring(GetParam().value));
  client.expect_channel_close(
      1, 406,
      "PRECONDITION_FAILED - invalid expiration '" + GetParam().value + "': " + GetParam().reason,
      kBasicPublish);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Expiration,
    ::testing::Values(BadExpiration{"Word", "hello", "no_integer"},
                      BadExpiration{"Negative", "-1", "{value_negative,-1}"},
                      BadExpiration{"TrailingLetter", "10s", "{leftover_string,\"s\"}"},
                      BadExpiration{"LeadingSpace", " 10", "no_integer"},
                      BadExpiration{"Decimal", "1.5", "{leftover_string,\".5\"}"},
                      BadExpiration{"Empty", "", "no_integer"},
                      BadExpiration{"AboveTenYears", "315360000001",
                                    "{value_too_large,315360000001}"},
                      BadExpiration{"ManyDigits", std::string(60, '9'), "{value_too_large,"}),
    [](const auto& test) { return std::string(test.param.name); });

class QueueExpiry : public BrokerTest {
 protected:
  bool exists(FrameClient& client, const std::string& queue) {
    client.open_channel(9);
    client.send(9, queue_declare(queue, {.passive = true}));
    const bool there = client.frame(9).is(kQueueDeclareOk);
    if (there) {
      client.close_channel(9);
    } else {
      client.send(9, channel_close_ok());
    }
    return there;
  }
  // Asks less and less often, since each question starts the queue's time again.
  void await_gone(FrameClient& client, const std::string& queue) {
    for (int pause = 80; pause < 6000; pause *= 2) {
      let_pass(client, pause);
      if (!exists(client, queue)) return;
    }
    ADD_FAILURE() << queue << " is still there";
  }
  // Asking keeps a queue alive, so the wait is measured on another queue's message.
  void let_pass(FrameClient& client, int milliseconds) {
    const std::string clock = queue(client, {{"x-message-ttl", i32(milliseconds)}});
    load(client, clock, {"tick"});
    client.await_ready(1, clock, 0);
  }
};

TEST_F(QueueExpiry, AnUnusedQueueGoes) {
  FrameClient client = this->client();
  const std::string q = shared_queue(client, {.arguments = {{"x-expires", i32(20)}}});
  load(client, q, {"publishing is no use"});
  await_gone(client, q);
}

TEST_F(QueueExpiry, AConsumerKeepsItAndItsEndStartsTheClock) {
  FrameClient client = this->client();
  const std::string q = shared_queue(client, {.arguments = {{"x-expires", i32(300)}}});
  client.consume(1, q, {.tag = "t"});
  let_pass(client, 400);
  client.cancel(1, "t");
  EXPECT_TRUE(exists(client, q));
  await_gone(client, q);
}

TEST_F(QueueExpiry, GetAndRedeclareProlongIt) {
  FrameClient client = this->client();
  const Table arguments = {{"x-expires", i32(1000)}};
  const std::string q = shared_queue(client, {.arguments = arguments});
  let_pass(client, 400);
  client.passive(1, q);
  let_pass(client, 400);
  client.declare_queue(1, q, {.arguments = arguments});
  let_pass(client, 400);
  client.get(1, q);
  let_pass(client, 400);
  EXPECT_TRUE(exists(client, q));
  client.delete_queue(1, q);
}

}  // namespace
}  // namespace harrier::test

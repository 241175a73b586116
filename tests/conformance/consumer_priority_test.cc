// Concern: x-priority of consumers: the higher one first, as long as it can take more.
// Plan:    a low and a high consumer on channels of their own; who gets what.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

class ConsumerPriority : public BrokerTest {
 protected:
  void consume_with(FrameClient& client, unsigned channel, const std::string& queue, int priority,
                    unsigned prefetch, bool no_ack = false) {
    client.open_channel(channel);
    client.qos(channel, prefetch);
    client.consume(channel, queue,
                   {.no_ack = no_ack, .arguments = {{"x-priority", i32(priority)}}});
  }
};

TEST_F(ConsumerPriority, TheHigherGetsEverythingWhileItHasCredit) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  consume_with(client, 2, q, 1, 0);
  consume_with(client, 3, q, 10, 0);
  consume_with(client, 4, q, 5, 0);
  load(client, q, {"1", "2", "3"});
  for (const char* body : {"1", "2", "3"})
    EXPECT_EQ(client.deliver(3).body, body);
  client.expect_quiet(2, q);
  client.expect_quiet(4, q);
}

TEST_F(ConsumerPriority, TheLowerGetsWhatTheHigherCannotTake) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  consume_with(client, 2, q, 0, 1);
  consume_with(client, 3, q, 1, 1);
  load(client, q, {"1", "2", "3"});
  EXPECT_EQ(client.deliver(3).body, "1");
  EXPECT_EQ(client.deliver(2).body, "2");
  client.ack(3, 1);
  EXPECT_EQ(client.deliver(3).body, "3");
}

TEST_F(ConsumerPriority, NegativeIsBelowTheDefault) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  consume_with(client, 2, q, -1, 0);
  client.open_channel(3);
  client.consume(3, q);
  load(client, q, {"1"});
  EXPECT_EQ(client.deliver(3).body, "1");
  client.expect_quiet(2, q);
}

TEST_F(ConsumerPriority, EqualOnesTakeTurns) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  consume_with(client, 2, q, 7, 0, true);
  consume_with(client, 3, q, 7, 0, true);
  load(client, q, {"1", "2", "3", "4"});
  for (const unsigned channel : {2u, 3u}) {
    client.deliver(channel);
    client.deliver(channel);
    client.expect_quiet(channel, q);
  }
}

TEST_F(ConsumerPriority, AnyIntegerIsAccepted) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.consume(1, q, {.arguments = {{"x-priority", i64(1'000'000'000'000)}}});
  client.consume(1, q, {.arguments = {{"x-priority", num('b', -128)}}});
}

TEST_F(ConsumerPriority, OtherTypesAreRefused) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  for (const Field& value : {str("high"), boolean(true), f64(1.5), nil()}) {
    client.open_channel(2);
    client.send(2, basic_consume(q, {.arguments = {{"x-priority", value}}}));
    client.expect_channel_close(
        2, 406, "PRECONDITION_FAILED - invalid arg 'x-priority' for queue '", kBasicConsume);
  }
}

}  // namespace
}  // namespace harrier::test

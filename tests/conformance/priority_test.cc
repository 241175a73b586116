// Concern: x-max-priority: who is served first, what is clamped, what overflow drops.
// Plan:    fill without a consumer, then read back.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

using ::testing::ElementsAre;

class PriorityQueue : public BrokerTest {
 protected:
  // Publishes "<priority><letter>" messages; '-' stands for none.
  void fill_by_priority(FrameClient& client, const std::string& queue,
                        const std::vector<std::string>& bodies) {
    for (const std::string& body : bodies) {
      Properties properties;
      if (body[0] != '-') properties.priority = static_cast<std::uint8_t>(std::stoi(body));
      load(client, queue, {body}, properties);
    }
  }
};

TEST_F(PriorityQueue, HigherFirstAndFirstInFirstOutWithin) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-max-priority", i32(10)}});
  fill_by_priority(client, q, {"0a", "9a", "5a", "9b", "0b", "5b"});
  EXPECT_THAT(drain(client, q), ElementsAre("9a", "9b", "5a", "5b", "0a", "0b"));
}

TEST_F(PriorityQueue, AbsentIsZeroAndTooHighIsClamped) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-max-priority", i32(5)}});
  fill_by_priority(client, q, {"-a", "0b", "5c", "200d", "4e"});
  EXPECT_THAT(drain(client, q), ElementsAre("5c", "200d", "4e", "-a", "0b"));
}

TEST_F(PriorityQueue, TheSentPriorityIsDeliveredUnchanged) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-max-priority", i32(5)}});
  fill_by_priority(client, q, {"200a"});
  EXPECT_EQ(client.must_get(1, q).properties.priority, 200);
}

TEST_F(PriorityQueue, ConsumersSeeItToo) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-max-priority", i32(9)}});
  fill_by_priority(client, q, {"0a", "9a", "4a"});
  client.consume(1, q, {.no_ack = true});
  for (const char* body : {"9a", "4a", "0a"})
    EXPECT_EQ(client.deliver(1).body, body);
}

TEST_F(PriorityQueue, RequeuedMessagesKeepTheirPlace) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-max-priority", i32(9)}});
  fill_by_priority(client, q, {"1a", "5a", "5b"});
  client.must_get(1, q, false);
  client.must_get(1, q, false);
  client.nack(1, 2, true, true);
  client.expect_quiet(1, q);
  EXPECT_THAT(drain(client, q), ElementsAre("5a", "5b", "1a"));
}

TEST_F(PriorityQueue, WithoutTheArgumentPrioritiesMeanNothing) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  fill_by_priority(client, q, {"0a", "9b"});
  EXPECT_THAT(drain(client, q), ElementsAre("0a", "9b"));
}

// The head is what would be delivered next: users are surprised, but both peers do it.
TEST_F(PriorityQueue, OverflowDropsFromTheHighestPriority) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-max-priority", i32(9)}, {"x-max-length", i32(2)}});
  fill_by_priority(client, q, {"9a", "1a", "1b"});
  EXPECT_THAT(drain(client, q), ElementsAre("1a", "1b"));
}

TEST_F(PriorityQueue, CountsAreOverAllLevels) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-max-priority", i32(3)}});
  fill_by_priority(client, q, {"0a", "1a", "2a", "3a"});
  EXPECT_EQ(client.passive(1, q).message_count, 4u);
  EXPECT_EQ(client.purge(1, q), 4u);
}

TEST_F(PriorityQueue, ExpiryWorksInEveryLevel) {
  FrameClient client = this->client();
  const std::string q = queue(client, {{"x-max-priority", i32(3)}, {"x-message-ttl", i32(10)}});
  fill_by_priority(client, q, {"0a", "3a"});
  client.await_ready(1, q, 0);
}

}  // namespace
}  // namespace harrier::test

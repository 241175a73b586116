// Concern: basic.get: one message at a time, counted exactly, bound by no prefetch.
// Plan:    empty and full queues, acknowledgements, counts, tags shared with deliveries.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

class BasicGet : public BrokerTest {};

TEST_F(BasicGet, AnEmptyQueueIsSaidSo) {
  FrameClient client = this->client();
  EXPECT_FALSE(client.get(1, queue(client)));
}

TEST_F(BasicGet, CountsWhatIsLeftAfterThisOne) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  fill(client, q, {"1", "2", "3"});
  for (const std::uint32_t left : {2u, 1u, 0u}) {
    EXPECT_EQ(client.must_get(1, q, false).message_count, left);
  }
}

TEST_F(BasicGet, NoAckRemovesAtOnce) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  fill(client, q, {"gone"});
  client.must_get(1, q, true);
  client.close_channel(1);
  client.open_channel(1);
  EXPECT_FALSE(client.get(1, q));
}

TEST_F(BasicGet, WithoutAckComesBackMarkedRedelivered) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  fill(client, q, {"back"});
  EXPECT_FALSE(client.must_get(1, q, false).redelivered);
  client.close_channel(1);
  client.open_channel(1);
  EXPECT_TRUE(client.must_get(1, q, false).redelivered);
}

TEST_F(BasicGet, IsNeverLimitedByPrefetch) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  fill(client, q, {"1", "2", "3"});
  client.qos(1, 1);
  client.qos(1, 1, true);
  for (int i = 0; i < 3; ++i)
    client.must_get(1, q, false);
}

TEST_F(BasicGet, TagsContinueThoseOfDeliveries) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  const std::string other = queue(client);
  fill(client, q, {"1"});
  fill(client, other, {"2"});
  client.consume(1, q);
  EXPECT_EQ(client.deliver(1).delivery_tag, 1u);
  EXPECT_EQ(client.must_get(1, other, false).delivery_tag, 2u);
}

TEST_F(BasicGet, PipelinedGetsAreAnsweredInOrder) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  fill(client, q, {"1", "2"});
  client.send_raw(method_frame(1, basic_get(q, true)) + method_frame(1, basic_get(q, true)) +
                  method_frame(1, basic_get(q, true)));
  for (const char* body : {"1", "2"}) {
    client.expect(1, kBasicGetOk);
    client.frame(1);
    EXPECT_EQ(client.frame(1).payload, body);
  }
  client.expect(1, kBasicGetEmpty);
}

TEST_F(BasicGet, MissingQueueIs404) {
  FrameClient client = this->client();
  client.send(1, basic_get("no-such-q"));
  client.expect_channel_close(1, 404, "NOT_FOUND - no queue 'no-such-q' in vhost '/'", kBasicGet);
}

}  // namespace
}  // namespace harrier::test

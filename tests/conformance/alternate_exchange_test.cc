// Concern: alternate-exchange: where a message goes that this exchange could not route.
// Plan:    used, not used, chained, in a circle, missing, compared at redeclare.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

class AlternateExchange : public BrokerTest {
 protected:
  std::string with_alternate(FrameClient& client, const std::string& alternate) {
    return exchange(client, "direct", {{"alternate-exchange", str(alternate)}});
  }
};

TEST_F(AlternateExchange, TakesWhatMatchedNothing) {
  FrameClient client = this->client();
  const std::string ae = exchange(client, "fanout");
  const std::string x = with_alternate(client, ae);
  const std::string matched = queue(client);
  const std::string rest = queue(client);
  client.bind_queue(1, matched, x, "k");
  client.bind_queue(1, rest, ae, "");
  client.publish(1, x, "k", "routed", {}, {.mandatory = true});
  client.publish(1, x, "other", "unrouted", {}, {.mandatory = true});
  client.expect_quiet(1);
  EXPECT_THAT(drain(client, matched), ::testing::ElementsAre("routed"));
  const Message message = client.must_get(1, rest);
  EXPECT_EQ(message.body, "unrouted");
  EXPECT_EQ(message.exchange, x);
  EXPECT_EQ(message.routing_key, "other");
}

TEST_F(AlternateExchange, IsNotUsedWhenABindingLedToNoQueue) {
  FrameClient client = this->client();
  const std::string ae = exchange(client, "fanout");
  const std::string x = with_alternate(client, ae);
  const std::string dead_end = exchange(client, "direct");
  const std::string rest = queue(client);
  client.bind_queue(1, rest, ae, "");
  client.bind_exchange(1, dead_end, x, "k");
  client.publish(1, x, "k", "m", {}, {.mandatory = true});
  EXPECT_EQ(client.returned(1).reply_code, 312);
  EXPECT_FALSE(client.get(1, rest));
}

TEST_F(AlternateExchange, ChainsUntilOneMatches) {
  FrameClient client = this->client();
  const std::string last = exchange(client, "fanout");
  const std::string middle = with_alternate(client, last);
  const std::string first = with_alternate(client, middle);
  const std::string q = queue(client);
  client.bind_queue(1, q, last, "");
  client.publish(1, first, "k", "m");
  EXPECT_EQ(drain(client, q).size(), 1u);
}

TEST_F(AlternateExchange, CirclesEnd) {
  FrameClient client = this->client();
  const std::string a = name("a");
  const std::string b = with_alternate(client, a);
  client.declare_exchange(1, a, "direct",
                          {.auto_delete = true, .arguments = {{"alternate-exchange", str(b)}}});
  client.publish(1, a, "k", "m", {}, {.mandatory = true});
  EXPECT_EQ(client.returned(1).exchange, a);
}

TEST_F(AlternateExchange, AMissingOneIsIgnored) {
  FrameClient client = this->client();
  const std::string x = with_alternate(client, name("missing"));
  client.publish(1, x, "k", "m", {}, {.mandatory = true});
  EXPECT_EQ(client.returned(1).exchange, x);
}

TEST_F(AlternateExchange, AnInternalOneIsAllowed) {
  FrameClient client = this->client();
  const std::string ae = name("internal");
  client.declare_exchange(1, ae, "fanout", {.auto_delete = true, .internal = true});
  const std::string q = queue(client);
  client.bind_queue(1, q, ae, "");
  client.publish(1, with_alternate(client, ae), "k", "m");
  EXPECT_EQ(drain(client, q).size(), 1u);
}

TEST_F(AlternateExchange, IsComparedAtRedeclare) {
  FrameClient client = this->client();
  const std::string x = with_alternate(client, "one");
  client.declare_exchange(1, x, "direct",
                          {.auto_delete = true, .arguments = {{"alternate-exchange", str("one")}}});
  client.send(1, exchange_declare(
                     x, "direct",
                     {.auto_delete = true, .arguments = {{"alternate-exchange", str("two")}}}));
  client.expect_channel_close(1, 406,
                              "PRECONDITION_FAILED - inequivalent arg 'alternate-exchange' for "
                              "exchange '" +
                                  x +
                                  "' in vhost '/': received 'two' but current is "
                                  "'one'",
                              kExchangeDeclare);
  client.open_channel(1);
  client.send(1, exchange_declare(x, "direct", {.auto_delete = true}));
  client.expect_channel_close(1, 406, "inequivalent arg 'alternate-exchange'", kExchangeDeclare);
}

TEST_F(AlternateExchange, OfTheWrongTypeIsRefused) {
  FrameClient client = this->client();
  const std::string x = name("x");
  client.send(1, exchange_declare(x, "direct", {.arguments = {{"alternate-exchange", i32(1)}}}));
  client.expect_channel_close(1, 406,
                              "PRECONDITION_FAILED - invalid type 'signedint' for arg "
                              "'alternate-exchange' in exchange '" +
                                  x + "' in vhost '/'",
                              kExchangeDeclare);
}

}  // namespace
}  // namespace harrier::test

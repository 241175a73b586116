// Concern: the CC and BCC headers: more routing keys of one publish.
// Plan:    union and single copies, what receivers see, what is refused.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

class CcBcc : public BrokerTest {};

TEST_F(CcBcc, AllKeysRouteAndEachQueueGetsOneCopy) {
  FrameClient client = this->client();
  const std::string a = queue(client);
  const std::string b = queue(client);
  const std::string c = queue(client);
  client.publish(1, "", a, "m", headers({{"CC", strings({b, a, b})}, {"BCC", strings({c, b})}}));
  for (const std::string& q : {a, b, c})
    EXPECT_EQ(drain(client, q).size(), 1u) << q;
}

TEST_F(CcBcc, CcIsKeptAndBccIsRemovedForEverybody) {
  FrameClient client = this->client();
  const std::string a = queue(client);
  const std::string b = queue(client);
  client.publish(1, "", a, "m",
                 headers({{"CC", strings({"x"})}, {"BCC", strings({b})}, {"own", i32(1)}}));
  for (const std::string& q : {a, b}) {
    const Message message = client.must_get(1, q);
    EXPECT_EQ(message.routing_key, a);
    EXPECT_EQ(message.raw_properties, encode(headers({{"CC", strings({"x"})}, {"own", i32(1)}})));
  }
}

TEST_F(CcBcc, WorkThroughExchangesAndBindingsBetweenThem) {
  FrameClient client = this->client();
  const std::string outer = exchange(client, "direct");
  const std::string inner = exchange(client, "direct");
  const std::string q = queue(client);
  client.bind_exchange(1, inner, outer, "cc");
  client.bind_queue(1, q, inner, "cc");
  client.publish(1, outer, "nothing", "m", headers({{"CC", strings({"cc"})}}));
  EXPECT_EQ(drain(client, q).size(), 1u);
}

TEST_F(CcBcc, MandatoryIsContentWithAnyOfThem) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.publish(1, "", name("missing"), "m", headers({{"BCC", strings({q})}}),
                 {.mandatory = true});
  client.expect_quiet(1);
  EXPECT_EQ(drain(client, q).size(), 1u);
}

TEST_F(CcBcc, EmptyArraysChangeNothing) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.publish(1, "", q, "m", headers({{"CC", array({})}, {"BCC", array({})}}));
  EXPECT_EQ(drain(client, q).size(), 1u);
}

TEST_F(CcBcc, ItemsThatAreNoStringsAreIgnored) {
  FrameClient client = this->client();
  const std::string a = queue(client);
  const std::string b = queue(client);
  client.publish(1, "", a, "m", headers({{"CC", array({i32(1), str(b), nil()})}}));
  EXPECT_EQ(drain(client, a).size(), 1u);
  EXPECT_EQ(drain(client, b).size(), 1u);
}

TEST_F(CcBcc, AnythingButAnArrayIsRefused) {
  FrameClient client = this->client();
  for (const char* header : {"CC", "BCC"}) {
    client.open_channel(2);
    client.publish(2, "", "q", "m", headers({{header, str("no array")}}));
    client.expect_channel_close(2, 406,
                                "PRECONDITION_FAILED - invalid message: "
                                "{unacceptable_type_in_header,",
                                kBasicPublish);
  }
}

}  // namespace
}  // namespace harrier::test

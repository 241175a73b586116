// Concern: what happens to a publish before it is in a queue: routing flags, refusals, content.
// Plan:    mandatory and immediate, errors of the publisher, sizes of bodies, properties kept as
// sent.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

class BasicPublish : public BrokerTest {};

TEST_F(BasicPublish, ToTheDefaultExchangeRoutesByQueueName) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.publish(1, "", q, "m");
  const Message message = client.must_get(1, q);
  EXPECT_EQ(message.exchange, "");
  EXPECT_EQ(message.routing_key, q);
  EXPECT_EQ(message.body, "m");
}

TEST_F(BasicPublish, ToAMissingExchangeIs404AndIsSaidOnce) {
  FrameClient client = this->client();
  client.publish(1, "no-such-x", "k", "m");
  client.expect_channel_close(1, 404, "NOT_FOUND - no exchange 'no-such-x' in vhost '/'",
                              kBasicPublish);
  client.open_channel(1);
  client.expect_quiet(1);
}

TEST_F(BasicPublish, UnroutableMandatoryIsReturnedWhole) {
  FrameClient client = this->client();
  Properties properties = headers({{"h", str("v")}});
  properties.content_type = "text/plain";
  properties.message_id = "id-1";
  properties.priority = 3;
  client.publish(1, "amq.direct", "no-route", "the body", properties, {.mandatory = true});
  const Message message = client.returned(1);
  EXPECT_EQ(message.reply_code, 312);
  EXPECT_EQ(message.reply_text, "NO_ROUTE");
  EXPECT_EQ(message.exchange, "amq.direct");
  EXPECT_EQ(message.routing_key, "no-route");
  EXPECT_EQ(message.body, "the body");
  EXPECT_EQ(message.raw_properties, encode(properties));
}

TEST_F(BasicPublish, UnroutableWithoutMandatoryIsDroppedSilently) {
  FrameClient client = this->client();
  client.publish(1, "amq.direct", "no-route", "m");
  client.publish(1, "", "no-such-queue-at-all", "m");
  client.expect_quiet(1);
}

TEST_F(BasicPublish, RoutedMandatoryIsNotReturned) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.publish(1, "", q, "m", {}, {.mandatory = true});
  client.expect_quiet(1);
  EXPECT_EQ(client.must_get(1, q).body, "m");
}

TEST_F(BasicPublish, AReturnedBodyIsSplitLikeADelivery) {
  ConnectOptions options;
  options.frame_max = 4096;
  FrameClient client = this->client(options);
  const std::string body(10'000, 'b');
  client.publish(1, "amq.direct", "no-route", body, {}, {.mandatory = true});
  const Message message = client.returned(1);
  EXPECT_EQ(message.body, body);
  for (const std::size_t size : message.body_frames)
    EXPECT_LE(size, 4088u);
}

TEST_F(BasicPublish, ImmediateIsNotImplemented) {
  FrameClient client = this->client();
  client.publish(1, "", "q", "m", {}, {.immediate = true});
  client.expect_connection_close(540, "NOT_IMPLEMENTED - immediate=true", kBasicPublish);
  expect_broker_serves();
}

TEST_F(BasicPublish, EmptyBodiesHaveNoBodyFrame) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.publish(1, "", q, "");
  const Message message = client.must_get(1, q);
  EXPECT_EQ(message.body, "");
  EXPECT_TRUE(message.body_frames.empty());
}

TEST_F(BasicPublish, EmptyBodyFramesInsideABodyAreNothing) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  client.send_raw(method_frame(1, basic_publish("", q)) + header_frame(1, 4, {}) +
                  body_frame(1, "ab") + body_frame(1, "") + body_frame(1, "cd"));
  EXPECT_EQ(client.must_get(1, q).body, "abcd");
}

// A second content may begin on another channel while the first is incomplete.
TEST_F(BasicPublish, ContentsOfTwoChannelsMayInterleave) {
  FrameClient client = this->client();
  client.open_channel(2);
  const std::string q = queue(client);
  client.send_raw(method_frame(1, basic_publish("", q)) + method_frame(2, basic_publish("", q)) +
                  header_frame(2, 4, {}) + header_frame(1, 4, {}) + body_frame(1, "on") +
                  body_frame(2, "22") + body_frame(1, "e!") + body_frame(2, "22"));
  client.expect_quiet(1);
  client.expect_quiet(2);
  const std::vector<std::string> bodies = drain(client, q);
  EXPECT_THAT(bodies, ::testing::UnorderedElementsAre("one!", "2222"));
}

TEST_F(BasicPublish, ALargeBodyComesBackInFramesOfTheNegotiatedSize) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  std::string body(1'000'000, 'x');
  for (std::size_t i = 0; i < body.size(); ++i)
    body[i] = static_cast<char>(i * 31 % 251);
  client.publish(1, "", q, body);
  const Message message = client.must_get(1, q);
  EXPECT_TRUE(message.body == body);
  EXPECT_EQ(message.body_frames.size(), (body.size() + 131063) / 131064);
  for (const std::size_t size : message.body_frames)
    EXPECT_LE(size, 131064u);
}

TEST_F(BasicPublish, EachReceiverGetsFramesOfItsOwnSize) {
  FrameClient client = this->client();
  const std::string q = shared_queue(client, {.auto_delete = true});
  const std::string body(20'000, 'x');
  client.publish(1, "", q, body);
  ConnectOptions small;
  small.frame_max = 4096;
  FrameClient other = this->client(small);
  const Message message = other.must_get(1, q);
  EXPECT_EQ(message.body, body);
  EXPECT_EQ(message.body_frames.size(), 5u);
  client.delete_queue(1, q);
}

TEST_F(BasicPublish, BodiesAroundTheFrameSize) {
  ConnectOptions options;
  options.frame_max = 4096;
  FrameClient client = this->client(options);
  const std::string q = queue(client);
  for (const std::size_t size : {4087u, 4088u, 4089u, 8176u, 8177u}) {
    const std::string body(size, 's');
    client.publish(1, "", q, body);
    const Message message = client.must_get(1, q);
    EXPECT_EQ(message.body.size(), size);
    EXPECT_EQ(message.body_frames.size(), (size + 4087) / 4088);
  }
}

// Many clients take frame_max for the payload's size: eight octets more are tolerated.
TEST_F(BasicPublish, APayloadOfFrameMaxIsTolerated) {
  ConnectOptions options;
  options.frame_max = 4096;
  FrameClient client = this->client(options);
  const std::string q = queue(client);
  const std::string body(4096, 'f');
  client.send_raw(method_frame(1, basic_publish("", q)) + header_frame(1, body.size(), {}) +
                  body_frame(1, body));
  EXPECT_EQ(client.must_get(1, q).body, body);
}

TEST_F(BasicPublish, AllFourteenPropertiesComeBackAsSent) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  Properties all = headers({{"k", str("v")}});
  all.content_type = "application/json";
  all.content_encoding = "utf-8";
  all.delivery_mode = 2;
  all.priority = 255;
  all.correlation_id = "c";
  all.reply_to = "r";
  all.expiration = "60000";
  all.message_id = "m";
  all.timestamp = 18446744073709551615u;
  all.type = "t";
  all.user_id = "guest";
  all.app_id = "a";
  all.cluster_id = "x";
  client.publish(1, "", q, "m", all);
  EXPECT_EQ(client.must_get(1, q).raw_properties, encode(all));
}

TEST_F(BasicPublish, EachPropertyAloneComesBackAsSent) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  for (unsigned bit = 2; bit <= 15; ++bit) {
    std::string raw = Writer().u16(1u << bit);
    if (bit == 13)
      raw += Writer().table({}).str();
    else if (bit == 12 || bit == 11)
      raw += "\x02";
    else if (bit == 6)
      raw += Writer().u64(1700000000).str();
    else
      raw += Writer().shortstr(bit == 4 ? "guest" : bit == 8 ? "60000" : "value").str();
    client.send_raw(method_frame(1, basic_publish("", q)) + raw_header_frame(1, 1, raw) +
                    body_frame(1, "m"));
    EXPECT_EQ(client.must_get(1, q).raw_properties, raw) << bit;
  }
}

TEST_F(BasicPublish, AnyDeliveryModeIsAccepted) {
  REQUIRES_HARRIER("3.10 refuses all but 1 and 2; later versions take them for transient");
  FrameClient client = this->client();
  const std::string q = queue(client);
  for (const std::uint8_t mode :
       {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{3}, std::uint8_t{255}}) {
    Properties properties;
    properties.delivery_mode = mode;
    client.publish(1, "", q, "m", properties);
    EXPECT_EQ(client.must_get(1, q).properties.delivery_mode, mode);
  }
}

class UserId : public BrokerTest {};

TEST_F(UserId, OfAnotherUserIsRefused) {
  FrameClient client = this->client();
  Properties properties;
  properties.user_id = "somebody";
  client.publish(1, "", "q", "m", properties);
  client.expect_channel_close(1, 406,
                              "PRECONDITION_FAILED - user_id property set to 'somebody' but "
                              "authenticated user was 'guest'",
                              kBasicPublish);
}

TEST_F(UserId, OfTheAuthenticatedUserIsKept) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  Properties properties;
  properties.user_id = "guest";
  client.publish(1, "", q, "m", properties);
  EXPECT_EQ(client.must_get(1, q).properties.user_id, "guest");
}

class MaxMessageSize : public BrokerTest {};

TEST_F(MaxMessageSize, AMessageOfExactlyTheLimitPassesOneMoreOctetDoesNot) {
  REQUIRES_OWN_BROKER();
  Options options = test_options();
  options.connection.max_message_size = 100'000;
  Broker broker(options);
  FrameClient client(broker.endpoint(), ConnectOptions{});
  client.open_channel(1);
  const std::string q = client.declare_queue(1, "", {.exclusive = true}).queue;
  client.publish(1, "", q, std::string(100'000, 'x'));
  EXPECT_EQ(client.must_get(1, q).body.size(), 100'000u);
  client.publish(1, "", q, std::string(100'001, 'x'));
  client.expect_channel_close(1, 406,
                              "PRECONDITION_FAILED - message size 100001 is larger than configured "
                              "max size 100000",
                              kBasicPublish);
  client.open_channel(1);
  client.expect_quiet(1);
}

}  // namespace
}  // namespace harrier::test

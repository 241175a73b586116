// Permissions on a channel: topic keys of a publish, and what a change of permissions does to what
// the channel remembers.

#include "channel_fixture.h"

namespace harrier::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ChannelPermissions : public ChannelFixture {
 protected:
  void give(const std::vector<broker::PermissionRule>& rules,
            const std::vector<broker::TopicPermissionRule>& topic_rules = {}) {
    broker.act([&] { broker.host.set_access(permissions(rules, topic_rules)); });
  }
  static amqp::FieldTable copies(const char* header, std::string_view key) {
    amqp::FieldTable headers;
    amqp::FieldArray keys;
    keys.add_string(key);
    headers.add_array(header, keys);
    return headers;
  }
};

TEST_F(ChannelPermissions, ARememberedRouteIsForgottenWithThePermissions) {
  auto client = connect();
  client->declare("q").quiet();
  client->publish(1, "q", "a").publish(1, "q", "b");  // the second by the remembered route
  EXPECT_EQ(client->close_text(), "no close");
  give({{"guest", "/", ".*", "^other$", ".*"}});
  client->publish(1, "q", "c");
  EXPECT_EQ(client->close_text(),
            "403 ACCESS_REFUSED - write access to exchange 'amq.default' in vhost '/' refused for "
            "user 'guest'");
  EXPECT_EQ(broker.host.find_queue("q")->ready_count(), 2u);
}

// Another key to the same exchange: no route is remembered, but the exchange is.
TEST_F(ChannelPermissions, ARememberedExchangeIsForgottenWithThePermissions) {
  auto client = connect();
  client->publish(1, "a", "a", {.exchange = "amq.direct"});
  client->publish(1, "b", "b", {.exchange = "amq.direct"});
  EXPECT_EQ(client->close_text(), "no close");
  give({{"guest", "/", ".*", "^amq.topic$", ".*"}});
  client->publish(1, "c", "c", {.exchange = "amq.direct"});
  EXPECT_THAT(client->close_text(), HasSubstr("write access to exchange 'amq.direct'"));
}

TEST_F(ChannelPermissions, ARememberedExchangeIsForgottenWhenItGoes) {
  auto client = connect();
  amqp::ExchangeDeclare declare;
  declare.exchange = "x";
  declare.type = "direct";
  client->send(1, declare).quiet();
  client->publish(1, "a", "a", {.exchange = "x"}).publish(1, "b", "b", {.exchange = "x"});
  client->send(1, amqp::ExchangeDelete{0, "x"});
  EXPECT_EQ(client->close_text(), "no close");
  client->publish(1, "c", "c", {.exchange = "x"});
  EXPECT_EQ(client->close_text(), "404 NOT_FOUND - no exchange 'x' in vhost '/'");
}

TEST_F(ChannelPermissions, ARefusedExchangeIsNotRemembered) {
  auto client = connect(1, {}, "reader");
  for (int i = 0; i < 2; ++i) {
    client->publish(1, "a", "a", {.exchange = "amq.direct"});
    EXPECT_THAT(client->close_text(), HasSubstr("write access to exchange 'amq.direct'"));
    client->send(1, amqp::ChannelCloseOk{}).open();
  }
}

TEST_F(ChannelPermissions, WhatIsGivenBackIsThereAtOnce) {
  auto client = connect();
  client->declare("q").quiet();
  give({});
  client->publish(1, "q", "a");
  EXPECT_THAT(client->close_text(), HasSubstr("403 ACCESS_REFUSED - write access"));
  client->send(1, amqp::ChannelCloseOk{}).open();
  give({everything("guest")});
  client->publish(1, "q", "b").publish(1, "q", "c");
  EXPECT_EQ(client->close_text(), "no close");
  EXPECT_EQ(broker.host.find_queue("q")->ready_count(), 2u);
}

TEST_F(ChannelPermissions, ATopicPermissionTakenAwayIsFeltByTheSameKey) {
  auto client = connect();
  const PublishOptions to_topic{.exchange = "amq.topic"};
  client->declare("q").send(1, amqp::QueueBind{0, "q", "amq.topic", "#"}).quiet();
  client->publish(1, "k", "a", to_topic).publish(1, "k", "b", to_topic);
  give({everything("guest")}, {{"guest", "/", "amq.topic", "^other$", ".*"}});
  client->publish(1, "k", "c", to_topic);
  EXPECT_EQ(client->close_text(),
            "403 ACCESS_REFUSED - write access to topic 'k' in exchange 'amq.topic' in vhost '/' "
            "refused for user 'guest'");
  EXPECT_EQ(broker.host.find_queue("q")->ready_count(), 2u);
}

// As RabbitMQ without OAuth 2: what was allowed when it began goes on.
TEST_F(ChannelPermissions, ConsumersThatAreThereGoOn) {
  auto client = connect();
  auto publisher = connect(2, {}, "ali");
  client->declare("q").consume("q", "t", true).quiet();
  give({everything("ali"), {"guest", "/", "", "", ""}});
  publisher->publish(1, "q", "a");
  EXPECT_THAT(client->take(), ElementsAre(HasSubstr("deliver")));
  client->consume("q", "u");
  EXPECT_EQ(client->close_text(),
            "403 ACCESS_REFUSED - read access to queue 'q' in vhost '/' refused for user 'guest'");
}

TEST_F(ChannelPermissions, EveryKeyOfAMessageToATopicExchangeIsAsked) {
  give({everything("guest")}, {{"guest", "/", "amq.topic", "^mine\\.", ".*"}});
  struct Case {
    const char* key;
    const char* header;
    const char* copy;
    bool allowed;
  };
  for (const Case& c : {Case{"mine.a", "CC", "mine.b", true}, Case{"mine.a", "BCC", "mine.b", true},
                        Case{"mine.a", "CC", "x", false}, Case{"mine.a", "BCC", "x", false},
                        Case{"x", "CC", "mine.b", false}, Case{"x", "BCC", "mine.b", false}}) {
    auto client = connect();
    const std::string refused = c.key[0] == 'x' ? c.key : c.copy;
    client->publish(1, c.key, "a", {.exchange = "amq.topic", .headers = copies(c.header, c.copy)});
    EXPECT_EQ(client->close_text(),
              c.allowed ? "no close"
                        : "403 ACCESS_REFUSED - write access to topic '" + refused +
                              "' in exchange 'amq.topic' in vhost '/' refused for user 'guest'")
        << c.key << " " << c.header << " " << c.copy;
  }
}

TEST_F(ChannelPermissions, TopicRulesAreForTopicExchangesOnly) {
  give({everything("guest")}, {{"guest", "/", "amq.direct", "", ""}, {"guest", "/", "", "", ""}});
  auto client = connect();
  client->declare("q").send(1, amqp::QueueBind{0, "q", "amq.direct", "k"}).quiet();
  client->publish(1, "k", "a", {.exchange = "amq.direct"}).publish(1, "q", "b");
  EXPECT_EQ(client->close_text(), "no close");
  EXPECT_EQ(broker.host.find_queue("q")->ready_count(), 2u);
}

TEST_F(ChannelPermissions, BindingsToATopicExchangeAskForTheirKey) {
  give({everything("guest")}, {{"guest", "/", "amq.topic", "", "^mine\\."}});
  const auto answer = [&](const amqp::Method& method) {
    auto client = connect();
    client->declare("q").send(1, method);
    return client->close_text();
  };
  const std::string refused =
      "403 ACCESS_REFUSED - read access to topic '#' in exchange 'amq.topic' in vhost '/' refused "
      "for user 'guest'";
  EXPECT_EQ(answer(amqp::QueueBind{0, "q", "amq.topic", "mine.#"}), "no close");
  EXPECT_EQ(answer(amqp::QueueBind{0, "q", "amq.topic", "#"}), refused);
  EXPECT_EQ(answer(amqp::QueueUnbind{0, "q", "amq.topic", "#"}), refused);
  EXPECT_EQ(answer(amqp::QueueUnbind{0, "q", "amq.topic", "mine.#"}), "no close");
  EXPECT_EQ(answer(amqp::ExchangeBind{0, "amq.fanout", "amq.topic", "mine.#"}), "no close");
  EXPECT_EQ(answer(amqp::ExchangeBind{0, "amq.fanout", "amq.topic", "#"}), refused);
  EXPECT_EQ(answer(amqp::ExchangeUnbind{0, "amq.fanout", "amq.topic", "#"}), refused);
  EXPECT_EQ(answer(amqp::QueueBind{0, "q", "amq.direct", "#"}), "no close");
}

}  // namespace
}  // namespace harrier::test

// Limits of virtual hosts and users as a client meets them.

#include "channel_fixture.h"

namespace harrier::test {
namespace {

using broker::LimitKind;

class ChannelLimitsTest : public ChannelFixture {
 protected:
  void limit(const broker::TenantLimits& limits) {
    broker.act([&] { broker.host.set_limits(limits); });
  }
  void limit_user(const broker::UserLimits& limits) {
    account->set_limits(limits, Milliseconds(1'000));
  }
  // With an account, no channel open.
  std::unique_ptr<TestSession> come(std::uint64_t id) {
    return std::make_unique<TestSession>(broker, id, session::SessionLimits{}, "guest", account);
  }
  std::uint64_t refused(LimitKind kind) {
    return broker.host.counters().limit_refusals_of(kind).value();
  }

  std::shared_ptr<broker::UserAccount> account = std::make_shared<broker::UserAccount>();
};

TEST_F(ChannelLimitsTest, TheConnectionAfterTheLastIsRefusedUntilOneGoes) {
  limit({.connections_max = 2});
  auto one = come(1), two = come(2), three = come(3);
  EXPECT_EQ(two->close_text(), "no close");
  EXPECT_EQ(three->close_text(),
            "530 NOT_ALLOWED - access to vhost '/' refused for user 'guest': connection limit (2) "
            "is reached");
  EXPECT_TRUE(three->session().released());
  EXPECT_EQ(broker.host.counters().connections.value(), 2u);
  EXPECT_EQ(refused(LimitKind::kVirtualHostConnections), 1u);
  one->close();
  EXPECT_EQ(come(4)->close_text(), "no close");
}

TEST_F(ChannelLimitsTest, NoPermissionIsSaidBeforeALimit) {
  limit({.connections_max = 0});
  TestSession stranger(broker, 1, {}, "stranger");
  EXPECT_EQ(stranger.close_text(),
            "530 NOT_ALLOWED - access to vhost '/' refused for user 'stranger'");
  EXPECT_EQ(refused(LimitKind::kVirtualHostConnections), 0u);
}

TEST_F(ChannelLimitsTest, AUsersConnections) {
  limit_user({.connections_max = 1});
  auto one = come(1), two = come(2);
  EXPECT_EQ(two->close_text(),
            "530 NOT_ALLOWED - Connection refused for user 'guest': user connection limit (1) is "
            "reached");
  EXPECT_EQ(refused(LimitKind::kUserConnections), 1u);
  EXPECT_EQ(account->connections().count(), 1u);
  // Two refused or gone give back no more than they took.
  two.reset();
  one->close();
  EXPECT_EQ(account->connections().count(), 0u);
}

TEST_F(ChannelLimitsTest, AUsersChannelsOverAllConnections) {
  limit_user({.channels_max = 3});
  auto one = come(1), two = come(2);
  one->open(1).open(2);
  two->open(1);
  EXPECT_EQ(two->close_text(), "no close");
  two->open(2);
  EXPECT_EQ(two->close_text(),
            "530 NOT_ALLOWED - number of channels opened for user 'guest' has reached the maximum "
            "allowed user limit of (3)");
  EXPECT_EQ(refused(LimitKind::kUserChannels), 1u);
  // The second connection has ended with its channel.
  EXPECT_EQ(account->channels().count(), 2u);
  one->send(1, amqp::ChannelClose{});
  EXPECT_EQ(account->channels().count(), 1u);
  one->open(1).open(3);
  EXPECT_EQ(one->close_text(), "no close");
}

TEST_F(ChannelLimitsTest, TheNodesChannelsOverAllConnections) {
  broker::CountedPlaces all;
  all.set_limit(3);
  TestSession one(broker, 1, {}, "guest", account, &all);
  TestSession two(broker, 2, {}, "guest", account, &all);
  one.open(1).open(2);
  two.open(1);
  EXPECT_EQ(two.close_text(), "no close");
  two.open(2);
  EXPECT_EQ(two.close_text(),
            "530 NOT_ALLOWED - number of channels opened on the node has reached the maximum "
            "allowed limit of (3)");
  EXPECT_EQ(refused(LimitKind::kNodeChannels), 1u);
  // The second connection has ended with its channel, and took none of the user's for the other.
  EXPECT_EQ(all.count(), 2u);
  EXPECT_EQ(account->channels().count(), 2u);
  EXPECT_EQ(broker.host.counters().channels.value(), 2u);
  one.open(3);
  EXPECT_EQ(one.close_text(), "no close");
  all.set_limit(1);
  one.send(3, amqp::ChannelClose{});
  EXPECT_EQ(all.count(), 2u);
  EXPECT_EQ(one.close_text(), "no close");
}

TEST_F(ChannelLimitsTest, AVirtualHostsChannels) {
  limit({.channels_max = 1});
  auto one = come(1);
  one->open(1).open(2);
  EXPECT_EQ(one->close_text(),
            "530 NOT_ALLOWED - number of channels opened in vhost '/' has reached the maximum "
            "allowed limit of (1)");
  EXPECT_EQ(refused(LimitKind::kVirtualHostChannels), 1u);
  EXPECT_EQ(account->channels().count(), 0u);
}

TEST_F(ChannelLimitsTest, AVirtualHostsConsumers) {
  limit({.consumers_max = 1});
  auto one = connect();
  one->declare("q").consume("q", "a");
  EXPECT_EQ(one->close_text(), "no close");
  one->consume("q", "b");
  EXPECT_EQ(one->close_text(), "530 NOT_ALLOWED - reached maximum (1) of consumers in vhost '/'");
  EXPECT_EQ(refused(LimitKind::kVirtualHostConsumers), 1u);
}

TEST_F(ChannelLimitsTest, AUsersConsumersOverAllConnections) {
  limit_user({.consumers_max = 2});
  auto one = come(1), two = come(2);
  one->open(1).declare("q").consume("q", "a");
  two->open(1).consume("q", "b");
  EXPECT_EQ(two->close_text(), "no close");
  two->consume("q", "c");
  EXPECT_EQ(two->close_text(),
            "530 NOT_ALLOWED - reached maximum (2) of consumers for user 'guest'");
  EXPECT_EQ(refused(LimitKind::kUserConsumers), 1u);
  // The second connection has ended with its consumer.
  EXPECT_EQ(account->consumers().count(), 1u);
}

TEST_F(ChannelLimitsTest, AUsersConsumerGivesItsPlaceBackHoweverItEnds) {
  limit_user({.consumers_max = 1});
  auto one = come(1);
  one->open(1).declare("q").declare("gone").consume("q", "a");
  one->send(1, amqp::BasicCancel{"a", false});
  EXPECT_EQ(account->consumers().count(), 0u);
  one->consume("amq.rabbitmq.reply-to", "replies", true);
  EXPECT_EQ(account->consumers().count(), 1u);
  one->send(1, amqp::BasicCancel{"replies", false});
  EXPECT_EQ(account->consumers().count(), 0u);
  one->consume("gone", "b");
  EXPECT_EQ(account->consumers().count(), 1u);
  one->send(1, amqp::QueueDelete{.queue = "gone"});
  EXPECT_EQ(account->consumers().count(), 0u);
  // One that is refused for another reason took none.
  one->open(2).consume("q", "c").send(1, amqp::ChannelClose{});
  EXPECT_EQ(account->consumers().count(), 0u);
  one->open(1).consume("nowhere", "d");
  EXPECT_EQ(account->consumers().count(), 0u);
  EXPECT_EQ(refused(LimitKind::kUserConsumers), 0u);
}

TEST_F(ChannelLimitsTest, AConnectionsConsumersOverAllItsChannels) {
  session::SessionLimits limits;
  limits.consumers_per_connection_max = 2;
  TestSession one(broker, 1, limits, "guest", account);
  one.open(1).open(2).declare("q").consume("q", "a");
  one.send(2, amqp::BasicConsume{.queue = "q", .consumer_tag = "b"});
  EXPECT_EQ(one.close_text(), "no close");
  one.send(2, amqp::BasicConsume{.queue = "q", .consumer_tag = "c"});
  EXPECT_EQ(one.close_text(), "530 NOT_ALLOWED - reached maximum (2) of consumers per connection");
  EXPECT_EQ(refused(LimitKind::kConnectionConsumers), 1u);
  EXPECT_EQ(account->consumers().count(), 0u);
}

TEST_F(ChannelLimitsTest, ALargerMessageClosesItsChannel) {
  limit({.message_size_max = 2});
  auto one = connect();
  one->declare("q").publish(1, "q", "12");
  EXPECT_EQ(one->close_text(), "no close");
  one->publish(1, "q", "123");
  EXPECT_EQ(one->close_text(),
            "406 PRECONDITION_FAILED - message size 3 is larger than configured max size 2");
  EXPECT_EQ(broker.host.counters().published.value(), 1u);
}

TEST_F(ChannelLimitsTest, AUsersLargerMessageClosesItsChannel) {
  limit_user({.message_size_max = 2});
  auto one = come(1);
  one->open(1).declare("q").publish(1, "q", "12");
  EXPECT_EQ(one->close_text(), "no close");
  one->publish(1, "q", "123");
  EXPECT_EQ(one->close_text(),
            "406 PRECONDITION_FAILED - message size 3 is larger than configured max size 2");
  EXPECT_EQ(broker.host.counters().published.value(), 1u);
  EXPECT_EQ(refused(LimitKind::kUserMessageSize), 1u);
  EXPECT_EQ(refused(LimitKind::kVirtualHostMessageSize), 0u);
  // A change counts at once, and other users are not meant.
  limit_user({.message_size_max = 3});
  one->open(2).publish(2, "q", "123");
  EXPECT_EQ(broker.host.counters().published.value(), 2u);
  connect()->publish(1, "q", "1234");
  EXPECT_EQ(broker.host.counters().published.value(), 3u);
}

TEST_F(ChannelLimitsTest, OverAQuotaThatRejectsAPublisherIsNacked) {
  limit({.stored_bytes_max = 5, .quota_action = broker::QuotaAction::kReject});
  auto one = connect();
  one->declare("q").send(1, amqp::ConfirmSelect{}).quiet();
  one->publish(1, "q", "12345");
  EXPECT_THAT(one->take(), ::testing::ElementsAre(::testing::HasSubstr("basic.ack")));
  one->publish(1, "q", "6");
  EXPECT_THAT(one->take(), ::testing::ElementsAre(::testing::HasSubstr("basic.nack")));
  one->get("q", true).quiet();
  one->publish(1, "q", "6");
  EXPECT_THAT(one->take(), ::testing::ElementsAre(::testing::HasSubstr("basic.ack")));
}

}  // namespace
}  // namespace harrier::test

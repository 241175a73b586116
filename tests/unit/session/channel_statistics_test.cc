// What channels, exchanges, sessions and the virtual host say they have counted, against scripted
// traffic.
#include "session/channel_statistics.h"

#include "session/channel.h"
#include "unit/session/channel_fixture.h"

namespace harrier::test {
namespace {

using broker::MessageEvent;

class ChannelStatisticsTest : public ChannelFixture {
 protected:
  static const session::Channel& channel(TestSession& client, std::uint16_t number = 1) {
    return *client.session().channels().at(ChannelNumber(number));
  }
  static std::uint64_t total(TestSession& client, MessageEvent event, std::uint16_t number = 1) {
    return channel(client, number).totals()[static_cast<std::size_t>(event)];
  }
  std::uint64_t of_exchange(std::string_view name, MessageEvent event) {
    return broker.host.traffic_of(broker.host.find_exchange(name))
        .counts(broker.now().monotonic)
        .total(event);
  }
};

TEST_F(ChannelStatisticsTest, PublishesAreCountedWhereverTheyGo) {
  TestSession client(broker, 1);
  client.open().declare("q");
  client.send(1, amqp::ExchangeDeclare{.exchange = "x", .type = "fanout"});
  client.send(1, amqp::QueueBind{.queue = "q", .exchange = "x"});
  client.declare("other");
  client.send(1, amqp::QueueBind{.queue = "other", .exchange = "x"});
  client.call([&] {
    for (int i = 0; i != 3; ++i)
      client.publish_now(1, "q", "direct");
    for (int i = 0; i != 2; ++i)
      client.publish_now(1, "any", std::string(500, 'x'), {.exchange = "x"});
    client.publish_now(1, "nowhere", "dropped");
    client.publish_now(1, "nowhere", "returned", {.mandatory = true});
  });
  EXPECT_EQ(total(client, MessageEvent::kPublish), 7u);
  EXPECT_EQ(total(client, MessageEvent::kDropUnroutable), 1u);
  EXPECT_EQ(total(client, MessageEvent::kReturnUnroutable), 1u);
  EXPECT_EQ(of_exchange("", MessageEvent::kPublishIn), 5u);
  EXPECT_EQ(of_exchange("", MessageEvent::kPublishOut), 3u);
  EXPECT_EQ(of_exchange("x", MessageEvent::kPublishIn), 2u);
  EXPECT_EQ(of_exchange("x", MessageEvent::kPublishOut), 4u);
  const auto& counters = broker.host.counters();
  EXPECT_EQ(counters.published.value(), 7u);
  EXPECT_EQ(counters.routed.value(), 7u);
  EXPECT_EQ(counters.publishers.value(), 1u);
  EXPECT_EQ(counters.message_sizes.count_in(0), 5u);
  EXPECT_EQ(counters.message_sizes.count_in(1), 2u);
  EXPECT_EQ(counters.message_sizes.sum(), 3 * 6 + 2 * 500 + 7 + 8u);
}

TEST_F(ChannelStatisticsTest, WhatIsUnroutableIsCountedByExchange) {
  TestSession client(broker, 1);
  client.open();
  client.send(1, amqp::ExchangeDeclare{.exchange = "x", .type = "fanout"});
  client.call([&] {
    for (int i = 0; i != 3; ++i)
      client.publish_now(1, "k", "dropped", {.exchange = "x"});
    client.publish_now(1, "k", "returned", {.exchange = "x", .mandatory = true});
    client.publish_now(1, "nowhere", "returned", {.mandatory = true});
  });
  client.open(2).send(2, amqp::TxSelect{});
  client.call([&] {
    client.publish_now(2, "k", "dropped", {.exchange = "x"});
    client.publish_now(2, "k", "returned", {.exchange = "x", .mandatory = true});
  });
  const auto unroutable = [this](std::string_view name) {
    const auto& traffic = broker.host.traffic_of(broker.host.find_exchange(name));
    return std::pair(traffic.dropped(), traffic.returned());
  };
  using Counted = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_EQ(unroutable("x"), Counted(3, 1));
  EXPECT_EQ(unroutable(""), Counted(0, 1));
  client.send(2, amqp::TxCommit{});
  EXPECT_EQ(unroutable("x"), Counted(4, 2));
}

TEST_F(ChannelStatisticsTest, AnExchangeDeletedInTheSameTurnTakesItsCountWithIt) {
  TestSession client(broker, 1);
  client.open();
  client.send(1, amqp::ExchangeDeclare{.exchange = "x", .type = "fanout"});
  client.call([&] {
    client.publish_now(1, "k", "body", {.exchange = "x"});
    client.session().method(ChannelNumber(1), amqp::ExchangeDelete{.exchange = "x"});
  });
  EXPECT_EQ(total(client, MessageEvent::kPublish), 1u);
  EXPECT_EQ(of_exchange("", MessageEvent::kPublishIn), 0u);
}

TEST_F(ChannelStatisticsTest, ConfirmsAreCountedWhenTheyLeave) {
  TestSession client(broker, 1);
  client.open().declare("q", {}, true).send(1, amqp::ConfirmSelect{});
  hold_commits();
  client.publish(1, "q", "1", {.persistent = true}).publish(1, "q", "2", {.persistent = true});
  EXPECT_EQ(total(client, MessageEvent::kConfirm), 0u);
  EXPECT_EQ(channel(client).read().unconfirmed, 2u);
  EXPECT_EQ(broker.host.counters().published_confirm.value(), 2u);
  EXPECT_EQ(broker.host.counters().confirmed.value(), 0u);
  broker.skip(Milliseconds(3));
  commit();
  EXPECT_EQ(total(client, MessageEvent::kConfirm), 2u);
  EXPECT_EQ(channel(client).read().unconfirmed, 0u);
  EXPECT_EQ(broker.host.counters().confirmed.value(), 2u);
  EXPECT_EQ(broker.host.counters().confirm_latency.count_in(2), 2u);
  EXPECT_EQ(broker.host.counters().confirm_latency.sum(), 6u);
}

TEST_F(ChannelStatisticsTest, RefusedPublishesAreNoConfirms) {
  amqp::FieldTable arguments;
  arguments.add_long("x-max-length", 1).add_string("x-overflow", "reject-publish");
  TestSession client(broker, 1);
  client.open().declare("q", arguments).send(1, amqp::ConfirmSelect{});
  client.publish(1, "q", "1").publish(1, "q", "2");
  EXPECT_EQ(total(client, MessageEvent::kConfirm), 1u);
  EXPECT_EQ(total(client, MessageEvent::kPublish), 2u);
  broker::QueueReading reading;
  broker.act([&] { broker.host.find_queue("q")->read(reading); });
  EXPECT_EQ(reading.fates.refused, 1u);
}

TEST_F(ChannelStatisticsTest, DeliveriesAreCountedByHowTheyCame) {
  TestSession client(broker, 1);
  client.open().open(2).declare("q").declare("auto");
  for (int i = 0; i != 5; ++i)
    client.publish(1, "q", "x").publish(1, "auto", "x");
  client.get("q").get("q", true).get("auto");
  client.consume("q", "c", false, 1).consume("auto", "a", true, 2);
  client.ack(1, 1).ack(1, 4);
  EXPECT_EQ(total(client, MessageEvent::kGet), 2u);
  EXPECT_EQ(total(client, MessageEvent::kGetNoAck), 1u);
  EXPECT_EQ(total(client, MessageEvent::kDeliver), 3u);
  EXPECT_EQ(total(client, MessageEvent::kAck), 2u);
  EXPECT_EQ(total(client, MessageEvent::kDeliverNoAck, 2), 4u);
  EXPECT_EQ(channel(client).read().unacked, 3u);
  const auto& classic = broker.host.counters().by_type[0];
  EXPECT_EQ(classic.got_manual_ack.value(), 2u);
  EXPECT_EQ(classic.got_auto_ack.value(), 1u);
  EXPECT_EQ(classic.delivered_manual_ack.value(), 3u);
  EXPECT_EQ(classic.delivered_auto_ack.value(), 4u);
  EXPECT_EQ(classic.acknowledged.value(), 2u);
  EXPECT_EQ(broker.host.counters().delivered(), 10u);
}

TEST_F(ChannelStatisticsTest, AnEmptyQueueIsCountedForWhoAsked) {
  TestSession client(broker, 1);
  client.open().declare("q").get("q").get("q", true);
  EXPECT_EQ(total(client, MessageEvent::kGetEmpty), 2u);
  EXPECT_EQ(broker.host.counters().by_type[0].get_empty.value(), 2u);
}

TEST_F(ChannelStatisticsTest, ATransactionCountsWhenItIsCommitted) {
  TestSession client(broker, 1);
  client.open().declare("q").send(1, amqp::TxSelect{});
  client.publish(1, "q", "1").publish(1, "nowhere", "2");
  EXPECT_EQ(total(client, MessageEvent::kPublish), 0u);
  EXPECT_EQ(channel(client).read().uncommitted, 2u);
  client.send(1, amqp::TxRollback{});
  client.publish(1, "q", "3").publish(1, "nowhere", "4").send(1, amqp::TxCommit{});
  EXPECT_EQ(total(client, MessageEvent::kPublish), 2u);
  EXPECT_EQ(total(client, MessageEvent::kDropUnroutable), 1u);
  EXPECT_EQ(of_exchange("", MessageEvent::kPublishOut), 1u);
  EXPECT_EQ(channel(client).read().uncommitted, 0u);
}

TEST_F(ChannelStatisticsTest, WhatEndedChannelsCountedStaysTheSessions) {
  TestSession client(broker, 1);
  client.open().declare("q").open(2).publish(2, "q", "x");
  EXPECT_EQ(broker.host.counters().channels_opened.value(), 2u);
  client.send(2, amqp::ChannelClose{});
  EXPECT_EQ(client.session().channels().size(), 1u);
  EXPECT_EQ(client.session().counts().total(MessageEvent::kPublish), 1u);
  EXPECT_EQ(broker.host.counters().publishers.value(), 0u);
  EXPECT_EQ(broker.host.counters().channels_closed.value(), 1u);
}

TEST_F(ChannelStatisticsTest, ABusyChannelHasRatesAndAQuietOneIsIdleSinceThen) {
  TestSession client(broker, 1);
  client.open().declare("q");
  for (int second = 0; second != 12; ++second) {
    client.publish(1, "q", "1").publish(1, "q", "2");
    broker.pass(Milliseconds(1'000));
  }
  session::ChannelReading busy;
  client.call([&] { busy = channel(client).read(); });
  EXPECT_NEAR(busy.counts.rate(MessageEvent::kPublish), 2, 0.5);
  EXPECT_FALSE(busy.idle_since.has_value());
  broker.pass(Milliseconds(20'000));
  const session::ChannelReading quiet = channel(client).read();
  EXPECT_EQ(quiet.counts.rate(MessageEvent::kPublish), 0);
  EXPECT_TRUE(quiet.idle_since.has_value());
  EXPECT_EQ(broker.host.next_deadline(), base::kNever);
}

TEST_F(ChannelStatisticsTest, TheOldestUnackedDeliveryIsFoundByQueue) {
  TestSession client(broker, 1);
  client.open().declare("q").declare("other").consume("other", "o").consume("q", "c");
  client.publish(1, "other", "1");
  broker.skip(Milliseconds(50));
  const base::MonotonicTime then = broker.now().monotonic;
  client.publish(1, "q", "2");
  broker.skip(Milliseconds(50));
  client.publish(1, "q", "3");
  EXPECT_EQ(channel(client).oldest_unacked_of(*broker.host.find_queue("q")), then);
  client.ack(1, 2);
  EXPECT_EQ(channel(client).oldest_unacked_of(*broker.host.find_queue("q")),
            then + Milliseconds(50));
}

}  // namespace
}  // namespace harrier::test

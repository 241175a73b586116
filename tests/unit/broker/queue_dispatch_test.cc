// Who gets a queue's messages, and in what order.

#include "queue_fixture.h"

namespace harrier::test {
namespace {

using QueueDispatch = QueueFixture;

TEST_F(QueueDispatch, keeps_publish_order) {
  const QueueRef queue = declare("q");
  publish_all("q", {"1", "2", "3"});
  TestChannel channel(broker);
  channel.consume(*queue, "c");
  publish("q", "4");
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1", "2", "3", "4"}));
  EXPECT_EQ(queue->unacked_count(), 4u);
  EXPECT_EQ(queue->ready_count(), 0u);
}

TEST_F(QueueDispatch, round_robin_among_equals) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  channel.consume(*queue, "b");
  channel.consume(*queue, "c");
  publish_all("q", {"1", "2", "3", "4"});
  EXPECT_EQ(channel.take_tagged(), (Bodies{"a:1", "b:2", "c:3", "a:4"}));
}

TEST_F(QueueDispatch, round_robin_goes_on_over_waiting_messages) {
  const QueueRef queue = declare("q");
  publish_all("q", {"1", "2", "3", "4"});
  TestChannel channel(broker);
  ASSERT_TRUE(channel.attach(*queue, channel.options("a")).ok());
  ASSERT_TRUE(channel.attach(*queue, channel.options("b")).ok());
  broker.act([&] {
    // Both in one turn, so that the queue finds two.
    channel.credit.set_limit(0, 0);
  });
  channel.output_credit.set_limit(1, 0);
  channel.output_credit.take(1);
  channel.activate("a");
  channel.activate("b");
  EXPECT_EQ(channel.take_bodies(), Bodies{});
  broker.act([&] { channel.output_credit.give(1); });
  EXPECT_EQ(channel.take_tagged(), (Bodies{"a:1", "b:2", "a:3", "b:4"}));
}

TEST_F(QueueDispatch, higher_consumer_priority_first_while_it_has_credit) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  channel.consume(*queue, "low");
  auto options = channel.options("high", 2);
  options.priority = 5;
  channel.consume(*queue, options);
  publish_all("q", {"1", "2", "3"});
  EXPECT_EQ(channel.take_tagged(), (Bodies{"high:1", "high:2", "low:3"}));
  channel.ack(1);
  publish("q", "4");
  EXPECT_EQ(channel.take_tagged(), (Bodies{"high:4"}));
}

TEST_F(QueueDispatch, negative_consumer_priority_waits_for_all_others) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  auto options = channel.options("last");
  options.priority = -1;
  channel.consume(*queue, options);
  channel.consume(*queue, "first", 1);
  publish_all("q", {"1", "2"});
  EXPECT_EQ(channel.take_tagged(), (Bodies{"first:1", "last:2"}));
}

TEST_F(QueueDispatch, prefetch_of_a_consumer_is_its_own) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  channel.consume(*queue, "a", 1);
  channel.consume(*queue, "b", 2);
  publish_all("q", {"1", "2", "3", "4", "5"});
  EXPECT_EQ(channel.take_tagged(), (Bodies{"a:1", "b:2", "b:3"}));
  EXPECT_EQ(queue->ready_count(), 2u);
  channel.ack(1);
  EXPECT_EQ(channel.take_tagged(), (Bodies{"a:4"}));
  channel.reject(2);
  EXPECT_EQ(channel.take_tagged(), (Bodies{"b:5"}));
}

TEST_F(QueueDispatch, prefetch_of_a_channel_is_shared_by_its_consumers) {
  const QueueRef queue = declare("q");
  const QueueRef other = declare("other");
  TestChannel channel(broker, 2);
  channel.consume(*queue, "a");
  channel.consume(*other, "b");
  publish_all("q", {"1", "2", "3"});
  publish("other", "x");
  EXPECT_EQ(channel.take_tagged(), (Bodies{"a:1", "a:2"}));
  channel.ack(1);
  EXPECT_EQ(channel.take_tagged().size(), 1u);
  channel.ack(2);
  EXPECT_EQ(channel.take_tagged().size(), 1u);
  EXPECT_EQ(channel.unacked.size(), 2u);
}

TEST_F(QueueDispatch, raising_the_channel_prefetch_wakes_its_consumers) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker, 1);
  channel.consume(*queue, "a");
  publish_all("q", {"1", "2", "3", "4"});
  broker.act([&] { channel.credit.set_limit(3, 2); });
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1", "2", "3"}));
  broker.act([&] { channel.credit.set_limit(0, 0); });
  EXPECT_EQ(channel.take_bodies(), (Bodies{"4"}));
}

TEST_F(QueueDispatch, lowering_the_channel_prefetch_takes_nothing_back) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker, 3);
  channel.consume(*queue, "a");
  publish_all("q", {"1", "2", "3", "4"});
  EXPECT_EQ(channel.take_bodies().size(), 3u);
  broker.act([&] { channel.credit.set_limit(1, 0); });
  channel.ack(1);
  channel.ack(2);
  EXPECT_EQ(channel.take_bodies(), Bodies{});
  channel.ack(3);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"4"}));
}

TEST_F(QueueDispatch, no_ack_knows_no_prefetch) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker, 1);
  auto options = channel.options("a", 1);
  options.no_ack = true;
  channel.consume(*queue, options);
  publish_all("q", {"1", "2", "3"});
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1", "2", "3"}));
  EXPECT_EQ(queue->unacked_count(), 0u);
}

TEST_F(QueueDispatch, closed_output_credit_parks_even_no_ack_consumers) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  channel.output_credit.set_limit(10, 5);
  auto options = channel.options("a");
  options.no_ack = true;
  channel.consume(*queue, options);
  broker.act([&] { channel.output_credit.take(10); });
  publish_all("q", {"1"});
  EXPECT_EQ(channel.take_bodies(), Bodies{});
  broker.act([&] { channel.output_credit.give(4); });
  EXPECT_EQ(channel.take_bodies(), Bodies{}) << "above half it stays closed";
  broker.act([&] { channel.output_credit.give(1); });
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1"}));
}

TEST_F(QueueDispatch, parked_consumer_does_not_hold_up_the_others) {
  const QueueRef queue = declare("q");
  TestChannel full(broker, 1);
  TestChannel open(broker);
  full.consume(*queue, "full");
  open.consume(*queue, "open");
  publish_all("q", {"1", "2", "3", "4"});
  EXPECT_EQ(full.take_bodies(), (Bodies{"1"}));
  EXPECT_EQ(open.take_bodies(), (Bodies{"2", "3", "4"}));
}

TEST_F(QueueDispatch, cancelled_while_parked_is_not_woken) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker, 1);
  channel.consume(*queue, "a");
  channel.consume(*queue, "b");
  publish_all("q", {"1", "2", "3"});
  EXPECT_EQ(channel.take_tagged(), (Bodies{"a:1"}));
  channel.cancel("b");
  channel.cancel("a");
  channel.ack(1);
  EXPECT_EQ(channel.take_bodies(), Bodies{});
  EXPECT_EQ(queue->ready_count(), 2u);
}

TEST_F(QueueDispatch, unacked_messages_survive_the_cancel) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  publish("q", "1");
  channel.cancel("a");
  EXPECT_EQ(queue->unacked_count(), 1u);
  channel.ack(1);
  EXPECT_EQ(queue->unacked_count(), 0u);
}

TEST_F(QueueDispatch, nothing_before_activation) {
  const QueueRef queue = declare("q");
  publish("q", "1");
  TestChannel channel(broker);
  ASSERT_TRUE(channel.attach(*queue, channel.options("a")).ok());
  publish("q", "2");
  broker.rest();
  EXPECT_EQ(channel.take_bodies(), Bodies{});
  EXPECT_EQ(queue->consumer_count(), 1u);
  channel.activate("a");
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1", "2"}));
}

// ---- exclusive consumers

constexpr std::string_view kInUse = "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use";

TEST_F(QueueDispatch, exclusive_consumer_keeps_others_out) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  auto options = channel.options("a");
  options.exclusive = true;
  channel.consume(*queue, options);
  EXPECT_EQ(error_of(channel.attach(*queue, channel.options("b"))), kInUse);
  channel.cancel("a");
  EXPECT_EQ(error_of(channel.attach(*queue, channel.options("b"))), "ok");
}

TEST_F(QueueDispatch, exclusive_consumer_is_refused_where_others_are) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  auto options = channel.options("b");
  options.exclusive = true;
  EXPECT_EQ(error_of(channel.attach(*queue, options)), kInUse);
}

TEST_F(QueueDispatch, exclusive_consumer_is_refused_with_a_single_active_one) {
  amqp::FieldTable arguments;
  arguments.add_boolean("x-single-active-consumer", true);
  const QueueRef queue = declare("q", arguments);
  TestChannel channel(broker);
  auto options = channel.options("a");
  options.exclusive = true;
  EXPECT_EQ(error_of(channel.attach(*queue, options)), kInUse);
}

// ---- single active consumer

class SingleActive : public QueueFixture {
 protected:
  QueueRef single_active(std::string name = "q") {
    amqp::FieldTable arguments;
    arguments.add_boolean("x-single-active-consumer", true);
    return declare(std::move(name), std::move(arguments));
  }
};

TEST_F(SingleActive, only_the_first_is_served) {
  const QueueRef queue = single_active();
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  channel.consume(*queue, "b");
  publish_all("q", {"1", "2", "3"});
  EXPECT_EQ(channel.take_tagged(), (Bodies{"a:1", "a:2", "a:3"}));
}

TEST_F(SingleActive, a_full_prefetch_is_no_reason_to_switch) {
  const QueueRef queue = single_active();
  TestChannel channel(broker);
  channel.consume(*queue, "a", 1);
  channel.consume(*queue, "b");
  publish_all("q", {"1", "2"});
  EXPECT_EQ(channel.take_tagged(), (Bodies{"a:1"}));
  channel.ack(1);
  EXPECT_EQ(channel.take_tagged(), (Bodies{"a:2"}));
}

TEST_F(SingleActive, fails_over_by_priority_then_age) {
  const QueueRef queue = single_active();
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  channel.consume(*queue, "b");
  auto high = channel.options("c");
  high.priority = 3;
  channel.consume(*queue, high);
  high.consumer_tag = "d";
  channel.consume(*queue, high);
  publish("q", "1");
  channel.cancel("a");
  publish("q", "2");
  channel.cancel("c");
  publish("q", "3");
  channel.cancel("d");
  publish("q", "4");
  EXPECT_EQ(channel.take_tagged(), (Bodies{"a:1", "c:2", "d:3", "b:4"}));
}

TEST_F(SingleActive, the_old_ones_unacked_stay_with_it) {
  const QueueRef queue = single_active();
  TestChannel old(broker);
  TestChannel fresh(broker);
  old.consume(*queue, "a");
  fresh.consume(*queue, "b");
  publish("q", "1");
  old.cancel("a");
  EXPECT_EQ(fresh.take_bodies(), Bodies{});
  EXPECT_EQ(queue->unacked_count(), 1u);
  old.close();
  EXPECT_EQ(fresh.take_bodies(), (Bodies{"1"}));
}

TEST_F(SingleActive, a_successor_still_pending_is_served_when_activated) {
  const QueueRef queue = single_active();
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  ASSERT_TRUE(channel.attach(*queue, channel.options("b")).ok());
  channel.cancel("a");
  publish("q", "1");
  EXPECT_EQ(channel.take_tagged(), Bodies{});
  channel.activate("b");
  EXPECT_EQ(channel.take_tagged(), (Bodies{"b:1"}));
}

TEST_F(SingleActive, cancelling_a_waiting_one_changes_nothing) {
  const QueueRef queue = single_active();
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  channel.consume(*queue, "b");
  channel.cancel("b");
  publish("q", "1");
  EXPECT_EQ(channel.take_tagged(), (Bodies{"a:1"}));
}

// ---- requeue

TEST_F(QueueDispatch, requeued_message_returns_to_its_place) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  channel.consume(*queue, "a", 3);
  publish_all("q", {"1", "2", "3", "4"});
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1", "2", "3"}));
  channel.cancel("a");
  channel.requeue(3);
  channel.requeue(1);
  EXPECT_EQ(drain(*queue), (Bodies{"1", "3", "4"}));
}

TEST_F(QueueDispatch, requeued_message_is_redelivered_and_counted) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  publish("q", "1");
  channel.requeue(1);
  channel.requeue(2);
  ASSERT_EQ(channel.deliveries.size(), 3u);
  EXPECT_FALSE(channel.deliveries[0].redelivered);
  EXPECT_TRUE(channel.deliveries[1].redelivered);
  EXPECT_EQ(channel.deliveries[2].delivery_count, 2u);
}

TEST_F(QueueDispatch, closing_channel_gives_back_in_order) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  channel.consume(*queue, "a", 3);
  publish_all("q", {"1", "2", "3", "4"});
  channel.close();
  EXPECT_EQ(drain(*queue), (Bodies{"1", "2", "3", "4"}));
}

// ---- get

TEST_F(QueueDispatch, get_takes_the_head_or_says_empty) {
  const QueueRef queue = declare("q");
  EXPECT_EQ(get(*queue), "(empty)");
  publish_all("q", {"1", "2"});
  EXPECT_EQ(get(*queue), "1");
  EXPECT_EQ(get(*queue), "2");
  EXPECT_EQ(get(*queue), "(empty)");
}

// ---- counters

TEST_F(QueueDispatch, counters_follow_every_step) {
  const auto& counters = broker.host.counters();
  const QueueRef queue = declare("q");
  publish_all("q", {"12", "345"});
  EXPECT_EQ(counters.ready.value(), 2u);
  EXPECT_EQ(counters.ready_bytes.value(), 5u);
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  EXPECT_EQ(counters.consumers.value(), 1u);
  EXPECT_EQ(counters.ready.value(), 0u);
  EXPECT_EQ(counters.unacked.value(), 2u);
  channel.requeue(1);
  EXPECT_EQ(counters.unacked.value(), 2u);
  EXPECT_EQ(counters.redelivered(), 1u);
  channel.ack(2);
  EXPECT_EQ(counters.unacked.value(), 1u);
  EXPECT_EQ(counters.acknowledged(), 1u);
  broker.act([&] {
    EXPECT_TRUE(broker.host.delete_queue(broker.actor, "q", connection, false, false).ok());
  });
  EXPECT_EQ(channel.cancellations, (Bodies{"a"}));
  EXPECT_EQ(counters.unacked.value(), 0u);
  EXPECT_EQ(counters.consumers.value(), 0u);
  channel.ack(3);
  EXPECT_EQ(counters.unacked.value(), 0u);
}

}  // namespace
}  // namespace harrier::test

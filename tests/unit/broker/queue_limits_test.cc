// Time to live, expiry, length limits, priorities, delivery limits.

#include "queue_fixture.h"

namespace harrier::test {
namespace {

using broker::SettleReason;

class QueueLimits : public QueueFixture {
 protected:
  static amqp::FieldTable ttl(std::int64_t milliseconds) {
    return std::move(amqp::FieldTable().add_long("x-message-ttl", milliseconds));
  }
  static amqp::FieldTable expires(std::int64_t milliseconds) {
    return std::move(amqp::FieldTable().add_long("x-expires", milliseconds));
  }
  static amqp::FieldTable length(std::int64_t messages, std::string_view overflow = "drop-head") {
    amqp::FieldTable arguments;
    arguments.add_long("x-max-length", messages).add_string("x-overflow", overflow);
    return arguments;
  }
  std::uint64_t settled(SettleReason reason) {
    return broker.host.counters().settled_by(reason).value();
  }
};

// ---- time to live

TEST_F(QueueLimits, message_expires_at_its_deadline_and_not_before) {
  const QueueRef queue = declare("q", ttl(100));
  publish("q", "1");
  broker.pass(Milliseconds(99));
  EXPECT_EQ(queue->ready_count(), 1u);
  broker.pass(Milliseconds(1));
  EXPECT_EQ(queue->ready_count(), 0u);
  EXPECT_EQ(settled(SettleReason::kExpired), 1u);
}

TEST_F(QueueLimits, the_shorter_of_queue_and_message_ttl_counts) {
  const QueueRef queue = declare("q", ttl(100));
  publish("q", "message", {.expiration = 50});
  publish("q", "queue", {.expiration = 5'000});
  broker.pass(Milliseconds(50));
  EXPECT_EQ(queue->ready_count(), 1u);
  broker.pass(Milliseconds(50));
  EXPECT_EQ(queue->ready_count(), 0u);
}

TEST_F(QueueLimits, expiry_is_decided_at_the_head) {
  const QueueRef queue = declare("q");
  publish("q", "long", {.expiration = 100});
  publish("q", "short", {.expiration = 10});
  broker.pass(Milliseconds(50));
  EXPECT_EQ(queue->ready_count(), 2u);
  broker.pass(Milliseconds(50));
  EXPECT_EQ(queue->ready_count(), 0u);
}

TEST_F(QueueLimits, get_uncovers_a_head_whose_deadline_comes) {
  const QueueRef queue = declare("q");
  publish("q", "lasting");
  publish("q", "short", {.expiration = 10});
  EXPECT_EQ(get(*queue), "lasting");
  broker.pass(Milliseconds(10));
  EXPECT_EQ(queue->ready_count(), 0u);
  EXPECT_EQ(settled(SettleReason::kExpired), 1u);
}

TEST_F(QueueLimits, expired_message_is_never_got_even_when_the_clock_jumped) {
  const QueueRef queue = declare("q");
  publish("q", "1", {.expiration = 10});
  publish("q", "2");
  broker.skip(Milliseconds(10));
  EXPECT_EQ(get(*queue), "2");
}

TEST_F(QueueLimits, expired_message_is_never_delivered_even_when_the_clock_jumped) {
  const QueueRef queue = declare("q", ttl(10));
  publish("q", "1");
  broker.skip(Milliseconds(10));
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  EXPECT_EQ(channel.take_bodies(), Bodies{});
}

TEST_F(QueueLimits, ttl_0_is_delivered_at_once_or_never) {
  const QueueRef queue = declare("q", ttl(0));
  publish("q", "lost");
  EXPECT_EQ(queue->ready_count(), 0u);
  TestChannel channel(broker);
  channel.consume(*queue, "a", 1);
  publish("q", "1");
  publish("q", "no credit");
  channel.ack(1);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1"}));
  EXPECT_EQ(settled(SettleReason::kExpired), 2u);
}

TEST_F(QueueLimits, requeued_message_keeps_its_deadline) {
  const QueueRef queue = declare("q", ttl(100));
  TestChannel channel(broker);
  channel.consume(*queue, "a", 1);
  publish("q", "1");
  channel.cancel("a");
  broker.pass(Milliseconds(60));
  channel.requeue(1);
  EXPECT_EQ(queue->ready_count(), 1u);
  broker.pass(Milliseconds(40));
  EXPECT_EQ(queue->ready_count(), 0u);
}

// Such a message was never ready before, so that the queue had no deadline to look after.
TEST_F(QueueLimits, requeued_message_of_a_queue_without_ttl_keeps_its_own_deadline) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  channel.consume(*queue, "a", 1);
  publish("q", "1", {.expiration = 100});
  channel.cancel("a");
  channel.requeue(1);
  broker.pass(Milliseconds(100));
  EXPECT_EQ(queue->ready_count(), 0u);
}

TEST_F(QueueLimits, requeued_after_its_deadline_it_is_gone) {
  const QueueRef queue = declare("q", ttl(100));
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  publish("q", "1");
  broker.pass(Milliseconds(200));
  channel.requeue(1);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1"}));
  EXPECT_EQ(queue->ready_count() + queue->unacked_count(), 0u);
}

TEST_F(QueueLimits, lower_priority_levels_expire_behind_a_long_living_head) {
  amqp::FieldTable arguments;
  arguments.add_integer("x-max-priority", 5);
  const QueueRef queue = declare("q", arguments);
  publish("q", "high", {.priority = 5});
  publish("q", "low", {.expiration = 10});
  broker.pass(Milliseconds(10));
  EXPECT_EQ(drain(*queue), (Bodies{"high"}));
}

TEST_F(QueueLimits, ten_years_are_a_valid_ttl) {
  const QueueRef queue = declare("q", ttl(315'360'000'000));
  publish("q", "1");
  EXPECT_EQ(get(*queue), "1");
}

TEST_F(QueueLimits, expiry_of_many_runs_in_slices) {
  broker::VirtualHostLimits limits;
  limits.slice_entries = 10;
  SimulatedBroker slow(limits);
  QueueRef queue;
  slow.act([&] {
    auto wanted = declaration("q", ttl(5));
    queue = *slow.host.declare_queue(slow.actor, wanted, connection);
  });
  for (int i = 0; i < 100; ++i) {
    slow.act([&] {
      broker::Queue* target[] = {queue.get()};
      slow.host.publish(message("q", "x"), target);
    });
  }
  slow.skip(Milliseconds(5));
  EXPECT_TRUE(slow.turn([&] { slow.host.handle_deadlines(); }));
  EXPECT_GT(queue->ready_count(), 80u);
  slow.rest();
  EXPECT_EQ(queue->ready_count(), 0u);
}

// ---- x-expires

TEST_F(QueueLimits, unused_queue_expires) {
  declare("q", expires(100));
  broker.pass(Milliseconds(99));
  EXPECT_NE(broker.host.find_queue("q"), nullptr);
  broker.pass(Milliseconds(1));
  EXPECT_EQ(broker.host.find_queue("q"), nullptr);
}

TEST_F(QueueLimits, get_passive_declare_and_declare_renew_the_lease_publish_does_not) {
  const auto use = [&](const std::function<void()>& action) {
    const QueueRef queue = declare("q", expires(100));
    broker.pass(Milliseconds(60));
    action();
    broker.pass(Milliseconds(60));
    const bool alive = broker.host.find_queue("q") != nullptr;
    broker.pass(Milliseconds(100));
    EXPECT_EQ(broker.host.find_queue("q"), nullptr);
    return alive;
  };
  EXPECT_TRUE(use([&] { get(*broker.host.find_queue("q")); }));
  EXPECT_TRUE(use([&] { declare("q", expires(100)); }));
  EXPECT_TRUE(use([&] {
    broker.act(
        [&] { EXPECT_TRUE(broker.host.check_queue_exists(broker.actor, "q", connection).ok()); });
  }));
  EXPECT_FALSE(use([&] { publish("q", "1"); }));
}

TEST_F(QueueLimits, consumers_keep_a_queue_and_their_end_starts_the_lease) {
  const QueueRef queue = declare("q", expires(100));
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  broker.pass(Milliseconds(1'000));
  EXPECT_NE(broker.host.find_queue("q"), nullptr);
  channel.cancel("a");
  broker.pass(Milliseconds(99));
  EXPECT_NE(broker.host.find_queue("q"), nullptr);
  broker.pass(Milliseconds(1));
  EXPECT_EQ(broker.host.find_queue("q"), nullptr);
}

TEST_F(QueueLimits, lease_and_ttl_work_side_by_side) {
  amqp::FieldTable arguments = expires(100);
  arguments.add_long("x-message-ttl", 30);
  const QueueRef queue = declare("q", arguments);
  publish("q", "1");
  broker.pass(Milliseconds(30));
  EXPECT_EQ(queue->ready_count(), 0u);
  EXPECT_NE(broker.host.find_queue("q"), nullptr);
  broker.pass(Milliseconds(70));
  EXPECT_EQ(broker.host.find_queue("q"), nullptr);
}

// A deleted queue must not be found by a timer: nobody would disarm it any more.
TEST_F(QueueLimits, get_on_a_deleted_queue_arms_nothing) {
  QueueRef queue = declare("q", expires(100));
  broker.act([&] {
    EXPECT_TRUE(broker.host.delete_queue(broker.actor, "q", connection, false, false).ok());
  });
  EXPECT_EQ(get(*queue), "(empty)");
  queue = nullptr;
  EXPECT_EQ(broker.host.next_deadline(), base::kNever);
  broker.pass(Milliseconds(200));
}

// ---- length limits

// A flood brings more in one turn than the turn's work may remove.
TEST_F(QueueLimits, length_holds_within_a_turn_of_more_messages_than_a_slice) {
  const QueueRef queue = declare("q", length(3));
  const std::uint64_t count = 4 * broker.limits.slice_entries;
  broker.act([&] {
    std::vector<broker::Queue*> queues;
    broker.host.route(nullptr, {"q"}, {}, queues);
    for (std::uint64_t sent = 0; sent != count; ++sent) {
      broker.host.publish(message("q", std::to_string(sent)), queues);
      ASSERT_LE(queue->ready_count(), 3u);
    }
  });
  EXPECT_EQ(settled(SettleReason::kMaxLength), count - 3);
  EXPECT_EQ(get(*queue), std::to_string(count - 3));
}

TEST_F(QueueLimits, drop_head_keeps_the_newest) {
  const QueueRef queue = declare("q", length(2));
  publish_all("q", {"1", "2", "3", "4"});
  EXPECT_EQ(settled(SettleReason::kMaxLength), 2u);
  EXPECT_EQ(drain(*queue), (Bodies{"3", "4"}));
}

TEST_F(QueueLimits, bytes_count_bodies_only) {
  amqp::FieldTable arguments;
  arguments.add_long("x-max-length-bytes", 10);
  const QueueRef queue = declare("q", arguments);
  publish_all("q", {"12345", "67890", "", ""});
  EXPECT_EQ(queue->ready_count(), 4u);
  publish("q", "x");
  EXPECT_EQ(drain(*queue), (Bodies{"67890", "", "", "x"}));
}

TEST_F(QueueLimits, a_body_beyond_the_bytes_limit_empties_the_queue) {
  amqp::FieldTable arguments;
  arguments.add_long("x-max-length-bytes", 3);
  const QueueRef queue = declare("q", arguments);
  publish_all("q", {"1", "2", "1234"});
  EXPECT_EQ(queue->ready_count(), 0u);
}

TEST_F(QueueLimits, unacked_messages_do_not_count) {
  const QueueRef queue = declare("q", length(1));
  TestChannel channel(broker);
  channel.consume(*queue, "a", 2);
  publish_all("q", {"1", "2", "3"});
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1", "2"}));
  EXPECT_EQ(queue->ready_count(), 1u);
}

TEST_F(QueueLimits, requeue_over_the_limit_drops_the_head_which_is_itself) {
  const QueueRef queue = declare("q", length(1));
  TestChannel channel(broker);
  channel.consume(*queue, "a", 1);
  publish_all("q", {"1", "2"});
  channel.cancel("a");
  channel.requeue(1);
  EXPECT_EQ(drain(*queue), (Bodies{"2"}));
}

TEST_F(QueueLimits, max_length_0_delivers_to_a_ready_consumer_and_keeps_nothing) {
  const QueueRef queue = declare("q", length(0));
  publish("q", "lost");
  TestChannel channel(broker);
  channel.consume(*queue, "a", 1);
  publish_all("q", {"1", "no credit"});
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1"}));
  EXPECT_EQ(queue->ready_count(), 0u);
}

TEST_F(QueueLimits, drop_head_takes_the_highest_priority_first) {
  amqp::FieldTable arguments = length(2);
  arguments.add_integer("x-max-priority", 9);
  const QueueRef queue = declare("q", arguments);
  publish("q", "low");
  publish("q", "high", {.priority = 9});
  publish("q", "middle", {.priority = 5});
  EXPECT_EQ(drain(*queue), (Bodies{"middle", "low"}));
}

TEST_F(QueueLimits, reject_publish_refuses_exactly_what_overflows) {
  const QueueRef queue = declare("q", length(2, "reject-publish"));
  EXPECT_TRUE(publish("q", "1"));
  EXPECT_TRUE(publish("q", "2"));
  EXPECT_FALSE(publish("q", "3"));
  EXPECT_EQ(get(*queue), "1");
  EXPECT_TRUE(publish("q", "4"));
  EXPECT_EQ(broker.host.counters().refused.value(), 1u);
  EXPECT_EQ(drain(*queue), (Bodies{"2", "4"}));
}

TEST_F(QueueLimits, reject_publish_by_bytes_looks_at_the_new_body) {
  amqp::FieldTable arguments;
  arguments.add_long("x-max-length-bytes", 4).add_string("x-overflow", "reject-publish");
  const QueueRef queue = declare("q", arguments);
  EXPECT_TRUE(publish("q", "123"));
  EXPECT_FALSE(publish("q", "45"));
  EXPECT_TRUE(publish("q", "4"));
  EXPECT_EQ(drain(*queue), (Bodies{"123", "4"}));
}

TEST_F(QueueLimits, requeue_is_never_refused) {
  const QueueRef queue = declare("q", length(1, "reject-publish"));
  TestChannel channel(broker);
  channel.consume(*queue, "a", 1);
  publish_all("q", {"1", "2"});
  channel.cancel("a");
  channel.requeue(1);
  EXPECT_EQ(get(*queue), "2") << "the limit trims what the requeue has put over it";
  EXPECT_EQ(get(*queue), "(empty)");
}

// ---- priorities of messages

TEST_F(QueueLimits, priorities_are_clamped_and_absent_is_0) {
  amqp::FieldTable arguments;
  arguments.add_integer("x-max-priority", 3);
  const QueueRef queue = declare("q", arguments);
  publish("q", "none");
  publish("q", "over", {.priority = 200});
  publish("q", "most", {.priority = 3});
  publish("q", "two", {.priority = 2});
  EXPECT_EQ(drain(*queue), (Bodies{"over", "most", "two", "none"}));
}

TEST_F(QueueLimits, without_max_priority_order_is_all) {
  const QueueRef queue = declare("q");
  publish("q", "1", {.priority = 1});
  publish("q", "2", {.priority = 9});
  EXPECT_EQ(drain(*queue), (Bodies{"1", "2"}));
}

TEST_F(QueueLimits, requeued_message_returns_to_its_level) {
  amqp::FieldTable arguments;
  arguments.add_integer("x-max-priority", 9);
  const QueueRef queue = declare("q", arguments);
  publish("q", "low");
  publish("q", "high", {.priority = 9});
  TestChannel channel(broker);
  channel.consume(*queue, "a", 2);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"high", "low"}));
  channel.cancel("a");
  channel.requeue(2);
  publish("q", "later", {.priority = 9});
  channel.requeue(1);
  EXPECT_EQ(drain(*queue), (Bodies{"high", "later", "low"}));
}

// ---- delivery limit

TEST_F(QueueLimits, a_limit_of_2_means_two_redeliveries) {
  amqp::FieldTable arguments;
  arguments.add_long("x-delivery-limit", 2);
  const QueueRef queue = declare(quorum("q", arguments));
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  publish("q", "1");
  for (std::uint64_t tag = 1; tag <= 3; ++tag)
    channel.requeue(tag);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1", "1", "1"}));
  EXPECT_EQ(settled(SettleReason::kDeliveryLimit), 1u);
  EXPECT_EQ(queue->ready_count() + queue->unacked_count(), 0u);
}

TEST_F(QueueLimits, quorum_queue_has_a_limit_of_20) {
  const QueueRef queue = declare(quorum("q"));
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  publish("q", "1");
  for (std::uint64_t tag = 1; channel.unacked.contains(tag); ++tag)
    channel.requeue(tag);
  EXPECT_EQ(channel.take_bodies().size(), 21u);
}

TEST_F(QueueLimits, minus_1_is_no_limit) {
  amqp::FieldTable arguments;
  arguments.add_long("x-delivery-limit", -1);
  const QueueRef queue = declare(quorum("q", arguments));
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  publish("q", "1");
  for (std::uint64_t tag = 1; tag <= 70'000; ++tag)
    channel.requeue(tag);
  EXPECT_EQ(channel.unacked.size(), 1u);
  EXPECT_GE(channel.deliveries.back().delivery_count, 65'535u) << "it must not start anew";
}

TEST_F(QueueLimits, classic_queue_has_no_delivery_limit) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  publish("q", "1");
  for (std::uint64_t tag = 1; tag <= 100; ++tag)
    channel.requeue(tag);
  EXPECT_EQ(channel.unacked.size(), 1u);
}

// ---- auto-delete

TEST_F(QueueLimits, auto_delete_waits_for_its_last_consumer) {
  auto wanted = declaration("q");
  wanted.auto_delete = true;
  const QueueRef queue = declare(wanted);
  publish("q", "1");
  EXPECT_EQ(get(*queue), "1");
  EXPECT_NE(broker.host.find_queue("q"), nullptr) << "a get does not arm it";
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  channel.consume(*queue, "b");
  channel.cancel("a");
  EXPECT_NE(broker.host.find_queue("q"), nullptr);
  channel.cancel("b");
  EXPECT_EQ(broker.host.find_queue("q"), nullptr);
  EXPECT_EQ(broker.host.counters().queues.value(), 0u);
}

TEST_F(QueueLimits, auto_deleted_while_messages_are_unacked) {
  auto wanted = declaration("q");
  wanted.auto_delete = true;
  const QueueRef queue = declare(wanted);
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  publish("q", "1");
  channel.cancel("a");
  EXPECT_EQ(broker.host.find_queue("q"), nullptr);
  channel.requeue(1);
  EXPECT_EQ(queue->ready_count(), 0u);
  EXPECT_EQ(broker.host.counters().ready.value(), 0u);
}

}  // namespace
}  // namespace harrier::test

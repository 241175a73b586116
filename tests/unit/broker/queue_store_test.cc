// Queues and the store: commits that delivery waits for, bodies on disk, contents freed in slices.

#include "queue_fixture.h"

namespace harrier::test {
namespace {

class QueueStore : public QueueFixture {
 protected:
  QueueStore() { broker.store.commits_at_once = false; }
  void commit(std::uint64_t count = UINT64_MAX) {
    broker.store.commit(count);
    broker.rest();
  }
  void answer_read(std::size_t index = 0, std::size_t messages = 1) {
    broker.act([&] { broker.store.answer_read(broker.host, index, messages); });
  }
};

// ---- the quorum gate

TEST_F(QueueStore, quorum_message_is_delivered_only_when_committed) {
  const QueueRef queue = declare(quorum("q"));
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  publish("q", "1");
  EXPECT_EQ(channel.take_bodies(), Bodies{});
  EXPECT_EQ(get(*queue), "(empty)");
  commit();
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1"}));
}

TEST_F(QueueStore, gate_opens_message_by_message_in_order) {
  const QueueRef queue = declare(quorum("q"));
  commit();
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  publish_all("q", {"1", "2", "3"});
  commit(1);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1"}));
  commit(2);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"2", "3"}));
}

TEST_F(QueueStore, what_was_requeued_passes_the_gate_of_later_ones) {
  const QueueRef queue = declare(quorum("q"));
  publish("q", "1");
  commit();
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  channel.requeue(1);
  commit(1);
  publish("q", "2");
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1", "1"}));
}

// Else a crash could take back a delivery count that a client has seen.
TEST_F(QueueStore, quorum_message_is_delivered_again_only_when_its_count_is_committed) {
  const QueueRef queue = declare(quorum("q"));
  publish("q", "1");
  commit();
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  channel.requeue(1);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1"}));
  commit();
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1"}));
}

TEST_F(QueueStore, quorum_queue_records_transient_messages_too) {
  declare(quorum("q"));
  publish("q", "1", {.persistent = false});
  EXPECT_EQ(broker.store.count<broker::PublishChange>(), 1u);
}

TEST_F(QueueStore, classic_queue_delivers_before_the_commit) {
  auto wanted = declaration("q");
  wanted.durable = true;
  const QueueRef queue = declare(wanted);
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  publish("q", "1", {.persistent = true});
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1"}));
  EXPECT_EQ(broker.store.count<broker::PublishChange>(), 1u);
}

TEST_F(QueueStore, purge_behind_the_gate_leaves_no_trace) {
  const QueueRef queue = declare(quorum("q"));
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  publish("q", "1");
  broker.act([&] { EXPECT_EQ(queue->purge(), 1u); });
  publish("q", "2");
  commit();
  EXPECT_EQ(channel.take_bodies(), (Bodies{"2"}));
}

TEST_F(QueueStore, queue_deleted_behind_the_gate) {
  QueueRef queue = declare(quorum("q"));
  publish("q", "1");
  broker.act([&] {
    EXPECT_TRUE(broker.host.delete_queue(broker.actor, "q", connection, false, false).ok());
  });
  queue = nullptr;
  commit();
  EXPECT_EQ(broker.host.counters().ready.value(), 0u);
}

// ---- what is recorded

TEST_F(QueueStore, records_only_what_must_survive) {
  auto durable = declaration("durable");
  durable.durable = true;
  declare(durable);
  declare("transient");
  auto exclusive = declaration("exclusive");
  exclusive.durable = exclusive.exclusive = true;
  declare(exclusive);
  EXPECT_EQ(broker.store.count<broker::QueueDeclaredChange>(), 1u);
  publish("durable", "1", {.persistent = true});
  publish("durable", "2", {.persistent = false});
  publish("transient", "3", {.persistent = true});
  publish("exclusive", "4", {.persistent = true});
  EXPECT_EQ(broker.store.count<broker::PublishChange>(), 1u);
  EXPECT_EQ(drain(*broker.host.find_queue("durable")), (Bodies{"1", "2"}));
  EXPECT_EQ(broker.store.count<broker::SettleChange>(), 1u);
}

TEST_F(QueueStore, requeue_of_a_recorded_message_is_recorded) {
  auto wanted = declaration("q");
  wanted.durable = true;
  const QueueRef queue = declare(wanted);
  TestChannel channel(broker);
  channel.consume(*queue, "a", 1);
  publish("q", "1", {.persistent = true});
  channel.requeue(1);
  EXPECT_EQ(broker.store.count<broker::RequeueChange>(), 1u);
  channel.ack(2);
  EXPECT_EQ(broker.store.count<broker::SettleChange>(), 1u);
}

// ---- paging

TEST_F(QueueStore, get_waits_for_a_body_on_disk) {
  const QueueRef queue = declare("q");
  publish_all("q", {"1", "2"});
  page_out(*queue);
  TestGet get(*queue);
  broker.act([&] { get.try_again(); });
  EXPECT_EQ(get.answer, "(wait)");
  EXPECT_EQ(queue->ready_count(), 2u);
  answer_read();
  EXPECT_EQ(get.answer, "1");
}

TEST_F(QueueStore, waiting_gets_are_answered_in_their_order) {
  const QueueRef queue = declare("q");
  publish_all("q", {"1", "2"});
  page_out(*queue);
  TestGet first(*queue);
  TestGet second(*queue);
  TestGet third(*queue);
  broker.act([&] {
    first.try_again();
    second.try_again();
    third.try_again();
  });
  EXPECT_EQ(broker.store.pending_reads(), 1u) << "one head, one read";
  answer_read();
  EXPECT_EQ(first.answer, "1");
  EXPECT_EQ(second.answer, "(wait)");
  answer_read();
  EXPECT_EQ(second.answer, "2");
  EXPECT_EQ(third.answer, "(empty)");
}

TEST_F(QueueStore, a_get_does_not_overtake_one_that_waits) {
  broker::VirtualHostLimits limits;
  limits.slice_entries = 2;
  SimulatedBroker slow(limits);
  QueueRef queue;
  slow.act([&] { queue = *slow.host.declare_queue(slow.actor, declaration("q"), connection); });
  slow.act([&] {
    broker::Queue* target[] = {queue.get()};
    slow.host.publish(message("q", "1"), target);
    slow.host.publish(message("q", "2"), target);
  });
  slow.rest();
  TestGet first(*queue);
  TestGet second(*queue);
  TestGet third(*queue);
  // Two units of work a turn: the third has to wait for the next one.
  slow.turn([&] {
    EXPECT_TRUE(queue->ready_count() == 2);
    slow.store.page_out(*queue);
    first.try_again();
  });
  slow.turn([&] {
    slow.store.answer_read(slow.host);
    second.try_again();
    third.try_again();
  });
  while (second.answer == "(wait)" || third.answer == "(wait)") {
    slow.turn([&] {
      if (slow.store.pending_reads() != 0) slow.store.answer_read(slow.host);
    });
  }
  EXPECT_EQ(first.answer, "1");
  EXPECT_EQ(second.answer, "2");
  EXPECT_EQ(third.answer, "(empty)");
}

TEST_F(QueueStore, get_that_waits_when_the_queue_is_deleted_finds_it_empty) {
  QueueRef queue = declare("q");
  publish("q", "1");
  page_out(*queue);
  TestGet get(*queue);
  broker.act([&] { get.try_again(); });
  broker.act([&] {
    EXPECT_TRUE(broker.host.delete_queue(broker.actor, "q", connection, false, false).ok());
  });
  EXPECT_EQ(get.answer, "(empty)");
  answer_read();
}

TEST_F(QueueStore, get_that_gives_up_leaves_the_message) {
  const QueueRef queue = declare("q");
  publish("q", "1");
  page_out(*queue);
  {
    TestGet get(*queue);
    broker.act([&] { get.try_again(); });
  }
  answer_read();
  EXPECT_EQ(get(*queue), "1");
}

TEST_F(QueueStore, dispatch_waits_and_keeps_the_order) {
  const QueueRef queue = declare("q");
  publish_all("q", {"1", "2", "3"});
  page_out(*queue);
  publish("q", "4");
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  EXPECT_EQ(channel.take_bodies(), Bodies{});
  publish("q", "5");
  EXPECT_EQ(channel.take_bodies(), Bodies{}) << "nothing overtakes what is on disk";
  answer_read();
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1"}));
  answer_read();
  answer_read();
  EXPECT_EQ(channel.take_bodies(), (Bodies{"2", "3", "4", "5"}));
  EXPECT_EQ(broker.store.pending_reads(), 0u);
}

TEST_F(QueueStore, consumer_that_leaves_while_the_body_is_read) {
  const QueueRef queue = declare("q");
  publish("q", "1");
  page_out(*queue);
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  channel.cancel("a");
  answer_read();
  EXPECT_EQ(channel.take_bodies(), Bodies{});
  EXPECT_EQ(get(*queue), "1");
}

TEST_F(QueueStore, drop_head_without_dead_letters_waits_for_the_entry) {
  amqp::FieldTable arguments;
  arguments.add_long("x-max-length", 2);
  const QueueRef queue = declare("q", arguments);
  publish_all("q", {"1", "2"});
  page_out(*queue);
  EXPECT_EQ(broker.store.pending_reads(), 0u) << "nobody needs the head";
  publish_all("q", {"3", "4"});
  EXPECT_EQ(broker.store.pending_reads(), 1u);
  EXPECT_EQ(queue->ready_count(), 4u);
  answer_read();
  EXPECT_EQ(queue->ready_count(), 3u);
  answer_read();
  EXPECT_EQ(drain(*queue), (Bodies{"3", "4"}));
  EXPECT_EQ(broker.store.pending_reads(), 0u);
}

TEST_F(QueueStore, drop_head_with_dead_letters_waits_for_the_body) {
  const QueueRef letters = declare("letters");
  amqp::FieldTable arguments;
  arguments.add_long("x-max-length", 2).add_string("x-dead-letter-exchange", "");
  arguments.add_string("x-dead-letter-routing-key", "letters");
  const QueueRef queue = declare("q", arguments);
  publish_all("q", {"1", "2"});
  page_out(*queue);
  publish_all("q", {"3", "4"});
  EXPECT_EQ(queue->ready_count(), 4u);
  answer_read();
  EXPECT_EQ(queue->ready_count(), 3u);
  answer_read();
  EXPECT_EQ(queue->ready_count(), 2u);
  EXPECT_EQ(drain(*letters), (Bodies{"1", "2"}));
}

TEST_F(QueueStore, expiry_without_dead_letters_waits_quietly_for_the_entry) {
  amqp::FieldTable arguments;
  arguments.add_long("x-message-ttl", 10);
  const QueueRef queue = declare("q", arguments);
  publish("q", "1");
  page_out(*queue);
  broker.pass(Milliseconds(10));
  EXPECT_EQ(queue->ready_count(), 1u);
  EXPECT_GT(broker.host.next_deadline(), broker.now().monotonic);
  EXPECT_EQ(broker.store.pending_reads(), 1u);
  answer_read();
  EXPECT_EQ(queue->ready_count(), 0u);
  EXPECT_EQ(broker.store.pending_reads(), 0u);
}

// The deadline is over and cannot be met before the body is here: it must not come again and again.
TEST_F(QueueStore, expiry_with_dead_letters_waits_quietly_for_the_body) {
  const QueueRef letters = declare("letters");
  amqp::FieldTable arguments;
  arguments.add_long("x-message-ttl", 10).add_string("x-dead-letter-exchange", "");
  arguments.add_string("x-dead-letter-routing-key", "letters");
  const QueueRef queue = declare("q", arguments);
  publish("q", "1");
  page_out(*queue);
  broker.pass(Milliseconds(10));
  EXPECT_EQ(queue->ready_count(), 1u);
  EXPECT_GT(broker.host.next_deadline(), broker.now().monotonic);
  EXPECT_EQ(broker.store.pending_reads(), 1u);
  answer_read();
  EXPECT_EQ(drain(*letters), (Bodies{"1"}));
}

TEST_F(QueueStore, page_in_of_a_purged_message_is_ignored) {
  const QueueRef queue = declare("q");
  publish("q", "1");
  page_out(*queue);
  TestGet get(*queue);
  broker.act([&] { get.try_again(); });
  broker.act([&] { queue->purge(); });
  EXPECT_EQ(get.answer, "(empty)");
  answer_read();
  EXPECT_EQ(queue->ready_count(), 0u);
}

TEST_F(QueueStore, higher_priority_overtakes_a_page_in) {
  amqp::FieldTable arguments;
  arguments.add_integer("x-max-priority", 9);
  const QueueRef queue = declare("q", arguments);
  publish("q", "low");
  page_out(*queue);
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  EXPECT_EQ(channel.take_bodies(), Bodies{});
  publish("q", "high", {.priority = 9});
  EXPECT_EQ(channel.take_bodies(), (Bodies{"high"}));
  answer_read();
  EXPECT_EQ(channel.take_bodies(), (Bodies{"low"}));
}

TEST_F(QueueStore, requeue_before_a_page_in_is_served_first) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  channel.consume(*queue, "a", 1);
  publish_all("q", {"1", "2"});
  page_out(*queue);
  channel.ack(1);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1"}));
  EXPECT_EQ(broker.store.pending_reads(), 1u);
  answer_read();
  EXPECT_EQ(channel.take_bodies(), (Bodies{"2"}));
}

// ---- slices

TEST_F(QueueStore, purge_counts_at_once_and_frees_in_slices) {
  broker::VirtualHostLimits limits;
  limits.slice_entries = 100;
  SimulatedBroker slow(limits);
  QueueRef queue;
  slow.act([&] { queue = *slow.host.declare_queue(slow.actor, declaration("q"), connection); });
  const broker::MessageRef shared = message("q", "x");
  for (int i = 0; i < 1'000; ++i) {
    slow.act([&] {
      broker::Queue* target[] = {queue.get()};
      slow.host.publish(shared, target);
    });
  }
  EXPECT_TRUE(slow.turn([&] { EXPECT_EQ(queue->purge(), 1'000u); }));
  EXPECT_EQ(queue->ready_count(), 0u);
  EXPECT_EQ(slow.host.counters().ready.value(), 0u);
  EXPECT_GT(shared->reference_count(), 500u);
  slow.rest();
  EXPECT_EQ(shared->reference_count(), 1u);
}

TEST_F(QueueStore, purge_leaves_unacked_messages) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  channel.consume(*queue, "a", 1);
  publish_all("q", {"1", "2", "3"});
  broker.act([&] { EXPECT_EQ(queue->purge(), 2u); });
  channel.cancel("a");
  channel.requeue(1);
  EXPECT_EQ(drain(*queue), (Bodies{"1"}));
}

TEST_F(QueueStore, a_long_backlog_is_delivered_in_slices_and_in_order) {
  broker::VirtualHostLimits limits;
  limits.slice_entries = 7;
  SimulatedBroker slow(limits);
  QueueRef queue;
  slow.act([&] { queue = *slow.host.declare_queue(slow.actor, declaration("q"), connection); });
  Bodies expected;
  for (int i = 0; i < 50; ++i) {
    expected.push_back(std::to_string(i));
    slow.act([&] {
      broker::Queue* target[] = {queue.get()};
      slow.host.publish(message("q", expected.back()), target);
    });
  }
  TestChannel channel(slow);
  channel.consume(*queue, "a");
  EXPECT_EQ(channel.take_bodies(), expected);
}

}  // namespace
}  // namespace harrier::test

// Queues whose middle is on disk: what is read again, what is lost, what is recorded.

#include "queue_fixture.h"

namespace harrier::test {
namespace {

class QueuePaging : public QueueFixture {
 protected:
  broker::Queue* largest_resident() {
    broker::Queue* largest = nullptr;
    broker.host.visit_largest_resident([&](broker::Queue& queue) {
      largest = &queue;
      return false;
    });
    return largest;
  }
  QueueRef declare_durable(std::string name, amqp::FieldTable arguments = {}) {
    auto wanted = declaration(std::move(name), std::move(arguments));
    wanted.durable = true;
    return declare(std::move(wanted));
  }
  void answer_read(std::size_t index = 0, std::size_t messages = 1) {
    broker.act([&] { broker.store.answer_read(broker.host, index, messages); });
  }
  void pass(int milliseconds) { broker.pass(Milliseconds(milliseconds)); }
  void hold(bool held) {
    broker.act([&] { broker.host.hold_internal_publishing(held); });
  }
  broker::VirtualHostCounters& counters() { return broker.host.counters(); }
  static amqp::FieldTable dead_letters_to(std::string_view key) {
    amqp::FieldTable arguments;
    arguments.add_string("x-dead-letter-exchange", "");
    arguments.add_string("x-dead-letter-routing-key", key);
    return arguments;
  }
  const Sent persistent{.persistent = true};
};

// ---- reading ahead

TEST_F(QueuePaging, reads_what_lies_between_front_and_back) {
  const QueueRef queue = declare("q");
  publish_all("q", {"1", "2", "3"});
  page_out(*queue);
  publish("q", "4");
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  const broker::ReadAhead& request = broker.store.pending_read_ahead();
  EXPECT_EQ(request.queue, queue->id());
  EXPECT_EQ(request.after, broker::Position(0));
  EXPECT_EQ(request.last, broker::Position(3));
  EXPECT_EQ(request.drop_expired_by, broker::kNoExpiry);
  answer_read(0, 10);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1", "2", "3", "4"}));
  EXPECT_EQ(queue->resident_bytes(), 0u);
  EXPECT_EQ(broker.store.pending_reads(), 0u);
}

TEST_F(QueuePaging, front_is_kept_for_consumers_and_filled_before_it_is_empty) {
  broker::VirtualHostLimits limits;
  limits.read_ahead_bytes = 3'000;
  SimulatedBroker reading(limits);
  QueueRef queue;
  reading.act(
      [&] { queue = *reading.host.declare_queue(reading.actor, declaration("q"), connection); });
  TestChannel channel(reading);
  channel.consume(*queue, "a", 1);
  for (int i = 0; i < 10; ++i) {
    reading.act([&] {
      broker::Queue* target[] = {queue.get()};
      reading.host.publish(message("q", std::string(1'000, 'x')), target);
    });
  }
  reading.act([&] { reading.store.page_out(*queue); });
  EXPECT_GE(queue->resident_bytes(), 3'000u);
  EXPECT_LE(queue->resident_bytes(), 5'000u);
  channel.ack(1);
  EXPECT_EQ(reading.store.pending_reads(), 0u) << "more than half of it is left";
  channel.ack(2);
  EXPECT_EQ(channel.take_bodies().size(), 3u);
  EXPECT_EQ(reading.store.pending_reads(), 1u) << "asked for before anybody waits";
}

TEST_F(QueuePaging, counts_what_was_written_and_read) {
  const auto written_and_read = [](const broker::Queue& queue) {
    broker::QueueReading reading;
    queue.read(reading);
    return std::pair(reading.fates.disk_writes, reading.fates.disk_reads);
  };
  using Counted = std::pair<std::uint64_t, std::uint64_t>;
  const QueueRef queue = declare_durable("q");
  publish_all("q", {"1", "2"});
  EXPECT_EQ(written_and_read(*queue), Counted(0, 0));
  publish("q", "3", persistent);
  EXPECT_EQ(written_and_read(*queue), Counted(1, 0));
  page_out(*queue);
  EXPECT_EQ(written_and_read(*queue), Counted(4, 0));
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  answer_read(0, 10);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1", "2", "3"}));
  EXPECT_EQ(written_and_read(*queue), Counted(4, 3));
}

TEST_F(QueuePaging, what_is_not_recorded_is_forgotten_when_it_was_read) {
  const QueueRef queue = declare_durable("q");
  publish("q", "transient");
  publish("q", "persistent", persistent);
  page_out(*queue);
  EXPECT_EQ(broker.store.kept_count(), 2u);
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  answer_read(0, 10);
  EXPECT_EQ(broker.store.kept_count(), 1u);
  channel.ack(1);
  channel.ack(2);
  EXPECT_EQ(broker.store.kept_count(), 0u);
}

TEST_F(QueuePaging, purge_records_ranges_around_what_is_unacked_and_lets_go_of_the_rest) {
  amqp::FieldTable arguments;
  arguments.add_integer("x-max-priority", 3);
  const QueueRef queue = declare_durable("q", arguments);
  TestChannel channel(broker);
  channel.consume(*queue, "a", 2);
  publish_all("q", {"1", "2", "3"}, persistent);
  publish_all("q", {"4", "5"}, {.priority = 2, .persistent = true});
  publish("q", "6");
  page_out(*queue);
  channel.cancel("a");
  channel.requeue(1);
  // The store checks that each range counts what is alive there.
  broker.act([&] { EXPECT_EQ(queue->purge(), 5u); });
  EXPECT_EQ(broker.store.count<broker::SettleChange>(), 3u);
  EXPECT_EQ(broker.store.kept_count(), 0u);
  EXPECT_EQ(counters().ready.value(), 0u);
  EXPECT_EQ(counters().ready_bytes.value(), 0u);
  channel.requeue(2);
  EXPECT_EQ(drain(*queue), (Bodies{"2"}));
}

TEST_F(QueuePaging, late_answer_to_a_purged_queue_changes_nothing) {
  const QueueRef queue = declare("q");
  publish_all("q", {"1", "2"});
  page_out(*queue);
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  broker.act([&] { queue->purge(); });
  channel.cancel("a");
  publish_all("q", {"3", "4"});
  page_out(*queue);
  channel.consume(*queue, "b");
  ASSERT_EQ(broker.store.pending_reads(), 2u);
  answer_read(0);
  EXPECT_EQ(queue->ready_count(), 2u);
  answer_read(0, 2);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"3", "4"}));
  EXPECT_EQ(counters().ready.value(), 0u);
}

TEST_F(QueuePaging, expired_ones_may_be_counted_instead_of_read) {
  amqp::FieldTable arguments;
  arguments.add_long("x-message-ttl", 10);
  const QueueRef queue = declare_durable("q", arguments);
  publish_all("q", {"1", "22"}, persistent);
  publish("q", "333");
  page_out(*queue);
  answer_read();
  pass(5);
  publish("q", "4444", persistent);
  page_out(*queue);
  broker.store.take_trace();
  pass(5);
  // The first has expired; what is asked for now need not be read.
  EXPECT_EQ(broker.store.take_trace(), "settle");
  ASSERT_EQ(broker.store.pending_reads(), 1u);
  EXPECT_EQ(broker.store.pending_read_ahead().drop_expired_by, broker.now().wall);
  answer_read();
  EXPECT_EQ(broker.store.take_trace(), "settle") << "one range for all that is recorded";
  EXPECT_EQ(queue->ready_count(), 1u);
  EXPECT_EQ(counters().ready_bytes.value(), 4u);
  EXPECT_EQ(counters().settled_by(broker::SettleReason::kExpired).value(), 3u);
  EXPECT_EQ(get(*queue), "4444");
}

TEST_F(QueuePaging, expired_ones_are_read_when_they_are_dead_lettered) {
  const QueueRef letters = declare("letters");
  amqp::FieldTable arguments = dead_letters_to("letters");
  arguments.add_long("x-message-ttl", 10);
  const QueueRef queue = declare("q", arguments);
  publish_all("q", {"1", "2"});
  page_out(*queue);
  EXPECT_EQ(broker.store.pending_read_ahead().drop_expired_by, broker::kNoExpiry);
  pass(10);
  answer_read();
  answer_read();
  EXPECT_EQ(drain(*letters), (Bodies{"1", "2"}));
}

// ---- bodies

TEST_F(QueuePaging, body_of_a_stored_message_is_dropped_and_read_again) {
  const QueueRef queue = declare_durable("q");
  publish_all("q", {"1", "2"}, persistent);
  page_out(*queue);
  TestChannel channel(broker);
  channel.consume(*queue, "a", 1);
  answer_read(0, 10);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1"}));
  ASSERT_FALSE(channel.unacked.at(1).entry.resident());
  channel.requeue(1);
  EXPECT_EQ(channel.take_bodies(), Bodies{}) << "nothing overtakes it";
  ASSERT_EQ(broker.store.pending_reads(), 1u);
  answer_read();
  ASSERT_EQ(channel.deliveries.size(), 1u);
  EXPECT_TRUE(channel.deliveries[0].redelivered);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1"}));
  channel.ack(2);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"2"}));
}

TEST_F(QueuePaging, body_that_the_disk_would_not_give_again_is_kept) {
  const QueueRef queue = declare_durable("q");
  publish("q", "1");
  page_out(*queue);
  TestChannel channel(broker);
  channel.consume(*queue, "a", 1);
  answer_read();
  channel.requeue(1);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1", "1"}));
}

TEST_F(QueuePaging, body_that_may_be_dead_lettered_is_kept) {
  const QueueRef letters = declare("letters");
  const QueueRef queue = declare_durable("q", dead_letters_to("letters"));
  publish("q", "1", persistent);
  page_out(*queue);
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  answer_read();
  EXPECT_TRUE(channel.unacked.at(1).entry.resident());
  channel.reject(1);
  EXPECT_EQ(drain(*letters), (Bodies{"1"}));
}

TEST_F(QueuePaging, older_one_comes_back_while_a_body_is_read) {
  const QueueRef queue = declare_durable("q");
  publish_all("q", {"1", "2"}, persistent);
  page_out(*queue);
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  answer_read(0, 2);
  channel.take_bodies();
  channel.requeue(2);
  channel.requeue(1);
  ASSERT_EQ(broker.store.pending_reads(), 2u);
  answer_read(0);
  EXPECT_EQ(channel.take_bodies(), Bodies{});
  while (broker.store.pending_reads() != 0)
    answer_read();
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1", "2"}));
}

TEST_F(QueuePaging, requeued_one_without_body_is_dropped_without_reading) {
  for (const bool expires : {false, true}) {
    amqp::FieldTable arguments;
    arguments.add_long(expires ? "x-message-ttl" : "x-max-length", expires ? 10 : 1);
    const QueueRef queue = declare_durable(expires ? "ttl" : "short", arguments);
    publish(queue->name(), "1", persistent);
    page_out(*queue);
    TestChannel channel(broker);
    channel.consume(*queue, "a", 1);
    answer_read();
    channel.cancel("a");
    pass(10);
    publish(queue->name(), "2");
    channel.requeue(1);
    EXPECT_EQ(broker.store.pending_reads(), 0u);
    EXPECT_EQ(broker.store.kept_count(), 0u);
    EXPECT_EQ(drain(*queue), (Bodies{"2"}));
  }
}

// ---- what the disk does not give back

TEST_F(QueuePaging, unreadable_messages_are_left_out_and_counted) {
  const QueueRef queue = declare_durable("q");
  publish_all("q", {"1", "22", "333"}, persistent);
  page_out(*queue);
  broker.store.lose(*queue, 2);
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  answer_read(0, 10);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1", "333"}));
  EXPECT_EQ(queue->ready_count(), 0u);
  EXPECT_EQ(counters().unreadable.value(), 1u);
  EXPECT_EQ(counters().ready.value(), 0u);
  EXPECT_EQ(counters().ready_bytes.value(), 0u);
}

TEST_F(QueuePaging, get_of_a_queue_that_is_unreadable_finds_it_empty) {
  const QueueRef queue = declare("q");
  publish("q", "1");
  page_out(*queue);
  broker.store.lose(*queue, 1);
  TestGet get(*queue);
  broker.act([&] { get.try_again(); });
  answer_read();
  EXPECT_EQ(get.answer, "(empty)");
  EXPECT_EQ(counters().unreadable.value(), 1u);
}

TEST_F(QueuePaging, unreadable_body_of_a_requeued_message_is_left_out) {
  const QueueRef queue = declare_durable("q");
  publish_all("q", {"1", "2"}, persistent);
  page_out(*queue);
  TestChannel channel(broker);
  channel.consume(*queue, "a", 1);
  answer_read(0, 2);
  broker.store.lose(*queue, 1);
  channel.requeue(1);
  channel.take_bodies();
  answer_read();
  EXPECT_EQ(channel.take_bodies(), (Bodies{"2"}));
  EXPECT_EQ(counters().unreadable.value(), 1u);
  EXPECT_EQ(counters().ready.value(), 0u);
  EXPECT_EQ(counters().ready_bytes.value(), 0u);
}

// ---- memory

TEST_F(QueuePaging, queues_are_found_by_the_memory_they_take) {
  EXPECT_EQ(largest_resident(), nullptr);
  QueueRef small = declare("small");
  const QueueRef large = declare("large");
  publish("small", "x");
  EXPECT_EQ(largest_resident(), nullptr) << "not a page";
  publish("small", std::string(10'000, 'x'));
  EXPECT_EQ(largest_resident(), small.get());
  publish("large", std::string(100'000, 'x'));
  EXPECT_EQ(largest_resident(), large.get());
  page_out(*large);
  EXPECT_EQ(largest_resident(), small.get());
  TestChannel channel(broker);
  channel.consume(*large, "a");
  answer_read();
  EXPECT_EQ(largest_resident(), small.get()) << "what is delivered is not ready";
  channel.cancel("a");
  channel.requeue(1);
  EXPECT_EQ(largest_resident(), large.get());
  broker.act([&] { large->purge(); });
  broker.act([&] {
    EXPECT_TRUE(broker.host.delete_queue(broker.actor, "small", connection, false, false).ok());
  });
  small = nullptr;
  EXPECT_EQ(largest_resident(), nullptr);
}

// ---- no room for what the broker itself publishes

TEST_F(QueuePaging, held_expiry_waits_and_goes_on) {
  const QueueRef letters = declare("letters");
  amqp::FieldTable arguments = dead_letters_to("letters");
  arguments.add_long("x-message-ttl", 10);
  const QueueRef queue = declare("q", arguments);
  const QueueRef other = declare("other");
  publish_all("q", {"1", "2"});
  hold(true);
  pass(10);
  EXPECT_EQ(queue->ready_count(), 2u);
  EXPECT_EQ(letters->ready_count(), 0u);
  EXPECT_GT(broker.host.next_deadline(), broker.now().monotonic) << "it does not spin";
  publish("other", "3");
  EXPECT_EQ(get(*other), "3");
  hold(false);
  EXPECT_EQ(queue->ready_count(), 0u);
  EXPECT_EQ(drain(*letters), (Bodies{"1", "2"}));
}

TEST_F(QueuePaging, held_queue_waits_in_line_once) {
  declare("letters");
  amqp::FieldTable arguments = dead_letters_to("letters");
  arguments.add_long("x-max-length", 1);
  const QueueRef queue = declare("q", arguments);
  hold(true);
  publish_all("q", {"1", "2"});
  const auto references = queue->reference_count();
  publish_all("q", {"3", "4", "5"});
  EXPECT_EQ(queue->reference_count(), references);
  hold(false);
  hold(true);
  publish("q", "6");
  EXPECT_EQ(queue->ready_count(), 2u);
  hold(false);
  EXPECT_EQ(queue->ready_count(), 1u);
}

TEST_F(QueuePaging, held_trimming_waits_and_goes_on) {
  const QueueRef letters = declare("letters");
  amqp::FieldTable arguments = dead_letters_to("letters");
  arguments.add_long("x-max-length", 1);
  const QueueRef queue = declare("q", arguments);
  hold(true);
  publish_all("q", {"1", "2", "3"});
  EXPECT_EQ(queue->ready_count(), 3u);
  EXPECT_EQ(get(*queue), "1") << "it is served meanwhile";
  hold(false);
  EXPECT_EQ(queue->ready_count(), 1u);
  EXPECT_EQ(drain(*letters), (Bodies{"2"}));
}

TEST_F(QueuePaging, held_rejects_wait_and_go_on) {
  const QueueRef letters = declare("letters");
  const QueueRef queue = declare("q", dead_letters_to("letters"));
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  publish("q", "1");
  hold(true);
  channel.reject(1);
  EXPECT_EQ(letters->ready_count(), 0u);
  hold(false);
  EXPECT_EQ(drain(*letters), (Bodies{"1"}));
}

// ---- groups

TEST_F(QueuePaging, dead_letter_leaves_and_arrives_in_one_group) {
  const QueueRef letters = declare_durable("letters");
  const QueueRef queue = declare_durable("q", dead_letters_to("letters"));
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  publish("q", "1", persistent);
  broker.store.take_trace();
  channel.reject(1);
  EXPECT_EQ(broker.store.take_trace(), "[ publish settle ]");
}

TEST_F(QueuePaging, dead_letter_that_goes_nowhere_is_settled) {
  const QueueRef queue = declare_durable("q", dead_letters_to("nobody"));
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  publish("q", "1", persistent);
  broker.store.take_trace();
  channel.reject(1);
  EXPECT_EQ(broker.store.take_trace(), "[ settle ]");
}

TEST_F(QueuePaging, queue_and_exchange_leave_with_their_bindings) {
  declare_durable("q");
  broker.act([&] {
    broker::ExchangeDeclaration exchange;
    exchange.name = "e";
    exchange.durable = true;
    EXPECT_TRUE(broker.host.declare_exchange(broker.actor, exchange).ok());
    for (const char* source : {"e", "amq.direct", "amq.fanout"}) {
      EXPECT_TRUE(broker.host
                      .bind(broker.actor,
                            {broker::RoutingTarget::Kind::kQueue, "q", source, "key", {}},
                            connection)
                      .ok());
    }
  });
  broker.store.take_trace();
  broker.act([&] { EXPECT_TRUE(broker.host.delete_exchange(broker.actor, "e", false).ok()); });
  EXPECT_EQ(broker.store.take_trace(), "[ unbind no-exchange ]");
  broker.act([&] {
    EXPECT_TRUE(broker.host.delete_queue(broker.actor, "q", connection, false, false).ok());
  });
  EXPECT_EQ(broker.store.take_trace(), "[ unbind unbind delete ]");
}

}  // namespace
}  // namespace harrier::test

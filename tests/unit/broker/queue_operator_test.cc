// What operators do with a queue: pause it, look at what waits, take single messages out.

#include "broker/queue_cursor.h"
#include "queue_fixture.h"

namespace harrier::test {
namespace {

using broker::Position;
using broker::QueueCursor;

class QueueOperator : public QueueFixture {
 protected:
  QueueRef declare_durable(std::string name, amqp::FieldTable arguments = {}) {
    auto wanted = declaration(std::move(name), std::move(arguments));
    wanted.durable = true;
    return declare(std::move(wanted));
  }
  void set_paused(broker::Queue& queue, bool paused) {
    broker.act([&] { queue.set_paused(paused); });
  }
  // Everything behind `cursor`, reading from the disk as needed; "*" behind what lay there.
  Bodies browse(broker::Queue& queue, QueueCursor cursor = {}) {
    Bodies seen;
    const QueueCursor::Visit visit = [&](const broker::QueueEntry& entry, bool on_disk) {
      seen.push_back(std::string(entry.message->body()) + (on_disk ? "*" : ""));
      return true;
    };
    while (true) {
      auto step = QueueCursor::Step::kDone;
      broker.act([&] {
        step = cursor.run(queue, 2, broker.now().monotonic, visit, [&](const auto& page) {
          cursor.take_page(page, broker.now().monotonic, visit);
        });
      });
      if (step == QueueCursor::Step::kDone) return seen;
      if (step == QueueCursor::Step::kWait) answer_read();
    }
  }
  void answer_read() {
    broker.act([&] { broker.store.answer_read(broker.host, 0, 2); });
  }
  void remove(broker::Queue& queue, std::uint64_t position, std::uint8_t level = 0) {
    broker.act([&] {
      ASSERT_NE(queue.find_ready(level, Position(position)), nullptr);
      queue.settle_taken(queue.extract(level, Position(position)), broker::SettleReason::kPurged);
    });
  }
  // Of what a peek shows there; whether it was there.
  bool remove_from_disk(broker::Queue& queue, std::uint64_t position) {
    bool removed = false;
    broker.act([&] {
      queue.peek(0, {Position(position - 1), Position(position)}, [&](broker::PagedIn page) {
        if (page.entries.empty() || !queue.extract_from_disk(page.entries.front())) return;
        queue.settle_taken(page.entries.front(), broker::SettleReason::kPurged);
        removed = true;
      });
    });
    broker.act([&] { broker.store.answer_read(broker.host, broker.store.pending_reads() - 1, 2); });
    return removed;
  }
  broker::VirtualHostCounters& counters() { return broker.host.counters(); }
  const Sent persistent{.persistent = true};
};

// ---- pause

TEST_F(QueueOperator, a_paused_queue_takes_messages_and_gives_none) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  set_paused(*queue, true);
  publish_all("q", {"1", "2"});
  EXPECT_EQ(channel.take_bodies(), Bodies{});
  EXPECT_EQ(get(*queue), "(empty)");
  EXPECT_EQ(queue->ready_count(), 2u);
  set_paused(*queue, false);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1", "2"}));
}

TEST_F(QueueOperator, a_credit_that_opens_while_paused_delivers_after_the_pause) {
  const QueueRef queue = declare("q");
  TestChannel channel(broker);
  channel.consume(*queue, "a", 1);
  publish_all("q", {"1", "2", "3"});
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1"}));
  set_paused(*queue, true);
  channel.ack(1);
  EXPECT_EQ(channel.take_bodies(), Bodies{});
  set_paused(*queue, false);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"2"}));
  channel.ack(2);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"3"}));
}

TEST_F(QueueOperator, consumers_that_come_while_paused_are_served_after_the_pause) {
  const QueueRef queue = declare("q");
  publish("q", "1");
  set_paused(*queue, true);
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  EXPECT_EQ(channel.take_bodies(), Bodies{});
  set_paused(*queue, false);
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1"}));
}

TEST_F(QueueOperator, only_the_single_active_consumer_goes_on_after_a_pause) {
  amqp::FieldTable arguments;
  arguments.add_boolean("x-single-active-consumer", true);
  const QueueRef queue = declare("q", std::move(arguments));
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  channel.consume(*queue, "b");
  set_paused(*queue, true);
  publish_all("q", {"1", "2"});
  set_paused(*queue, false);
  EXPECT_EQ(channel.take_tagged(), (Bodies{"a:1", "a:2"}));
}

TEST_F(QueueOperator, a_get_that_waits_for_the_disk_is_answered_when_the_queue_is_paused) {
  const QueueRef queue = declare("q");
  publish_all("q", {"1", "2"});
  page_out(*queue);
  TestGet waiting(*queue);
  broker.act([&] { waiting.try_again(); });
  EXPECT_EQ(waiting.answer, "(wait)");
  set_paused(*queue, true);
  answer_read();
  EXPECT_EQ(waiting.answer, "(empty)");
  EXPECT_EQ(queue->ready_count(), 2u);
}

TEST_F(QueueOperator, what_is_expired_leaves_a_paused_queue) {
  const QueueRef queue = declare("q");
  set_paused(*queue, true);
  publish("q", "1", {.expiration = 10});
  broker.pass(Milliseconds(20));
  EXPECT_EQ(queue->ready_count(), 0u);
}

TEST_F(QueueOperator, a_pause_is_recorded_once_and_for_durable_queues_only) {
  const QueueRef durable = declare_durable("durable");
  const QueueRef passing = declare("passing");
  const std::size_t before = broker.store.count<broker::QueueDeclaredChange>();
  set_paused(*durable, true);
  set_paused(*durable, true);
  set_paused(*passing, true);
  EXPECT_EQ(broker.store.count<broker::QueueDeclaredChange>(), before + 1);
  set_paused(*durable, false);
  EXPECT_EQ(broker.store.count<broker::QueueDeclaredChange>(), before + 2);
}

TEST_F(QueueOperator, a_paused_queue_is_declared_again_as_if_it_were_not) {
  const QueueRef queue = declare_durable("q");
  set_paused(*queue, true);
  EXPECT_EQ(declare_durable("q").get(), queue.get());
  EXPECT_TRUE(queue->paused());
}

// ---- browse

TEST_F(QueueOperator, browsing_shows_all_in_order_and_changes_nothing) {
  const QueueRef queue = declare_durable("q");
  publish_all("q", {"1", "2", "3", "4", "5"}, persistent);
  page_out(*queue);
  publish_all("q", {"6", "7"}, persistent);
  EXPECT_EQ(browse(*queue), (Bodies{"1*", "2*", "3*", "4*", "5*", "6", "7"}));
  EXPECT_EQ(browse(*queue), (Bodies{"1*", "2*", "3*", "4*", "5*", "6", "7"}));
  EXPECT_EQ(queue->ready_count(), 7u);
  EXPECT_EQ(counters().delivered(), 0u);
  EXPECT_EQ(broker.store.count<broker::DispatchedChange>(), 0u);
}

TEST_F(QueueOperator, browsing_goes_on_behind_a_place_in_the_middle) {
  const QueueRef queue = declare("q");
  publish_all("q", {"1", "2", "3", "4"});
  page_out(*queue);
  publish("q", "5");
  EXPECT_EQ(browse(*queue, QueueCursor(0, Position(3))), (Bodies{"4*", "5"}));
  EXPECT_EQ(browse(*queue, QueueCursor(0, Position(5))), Bodies{});
}

TEST_F(QueueOperator, browsing_shows_higher_priorities_first) {
  amqp::FieldTable arguments;
  arguments.add_long("x-max-priority", 5);
  const QueueRef queue = declare("q", std::move(arguments));
  publish("q", "low", {.priority = 1});
  publish("q", "high", {.priority = 4});
  publish("q", "higher", {.priority = 5});
  EXPECT_EQ(browse(*queue), (Bodies{"higher", "high", "low"}));
  EXPECT_EQ(browse(*queue, QueueCursor(4, Position(2))), (Bodies{"low"}));
}

TEST_F(QueueOperator, browsing_passes_over_what_has_expired) {
  const QueueRef queue = declare("q");
  publish("q", "1");
  publish("q", "2", {.expiration = 10});
  publish("q", "3");
  broker.pass(Milliseconds(20));
  EXPECT_EQ(browse(*queue), (Bodies{"1", "3"}));
}

TEST_F(QueueOperator, a_peek_is_not_answered_when_its_queue_is_gone) {
  const QueueRef queue = declare("q");
  publish("q", "1");
  page_out(*queue);
  bool answered = false;
  broker.act([&] {
    queue->peek(0, {Position(0), Position(1)}, [&](const auto&) { answered = true; });
  });
  broker.act([&] {
    ASSERT_TRUE(broker.host.delete_queue(broker.actor, "q", connection, false, false).ok());
  });
  answer_read();
  EXPECT_FALSE(answered);
}

// ---- single messages

TEST_F(QueueOperator, a_message_in_the_middle_of_memory_is_taken_out_alone) {
  const QueueRef queue = declare_durable("q");
  Bodies sent, left;
  for (int i = 1; i <= 200; ++i) {
    sent.push_back(std::to_string(i));
    if (i != 1 && i != 100 && i != 200) left.push_back(sent.back());
  }
  publish_all("q", sent, persistent);
  remove(*queue, 100);
  remove(*queue, 200);
  remove(*queue, 1);
  EXPECT_EQ(queue->ready_count(), 197u);
  EXPECT_EQ(queue->unacked_count(), 0u);
  EXPECT_EQ(counters().settled_by(broker::SettleReason::kPurged).value(), 3u);
  EXPECT_EQ(drain(*queue), left);
}

TEST_F(QueueOperator, a_message_behind_what_is_on_disk_is_taken_out_alone) {
  const QueueRef queue = declare_durable("q");
  publish_all("q", {"1", "2"}, persistent);
  page_out(*queue);
  publish_all("q", {"3", "4", "5"}, persistent);
  remove(*queue, 4);
  EXPECT_EQ(browse(*queue), (Bodies{"1*", "2*", "3", "5"}));
}

TEST_F(QueueOperator, a_message_that_came_back_is_taken_out_alone) {
  const QueueRef queue = declare_durable("q");
  TestChannel channel(broker);
  channel.consume(*queue, "a", 2);
  publish_all("q", {"1", "2", "3"}, persistent);
  channel.close();
  remove(*queue, 2);
  EXPECT_EQ(browse(*queue), (Bodies{"1", "3"}));
}

TEST_F(QueueOperator, recorded_messages_on_disk_are_taken_out_there) {
  const QueueRef queue = declare_durable("q");
  publish_all("q", {"1", "2", "3"}, persistent);
  page_out(*queue);
  EXPECT_TRUE(remove_from_disk(*queue, 2));
  EXPECT_FALSE(remove_from_disk(*queue, 2));
  EXPECT_EQ(browse(*queue), (Bodies{"1*", "3*"}));
  // The store checks each settle against what is alive.
  broker.act([&] { EXPECT_EQ(queue->purge(), 2u); });
}

TEST_F(QueueOperator, transient_messages_on_disk_are_taken_out_although_the_disk_shows_them) {
  const QueueRef queue = declare("q");
  publish_all("q", {"1", "2", "3"});
  page_out(*queue);
  EXPECT_TRUE(remove_from_disk(*queue, 2));
  EXPECT_FALSE(remove_from_disk(*queue, 2));
  EXPECT_EQ(browse(*queue), (Bodies{"1*", "3*"}));
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  while (broker.store.pending_reads() != 0)
    answer_read();
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1", "3"}));
  EXPECT_EQ(counters().ready.value(), 0u);
  EXPECT_EQ(counters().unreadable.value(), 0u);
}

TEST_F(QueueOperator, the_last_message_on_disk_can_be_taken_out_there) {
  const QueueRef queue = declare_durable("q");
  publish("q", "1", persistent);
  page_out(*queue);
  publish("q", "2", persistent);
  EXPECT_TRUE(remove_from_disk(*queue, 1));
  EXPECT_EQ(drain(*queue), (Bodies{"2"}));
}

TEST_F(QueueOperator,
       the_disk_keeps_nothing_when_the_rest_was_read_and_the_end_had_been_taken_out) {
  const QueueRef queue = declare("q");
  publish_all("q", {"1", "2", "3"});
  page_out(*queue);
  EXPECT_TRUE(remove_from_disk(*queue, 3));
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  answer_read();
  EXPECT_EQ(channel.take_bodies(), (Bodies{"1", "2"}));
  EXPECT_EQ(broker.store.kept_count(), 0u);
}

// The run that was written reaches further than what then lay on disk of it.
TEST_F(QueueOperator, the_disk_keeps_nothing_of_what_was_taken_out_while_it_was_written) {
  for (const bool purged : {false, true}) {
    const QueueRef queue = declare(purged ? "purged" : "read");
    publish_all(queue->name(), {"1", "2", "3"});
    const auto written = broker.store.write_out(*queue);
    remove(*queue, 3);
    broker.act([&] { queue->evict(written, 0); });
    if (purged) {
      broker.act([&] { EXPECT_EQ(queue->purge(), 2u); });
    } else {
      TestChannel channel(broker);
      channel.consume(*queue, "a");
      answer_read();
      EXPECT_EQ(channel.take_bodies(), (Bodies{"1", "2"}));
    }
    EXPECT_EQ(broker.store.kept_count(), 0u) << queue->name();
  }
}

TEST_F(QueueOperator, nothing_is_taken_out_of_what_is_being_read) {
  const QueueRef queue = declare_durable("q");
  publish_all("q", {"1", "2", "3"}, persistent);
  page_out(*queue);
  TestGet waiting(*queue);
  broker.act([&] { waiting.try_again(); });
  EXPECT_FALSE(remove_from_disk(*queue, 2));
  answer_read();
  EXPECT_EQ(waiting.answer, "1");
  remove(*queue, 2);
  EXPECT_EQ(queue->ready_count(), 1u);
}

}  // namespace
}  // namespace harrier::test

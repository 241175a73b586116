// Messages to other queues of their virtual host, one by one and back to where they died.

#include "broker/message_move.h"

#include "broker/redrive.h"
#include "queue_fixture.h"

namespace harrier::test {
namespace {

using broker::MessageMove;
using broker::MoveStep;
using broker::Redrive;

// Is told, and steps back.
class Told final : public broker::GetWaiter {
 public:
  int times = 0;
  void try_again() override {
    unlink();
    ++times;
  }
};

class MessageMoveTest : public QueueFixture {
 protected:
  QueueRef declare_durable(std::string name, amqp::FieldTable arguments = {}) {
    auto wanted = declaration(std::move(name), std::move(arguments));
    wanted.durable = true;
    return declare(std::move(wanted));
  }
  // At most `messages` a turn, until it needs something or is done.
  template <class Move>
  MoveStep run(Move& move, int messages = 2) {
    MoveStep step = MoveStep::kMore;
    while (step == MoveStep::kMore) {
      int left = messages;
      broker.act([&] {
        step = move.run(
            broker.host, [&] { return left-- == 0; }, waiter);
      });
    }
    return step;
  }
  static amqp::FieldTable limited(long length, const char* overflow) {
    amqp::FieldTable arguments;
    arguments.add_long("x-max-length", length);
    arguments.add_string("x-overflow", overflow);
    return arguments;
  }
  static amqp::FieldTable dead_letters_to(std::string_view key) {
    amqp::FieldTable arguments;
    arguments.add_string("x-dead-letter-exchange", "");
    arguments.add_string("x-dead-letter-routing-key", key);
    return arguments;
  }
  // Publishes to the queue and rejects what comes out.
  void kill(broker::Queue& queue, const Bodies& bodies) {
    publish_all(queue.name(), bodies, persistent);
    TestChannel channel(broker);
    channel.consume(queue, "killer");
    for (std::uint64_t tag = 1; tag <= bodies.size(); ++tag)
      channel.reject(tag);
  }

  Told waiter;
  const Sent persistent{.persistent = true};
};

TEST_F(MessageMoveTest, keeps_the_order_and_what_comes_meanwhile_stays) {
  const QueueRef from = declare_durable("from"), to = declare_durable("to");
  publish_all("from", {"1", "2", "3", "4", "5"}, persistent);
  MessageMove move(from, to, UINT64_MAX);
  publish("from", "6", persistent);
  EXPECT_EQ(run(move), MoveStep::kDone);
  EXPECT_EQ(move.moved(), 5u);
  EXPECT_EQ(drain(*to), (Bodies{"1", "2", "3", "4", "5"}));
  EXPECT_EQ(drain(*from), (Bodies{"6"}));
}

TEST_F(MessageMoveTest, moves_as_many_as_were_asked_for) {
  const QueueRef from = declare_durable("from"), to = declare_durable("to");
  publish_all("from", {"1", "2", "3"}, persistent);
  MessageMove move(from, to, 2);
  EXPECT_EQ(run(move), MoveStep::kDone);
  EXPECT_EQ(drain(*from), (Bodies{"3"}));
}

TEST_F(MessageMoveTest, publish_and_settle_are_one_group) {
  const QueueRef from = declare_durable("from"), to = declare_durable("to");
  publish("from", "1", persistent);
  broker.store.take_trace();
  MessageMove move(from, to, 1);
  EXPECT_EQ(run(move), MoveStep::kDone);
  EXPECT_EQ(broker.store.take_trace(), "[ publish settle ]");
}

TEST_F(MessageMoveTest, moves_out_of_a_paused_queue_into_a_paused_queue) {
  const QueueRef from = declare_durable("from"), to = declare_durable("to");
  publish("from", "1", persistent);
  TestChannel channel(broker);
  channel.consume(*to, "a");
  broker.act([&] {
    from->set_paused(true);
    to->set_paused(true);
  });
  MessageMove move(from, to, 1);
  EXPECT_EQ(run(move), MoveStep::kDone);
  EXPECT_EQ(to->ready_count(), 1u);
  EXPECT_EQ(channel.take_bodies(), Bodies{});
}

TEST_F(MessageMoveTest, waits_for_what_is_on_disk) {
  const QueueRef from = declare_durable("from"), to = declare_durable("to");
  publish_all("from", {"1", "2", "3"}, persistent);
  page_out(*from);
  MessageMove move(from, to, UINT64_MAX);
  EXPECT_EQ(run(move), MoveStep::kWait);
  EXPECT_EQ(waiter.times, 0);
  broker.act([&] { broker.store.answer_read(broker.host, 0, 10); });
  EXPECT_EQ(waiter.times, 1);
  EXPECT_EQ(run(move), MoveStep::kDone);
  EXPECT_EQ(drain(*to), (Bodies{"1", "2", "3"}));
}

TEST_F(MessageMoveTest, a_target_that_refuses_leaves_the_rest_where_it_was) {
  const QueueRef from = declare_durable("from");
  const QueueRef to = declare_durable("to", limited(2, "reject-publish"));
  publish_all("from", {"1", "2", "3"}, persistent);
  MessageMove move(from, to, UINT64_MAX);
  EXPECT_EQ(run(move), MoveStep::kFull);
  EXPECT_EQ(move.moved(), 2u);
  EXPECT_EQ(from->unacked_count(), 0u);
  EXPECT_EQ(drain(*from), (Bodies{"3"}));
  EXPECT_EQ(broker.host.counters().refused.value(), 0u);
}

TEST_F(MessageMoveTest, ends_when_a_queue_is_deleted) {
  const QueueRef from = declare_durable("from"), to = declare_durable("to");
  publish_all("from", {"1", "2"}, persistent);
  MessageMove move(from, to, UINT64_MAX);
  broker.act([&] {
    ASSERT_TRUE(broker.host.delete_queue(broker.actor, "to", connection, false, false).ok());
  });
  EXPECT_EQ(run(move), MoveStep::kGone);
  EXPECT_EQ(drain(*from), (Bodies{"1", "2"}));
}

TEST_F(MessageMoveTest, tells_who_waits_that_its_queue_is_gone) {
  const QueueRef from = declare_durable("from"), to = declare_durable("to");
  publish("from", "1", persistent);
  page_out(*from);
  MessageMove move(from, to, UINT64_MAX);
  EXPECT_EQ(run(move), MoveStep::kWait);
  broker.act([&] {
    ASSERT_TRUE(broker.host.delete_queue(broker.actor, "from", connection, false, false).ok());
  });
  EXPECT_EQ(waiter.times, 1);
}

TEST_F(MessageMoveTest, a_message_that_its_quorum_queue_may_not_give_yet_is_waited_for) {
  const QueueRef from = declare(quorum("from")), to = declare(quorum("to"));
  broker.store.commits_at_once = false;
  broker.store.commit();
  publish("from", "1");
  MessageMove move(from, to, UINT64_MAX);
  EXPECT_EQ(run(move), MoveStep::kWait);
  broker.store.commits_at_once = true;
  broker.act([&] { broker.host.committed(broker.store.committed()); });
  EXPECT_EQ(run(move), MoveStep::kDone);
  EXPECT_EQ(to->ready_count(), 1u);
}

// ---- redrive

class RedriveTest : public MessageMoveTest {
 protected:
  RedriveTest()
      : dead(declare_durable("dead")),
        orders(declare_durable("orders", dead_letters_to("dead"))),
        bills(declare_durable("bills", dead_letters_to("dead"))) {}

  std::map<std::string, std::uint64_t, std::less<>> moved(const Redrive& redrive) {
    return redrive.counts().moved;
  }
  MoveStep finish(Redrive& redrive) {
    const MoveStep step = run(redrive);
    broker.act([&] { redrive.end(); });
    return step;
  }
  const QueueRef dead, orders, bills;
};

TEST_F(RedriveTest, sends_each_message_to_where_it_died) {
  kill(*orders, {"o1", "o2"});
  kill(*bills, {"b1"});
  Redrive redrive(dead, {});
  EXPECT_EQ(finish(redrive), MoveStep::kDone);
  EXPECT_EQ(drain(*orders), (Bodies{"o1", "o2"}));
  EXPECT_EQ(drain(*bills), (Bodies{"b1"}));
  EXPECT_EQ(redrive.counts().moved.at("orders"), 2u);
  EXPECT_EQ(redrive.counts().moved.at("bills"), 1u);
}

TEST_F(RedriveTest, those_whose_queue_is_gone_stay_where_they_stood) {
  publish("dead", "stranger", persistent);
  kill(*bills, {"b1"});
  kill(*orders, {"o1"});
  kill(*bills, {"b2"});
  broker.act([&] {
    ASSERT_TRUE(broker.host.delete_queue(broker.actor, "bills", connection, false, false).ok());
  });
  Redrive redrive(dead, {});
  EXPECT_EQ(finish(redrive), MoveStep::kDone);
  EXPECT_EQ(redrive.counts().source_gone, 2u);
  EXPECT_EQ(redrive.counts().no_history, 1u);
  EXPECT_EQ(dead->unacked_count(), 0u);
  EXPECT_EQ(drain(*orders), (Bodies{"o1"}));
  EXPECT_EQ(drain(*dead), (Bodies{"stranger", "b1", "b2"}));
}

TEST_F(RedriveTest, those_that_stay_are_not_redelivered_afterwards) {
  publish("dead", "stranger", persistent);
  Redrive redrive(dead, {});
  EXPECT_EQ(finish(redrive), MoveStep::kDone);
  TestChannel channel(broker);
  channel.consume(*dead, "a");
  ASSERT_EQ(channel.deliveries.size(), 1u);
  EXPECT_FALSE(channel.deliveries[0].redelivered);
  EXPECT_EQ(broker.store.count<broker::RequeueChange>(), 0u);
}

TEST_F(RedriveTest, the_fallback_takes_those_whose_queue_is_gone) {
  const QueueRef parking = declare_durable("parking");
  publish("dead", "stranger", persistent);
  kill(*orders, {"o1"});
  Redrive redrive(dead, {UINT64_MAX, parking, UINT64_MAX});
  EXPECT_EQ(finish(redrive), MoveStep::kDone);
  EXPECT_EQ(redrive.counts().moved.at("parking"), 1u);
  EXPECT_EQ(redrive.counts().no_history, 1u);
  EXPECT_EQ(drain(*parking), (Bodies{"stranger"}));
}

TEST_F(RedriveTest, moves_as_many_as_were_asked_for) {
  publish("dead", "stranger", persistent);
  kill(*orders, {"o1", "o2"});
  Redrive redrive(dead, {1, {}, UINT64_MAX});
  EXPECT_EQ(finish(redrive), MoveStep::kDone);
  EXPECT_EQ(drain(*dead), (Bodies{"stranger", "o2"}));
}

TEST_F(RedriveTest, ends_when_too_many_stay) {
  publish_all("dead", {"1", "2", "3"}, persistent);
  kill(*orders, {"o1"});
  Redrive redrive(dead, {UINT64_MAX, {}, 2});
  EXPECT_EQ(finish(redrive), MoveStep::kFull);
  EXPECT_EQ(drain(*dead), (Bodies{"1", "2", "3", "o1"}));
}

TEST_F(RedriveTest, a_dead_letter_of_the_queue_itself_does_not_go_round) {
  const QueueRef self = declare_durable("self", dead_letters_to("self"));
  kill(*self, {"1"});
  ASSERT_EQ(self->ready_count() + self->unacked_count(), 1u);
  Redrive redrive(self, {});
  EXPECT_EQ(finish(redrive), MoveStep::kDone);
  EXPECT_EQ(redrive.moved(), 0u);
  EXPECT_EQ(redrive.counts().source_gone, 1u);
}

TEST_F(RedriveTest, histories_that_clients_made_up_are_no_histories) {
  const auto headers_with = [](const amqp::FieldTable& table) {
    return std::string(table.view().bytes());
  };
  amqp::FieldTable text, empty, strange;
  text.add_string("x-death", "orders");
  empty.add_array("x-death", amqp::FieldArray());
  amqp::FieldArray numbers;
  numbers.add_table(amqp::FieldTable().add_long("queue", 7));
  strange.add_array("x-death", numbers);
  for (const amqp::FieldTable* table : {&text, &empty, &strange}) {
    Sent sent = persistent;
    sent.headers = headers_with(*table);
    publish("dead", "made up", sent);
  }
  Redrive redrive(dead, {});
  EXPECT_EQ(finish(redrive), MoveStep::kDone);
  EXPECT_EQ(redrive.counts().no_history, 3u);
  EXPECT_EQ(dead->ready_count(), 3u);
}

TEST_F(RedriveTest, counting_says_what_it_would_do) {
  kill(*orders, {"o1", "o2"});
  publish("dead", "stranger", persistent);
  Redrive redrive(dead, {});
  broker.act([&] {
    (void)dead->ready().visit_behind(0, broker::Position(), [&](const broker::QueueEntry& entry) {
      redrive.count_only(broker.host, *entry.message);
      return true;
    });
    redrive.end();
  });
  EXPECT_EQ(redrive.counts().moved.at("orders"), 2u);
  EXPECT_EQ(redrive.counts().no_history, 1u);
  EXPECT_EQ(dead->ready_count(), 3u);
}

}  // namespace
}  // namespace harrier::test

// A virtual host that is put together from what a crash left behind.

#include "queue_fixture.h"

namespace harrier::test {
namespace {

using broker::ExchangeDeclaration;
using broker::ExchangeType;
using broker::Position;
using broker::QueueEntry;
using broker::QueueId;
using broker::RoutingTarget;

class Restore : public QueueFixture {
 protected:
  broker::Queue* restore_queue(std::uint64_t id, std::string name,
                               amqp::FieldTable arguments = {}) {
    auto wanted = declaration(std::move(name), std::move(arguments));
    wanted.durable = true;
    broker::Queue* restored = nullptr;
    broker.act([&] { restored = broker.host.restore_queue(QueueId(id), std::move(wanted)); });
    return restored;
  }
  bool restore_exchange(std::string name, ExchangeType type = ExchangeType::kDirect) {
    ExchangeDeclaration wanted;
    wanted.name = std::move(name);
    wanted.type = type;
    wanted.durable = true;
    bool restored = false;
    broker.act([&] { restored = broker.host.restore_exchange(std::move(wanted)); });
    return restored;
  }
  void restore_binding(RoutingTarget::Kind kind, std::string destination, std::string source,
                       std::string key) {
    broker.act([&] {
      broker.host.restore_binding({kind, std::move(destination), std::move(source),
                                   std::move(key), {}});
    });
  }
  // A recorded message as the log knows it; on disk too.
  QueueEntry entry(const broker::Queue& queue, std::uint64_t position, std::string_view body,
                   std::uint8_t level = 0) {
    QueueEntry made;
    made.message = message(queue.name(), body, {.priority = level, .persistent = true});
    made.position = Position(position);
    made.priority = level;
    made.body_size = static_cast<std::uint32_t>(body.size());
    made.logged = true;
    broker.store.note_recovered(queue.id(), made);
    return made;
  }
  void restore_entry(broker::Queue& queue, std::uint64_t position, std::string_view body,
                     std::uint16_t delivery_count = 0) {
    QueueEntry made = entry(queue, position, body);
    made.delivery_count = delivery_count;
    made.redelivered = delivery_count != 0;
    broker.act([&] { queue.restore_entry(std::move(made)); });
  }
  void restore_middle(broker::Queue& queue, std::uint64_t after,
                      const std::vector<std::pair<std::uint64_t, std::string>>& messages) {
    broker::PagedMiddle middle;
    middle.after = Position(after);
    for (const auto& [position, body] : messages) {
      const QueueEntry made = entry(queue, position, body);
      middle.last = made.position;
      ++middle.count;
      middle.body_bytes += made.body_size;
    }
    middle.logged_count = middle.count;
    middle.logged_body_bytes = middle.body_bytes;
    broker.act([&] { queue.restore_middle(0, middle); });
  }
  const broker::VirtualHostCounters& counters() { return broker.host.counters(); }
};

TEST_F(Restore, what_was_declared_routes_again) {
  EXPECT_TRUE(restore_exchange("front"));
  EXPECT_TRUE(restore_exchange("behind", ExchangeType::kFanout));
  broker::Queue* queue = restore_queue(7, "q");
  ASSERT_NE(queue, nullptr);
  EXPECT_EQ(queue->id(), QueueId(7));
  EXPECT_EQ(broker.host.find_queue(QueueId(7)), queue);
  restore_binding(RoutingTarget::Kind::kExchange, "behind", "front", "key");
  restore_binding(RoutingTarget::Kind::kQueue, "q", "behind", "");
  restore_binding(RoutingTarget::Kind::kQueue, "q", "amq.topic", "a.#");
  std::vector<broker::Queue*> queues;
  broker.host.route(broker.host.find_exchange("front"), {"key"}, {}, queues);
  EXPECT_EQ(queues, (std::vector<broker::Queue*>{queue}));
  queues.clear();
  broker.host.route(broker.host.find_exchange("amq.topic"), {"a.b"}, {}, queues);
  EXPECT_EQ(queues, (std::vector<broker::Queue*>{queue}));
  EXPECT_EQ(counters().queues.value(), 1u);
  EXPECT_EQ(counters().bindings.value(), 3u);
  EXPECT_EQ(broker.store.last_appended(), broker::Lsn()) << "it is on disk already";
}

TEST_F(Restore, what_makes_no_sense_is_refused) {
  EXPECT_FALSE(restore_exchange(""));
  EXPECT_FALSE(restore_exchange("amq.direct"));
  ASSERT_NE(restore_queue(1, "q"), nullptr);
  EXPECT_EQ(restore_queue(1, "other"), nullptr);
  EXPECT_EQ(restore_queue(2, "q"), nullptr);
  amqp::FieldTable arguments;
  arguments.add_string("x-message-ttl", "soon");
  EXPECT_EQ(restore_queue(3, "bad", arguments), nullptr);
  EXPECT_EQ(counters().queues.value(), 1u);
}

TEST_F(Restore, binding_without_an_end_or_twice_is_passed_over) {
  restore_queue(1, "q");
  restore_binding(RoutingTarget::Kind::kQueue, "gone", "amq.direct", "key");
  restore_binding(RoutingTarget::Kind::kQueue, "q", "gone", "key");
  EXPECT_EQ(counters().bindings.value(), 0u);
  restore_binding(RoutingTarget::Kind::kQueue, "q", "amq.direct", "key");
  restore_binding(RoutingTarget::Kind::kQueue, "q", "amq.direct", "key");
  EXPECT_EQ(counters().bindings.value(), 1u);
}

TEST_F(Restore, new_queues_get_new_numbers) {
  restore_queue(7, "q");
  EXPECT_EQ(declare("next")->id(), QueueId(8));
  broker.host.restore_last_queue(QueueId(20));
  EXPECT_EQ(declare("after")->id(), QueueId(21));
}

TEST_F(Restore, quorum_queue_has_its_default_delivery_limit) {
  amqp::FieldTable arguments;
  arguments.add_string("x-queue-type", "quorum");
  broker::Queue* queue = restore_queue(1, "q", arguments);
  ASSERT_NE(queue, nullptr);
  EXPECT_EQ(queue->settings().delivery_limit, broker.limits.default_delivery_limit);
}

TEST_F(Restore, middle_and_what_lies_behind_are_delivered_in_order) {
  broker::Queue* queue = restore_queue(1, "q");
  restore_middle(*queue, 10, {{12, "12"}, {15, "15"}});
  restore_entry(*queue, 16, "16");
  restore_entry(*queue, 18, "18");
  EXPECT_EQ(queue->ready_count(), 4u);
  EXPECT_EQ(counters().ready_bytes.value(), 8u);
  EXPECT_EQ(broker.store.last_appended(), broker::Lsn());
  publish("q", "new", {.persistent = true});
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  broker.catch_up();
  EXPECT_EQ(channel.take_bodies(), (Bodies{"12", "15", "16", "18", "new"}));
  EXPECT_EQ(channel.unacked.at(5).entry.position, Position(19));
  for (std::uint64_t tag = 1; tag <= 5; ++tag)
    channel.ack(tag);
  EXPECT_EQ(broker.store.kept_count(), 0u);
  EXPECT_EQ(counters().ready.value(), 0u);
  EXPECT_EQ(counters().unacked.value(), 0u);
}

TEST_F(Restore, what_was_handed_out_comes_back_before_the_middle) {
  broker::Queue* queue = restore_queue(1, "q");
  restore_middle(*queue, 10, {{11, "11"}});
  restore_entry(*queue, 3, "3", 1);
  restore_entry(*queue, 10, "10", 2);
  restore_entry(*queue, 12, "12");
  TestChannel channel(broker);
  channel.consume(*queue, "a");
  EXPECT_EQ(channel.take_bodies(), (Bodies{"3", "10"}));
  broker.catch_up();
  EXPECT_EQ(channel.take_bodies(), (Bodies{"11", "12"}));
  EXPECT_EQ(channel.unacked.at(2).entry.delivery_count, 2u);
}

TEST_F(Restore, positions_go_on_behind_all_that_were_given_out) {
  broker::Queue* queue = restore_queue(1, "q");
  broker.act([&] { queue->restore_next_position(Position(100)); });
  restore_entry(*queue, 5, "5");
  EXPECT_EQ(queue->take_position(), Position(100));
}

TEST_F(Restore, deadlines_are_kept) {
  broker::Queue* queue = restore_queue(1, "q");
  QueueEntry made = entry(*queue, 1, "1");
  made.expires_at = broker.now().monotonic + Milliseconds(10);
  broker.act([&] { queue->restore_entry(made); });
  broker.pass(Milliseconds(9));
  EXPECT_EQ(queue->ready_count(), 1u);
  broker.pass(Milliseconds(1));
  EXPECT_EQ(queue->ready_count(), 0u);
}

}  // namespace
}  // namespace harrier::test

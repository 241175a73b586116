// Declares, binds, deletes, and what closes a channel or the connection.

#include "channel_fixture.h"

namespace harrier::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

using ChannelDeclare = ChannelFixture;

TEST_F(ChannelDeclare, declare_ok_tells_name_messages_and_consumers) {
  auto client = connect();
  client->declare("q");
  EXPECT_THAT(client->take(), ElementsAre("method 1 queue.declare-ok queue='q' message_count=0 "
                                          "consumer_count=0"));
  client->publish(1, "q", "a").publish(1, "q", "b").send(1, amqp::BasicQos{0, 1, false});
  client->consume("q", "c").quiet().declare("q");
  EXPECT_THAT(client->take(), ElementsAre("method 1 queue.declare-ok queue='q' message_count=1 "
                                          "consumer_count=1"));
}

TEST_F(ChannelDeclare, no_wait_says_nothing) {
  auto client = connect();
  amqp::QueueDeclare declare;
  declare.queue = "q";
  declare.no_wait = true;
  client->send(1, declare);
  amqp::QueueBind bind;
  bind.queue = "q";
  bind.exchange = "amq.direct";
  bind.no_wait = true;
  client->send(1, bind);
  amqp::ExchangeDeclare exchange;
  exchange.exchange = "x";
  exchange.type = "fanout";
  exchange.no_wait = true;
  client->send(1, exchange);
  amqp::QueuePurge purge;
  purge.queue = "q";
  purge.no_wait = true;
  client->send(1, purge);
  amqp::QueueDelete remove;
  remove.queue = "q";
  remove.no_wait = true;
  client->send(1, remove);
  amqp::ExchangeDelete drop;
  drop.exchange = "x";
  drop.no_wait = true;
  client->send(1, drop);
  client->send(1, amqp::ConfirmSelect{true});
  EXPECT_THAT(client->take(), IsEmpty());
  EXPECT_EQ(broker.host.find_queue("q"), nullptr);
}

TEST_F(ChannelDeclare, no_wait_errors_still_close_the_channel) {
  auto client = connect();
  amqp::QueueBind bind;
  bind.queue = "nobody";
  bind.exchange = "amq.direct";
  bind.no_wait = true;
  client->send(1, bind);
  EXPECT_THAT(client->close_text(), HasSubstr("NOT_FOUND - no queue 'nobody' in vhost '/'"));
}

TEST_F(ChannelDeclare, empty_name_is_the_last_declared_on_this_channel) {
  auto client = connect();
  client->open(2).declare("q").quiet();
  client->send(1, amqp::QueuePurge{});
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("method 1 queue.purge-ok")));
  client->send(2, amqp::QueuePurge{});
  EXPECT_THAT(client->close_text(), HasSubstr("NOT_FOUND - no previously declared queue"));
}

TEST_F(ChannelDeclare, empty_queue_and_key_bind_by_the_queues_name) {
  auto client = connect();
  client->declare("q");
  amqp::QueueBind bind;
  bind.exchange = "amq.direct";
  client->send(1, bind).publish(1, "q", "a", {.exchange = "amq.direct"}).quiet().get("q", true);
  EXPECT_THAT(client->take(), ElementsAre(HasSubstr("|a")));
}

TEST_F(ChannelDeclare, line_breaks_are_stripped_from_names) {
  auto client = connect();
  client->declare("q\r\n1");
  EXPECT_NE(broker.host.find_queue("q1"), nullptr);
  client->quiet().get("q\n1");
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("method 1 basic.get-empty")));
}

TEST_F(ChannelDeclare, line_breaks_are_stripped_in_bindings_too) {
  auto client = connect();
  amqp::ExchangeDeclare declare;
  declare.exchange = "x\n";
  declare.type = "fanout";
  client->send(1, declare).declare("q\n");
  client->send(1, amqp::QueueBind{0, "q\n", "x\n", "", false, {}});
  amqp::ExchangeBind bind;
  bind.source = "x\n";
  bind.destination = "amq.fanout\r";
  client->quiet().send(1, bind);
  EXPECT_THAT(client->take(), ElementsAre("method 1 exchange.bind-ok"));
}

TEST_F(ChannelDeclare, names_that_are_no_text_are_502) {
  auto client = connect();
  client->declare(std::string("q\0", 2));
  EXPECT_THAT(client->close_text(), HasSubstr("SYNTAX_ERROR"));
  EXPECT_TRUE(client->session().released());
}

TEST_F(ChannelDeclare, passive_declares_test_existence) {
  auto client = connect();
  amqp::QueueDeclare passive;
  passive.queue = "q";
  passive.passive = true;
  client->declare("q").quiet().send(1, passive);
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("method 1 queue.declare-ok queue='q'")));
  passive.queue = "nobody";
  client->send(1, passive);
  EXPECT_THAT(client->close_text(), HasSubstr("NOT_FOUND - no queue 'nobody' in vhost '/'"));
}

TEST_F(ChannelDeclare, unknown_exchange_type_is_refused) {
  auto client = connect();
  amqp::ExchangeDeclare declare;
  declare.exchange = "x";
  declare.type = "nonsense";
  client->send(1, declare);
  EXPECT_THAT(client->close_text(), HasSubstr("unknown exchange type 'nonsense'"));
}

// ---- replies that wait for the disk

TEST_F(ChannelDeclare, durable_declare_waits_for_its_commit) {
  hold_commits();
  auto client = connect();
  client->declare("q", {}, true);
  EXPECT_THAT(client->take(), IsEmpty());
  commit();
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("method 1 queue.declare-ok")));
}

TEST_F(ChannelDeclare, a_declare_that_changes_nothing_waits_for_who_made_it) {
  hold_commits();
  auto one = connect(1);
  auto two = connect(2);
  one->declare("q", {}, true);
  two->declare("q", {}, true);
  EXPECT_THAT(two->take(), IsEmpty());
  commit();
  EXPECT_THAT(two->take(), ElementsAre(StartsWith("method 1 queue.declare-ok")));
}

TEST_F(ChannelDeclare, later_replies_wait_behind_it) {
  hold_commits();
  auto client = connect();
  client->declare("durable", {}, true).declare("transient").get("transient");
  EXPECT_THAT(client->take(), IsEmpty());
  commit();
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("method 1 queue.declare-ok queue='durable'"),
                                          StartsWith("method 1 queue.declare-ok queue='transient'"),
                                          StartsWith("method 1 basic.get-empty")));
}

TEST_F(ChannelDeclare, other_channels_do_not_wait) {
  hold_commits();
  auto client = connect();
  client->open(2).declare("durable", {}, true).quiet();
  client->send(2, amqp::BasicQos{0, 1, false});
  EXPECT_THAT(client->take(), ElementsAre("method 2 basic.qos-ok"));
}

TEST_F(ChannelDeclare, no_delivery_before_a_consume_ok_that_waits) {
  hold_commits();
  auto client = connect();
  client->declare("q").publish(1, "q", "a").quiet();
  client->declare("durable", {}, true).consume("q", "c").publish(1, "q", "b");
  EXPECT_THAT(client->take(), IsEmpty());
  commit();
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("method 1 queue.declare-ok"),
                                          StartsWith("method 1 basic.consume-ok"),
                                          HasSubstr("deliver 1 1"), HasSubstr("deliver 1 2")));
}

TEST_F(ChannelDeclare, consumer_cancelled_before_its_consume_ok_left) {
  hold_commits();
  auto client = connect();
  client->declare("q").publish(1, "q", "a").quiet();
  client->declare("durable", {}, true).consume("q", "c").send(1, amqp::BasicCancel{"c", false});
  commit();
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("method 1 queue.declare-ok"),
                                          StartsWith("method 1 basic.consume-ok"),
                                          StartsWith("method 1 basic.cancel-ok")));
  EXPECT_EQ(broker.host.find_queue("q")->ready_count(), 1u);
}

TEST_F(ChannelDeclare, close_ok_waits_behind_what_waits_for_the_disk) {
  hold_commits();
  auto client = connect();
  client->declare("q", {}, true).send(1, amqp::ChannelClose{});
  EXPECT_THAT(client->take(), IsEmpty());
  commit();
  EXPECT_THAT(client->take(),
              ElementsAre(StartsWith("method 1 queue.declare-ok"), "method 1 channel.close-ok"));
}

TEST_F(ChannelDeclare, channel_close_by_an_error_waits_behind_what_waits_for_the_disk) {
  hold_commits();
  auto client = connect();
  client->declare("q", {}, true).get("nobody");
  EXPECT_THAT(client->take(), IsEmpty());
  commit();
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("method 1 queue.declare-ok"),
                                          StartsWith("method 1 channel.close reply_code=404")));
}

TEST_F(ChannelDeclare, connection_that_ends_leaves_waiting_replies_unsaid) {
  hold_commits();
  auto client = connect();
  client->declare("q", {}, true).close();
  EXPECT_THAT(client->take(), ElementsAre("method 0 connection.close-ok", "released"));
  commit();
  EXPECT_THAT(client->take(), IsEmpty());
}

TEST_F(ChannelDeclare, too_many_waiting_replies_are_506) {
  hold_commits();
  session::SessionLimits limits;
  limits.reply_slots_max = 2;
  auto client = connect(1, limits);
  client->declare("a", {}, true).declare("b", {}, true).declare("c", {}, true);
  EXPECT_THAT(client->close_text(), HasSubstr("506"));
}

// ---- channels

TEST_F(ChannelDeclare, opening_twice_is_504) {
  auto client = connect();
  client->open();
  EXPECT_THAT(client->take(),
              ElementsAre(HasSubstr("connection.close reply_code=504 reply_text='CHANNEL_ERROR - "
                                    "second 'channel.open' seen' class_id=20 "),
                          "released"));
}

TEST_F(ChannelDeclare, using_a_channel_that_is_not_open_is_504) {
  auto client = connect();
  client->send(7, amqp::BasicQos{});
  EXPECT_THAT(client->close_text(), HasSubstr("CHANNEL_ERROR - expected 'channel.open'"));
}

TEST_F(ChannelDeclare, publish_and_ack_on_a_channel_never_open_are_504) {
  auto client = connect();
  client->publish(7, "q", "a");
  EXPECT_THAT(client->close_text(), HasSubstr("504"));
  auto other = connect(2);
  other->ack(7, 1);
  EXPECT_THAT(other->close_text(), HasSubstr("504"));
}

TEST_F(ChannelDeclare, late_acks_on_a_closed_channel_are_ignored) {
  auto client = connect();
  client->declare("q").publish(1, "q", "a").consume("q", "c").send(1, amqp::ChannelClose{}).quiet();
  client->ack(1, 1).send(1, amqp::BasicNack{DeliveryTag(1), false, true});
  client->send(1, amqp::BasicReject{DeliveryTag(1), true}).send(1, amqp::ChannelCloseOk{});
  EXPECT_THAT(client->take(), IsEmpty());
  client->open();
  EXPECT_THAT(client->take(), ElementsAre("method 1 channel.open-ok"));
}

TEST_F(ChannelDeclare, after_our_close_all_is_ignored_until_close_ok) {
  auto client = connect();
  client->get("nobody");
  EXPECT_THAT(client->take(),
              ElementsAre("method 1 channel.close reply_code=404 reply_text='NOT_FOUND - no queue "
                          "'nobody' in vhost '/'' class_id=60 method_id=70"));
  client->declare("q").publish(1, "q", "x").ack(1, 5).get("q");
  EXPECT_THAT(client->take(), IsEmpty());
  EXPECT_EQ(broker.host.find_queue("q"), nullptr);
  client->send(1, amqp::ChannelCloseOk{}).open();
  EXPECT_THAT(client->take(), ElementsAre("method 1 channel.open-ok"));
}

TEST_F(ChannelDeclare, crossing_closes_are_answered) {
  auto client = connect();
  client->get("nobody").quiet().send(1, amqp::ChannelClose{});
  EXPECT_THAT(client->take(), ElementsAre("method 1 channel.close-ok"));
  client->send(1, amqp::ChannelCloseOk{}).open();
  EXPECT_THAT(client->take(), ElementsAre("method 1 channel.open-ok"));
}

TEST_F(ChannelDeclare, an_error_of_the_io_half_closes_the_channel_it_names) {
  auto client = connect();
  client->call([&] {
    client->session().channel_error(
        ChannelNumber(1), amqp::protocol_error(amqp::ReplyCode::kPreconditionFailed, "too large",
                                               amqp::BasicPublish::kTraits.id));
  });
  EXPECT_THAT(client->close_text(), HasSubstr("406 PRECONDITION_FAILED - too large"));
}

TEST_F(ChannelDeclare, flow_is_confirmed_and_cannot_be_switched_off) {
  auto client = connect();
  client->send(1, amqp::ChannelFlow{true});
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("method 1 channel.flow-ok active=true")));
  client->send(1, amqp::ChannelFlow{false});
  EXPECT_THAT(client->close_text(), HasSubstr("NOT_IMPLEMENTED - active=false"));
}

// ---- the connection

TEST_F(ChannelDeclare, user_without_a_grant_is_530) {
  TestSession client(broker, 1, {}, "nobody");
  EXPECT_THAT(client.take(),
              ElementsAre(HasSubstr("connection.close reply_code=530 reply_text='NOT_ALLOWED - "
                                    "access to vhost '/' refused for user 'nobody''"),
                          "released"));
  EXPECT_EQ(broker.host.counters().connections.value(), 0u);
}

TEST_F(ChannelDeclare, exclusive_queues_are_gone_before_close_ok) {
  auto client = connect();
  amqp::QueueDeclare declare;
  declare.queue = "mine";
  declare.exclusive = true;
  client->send(1, declare).quiet();
  client->close();
  EXPECT_EQ(broker.host.find_queue("mine"), nullptr);
  EXPECT_THAT(client->take(), ElementsAre("method 0 connection.close-ok", "released"));
}

TEST_F(ChannelDeclare, a_lost_connection_gives_back_and_says_nothing) {
  auto client = connect();
  client->declare("q").publish(1, "q", "a").consume("q", "c").quiet();
  client->close(session::CloseReason::kPeerGone);
  EXPECT_THAT(client->take(), ElementsAre("released"));
  EXPECT_EQ(broker.host.find_queue("q")->ready_count(), 1u);
  EXPECT_EQ(broker.host.counters().connections.value(), 0u);
  EXPECT_EQ(broker.host.counters().channels.value(), 0u);
  EXPECT_EQ(broker.host.counters().consumers.value(), 0u);
}

TEST_F(ChannelDeclare, forced_close_is_told) {
  auto client = connect();
  client->call([&] {
    client->session().close({session::CloseReason::kForced,
                             amqp::protocol_error(amqp::ReplyCode::kConnectionForced, "bye")});
  });
  EXPECT_THAT(client->take(), ElementsAre(HasSubstr("connection.close reply_code=320 reply_text="
                                                    "'CONNECTION_FORCED - bye'"),
                                          "released"));
}

TEST_F(ChannelDeclare, nothing_is_said_after_released) {
  auto client = connect();
  client->close().quiet();
  client->declare("q").publish(1, "q", "x").ack(1, 1).close();
  client->call([&] { client->session().written(100); });
  EXPECT_THAT(client->take(), IsEmpty());
}

TEST_F(ChannelDeclare, update_secret_is_confirmed) {
  auto client = connect();
  client->send(0, amqp::ConnectionUpdateSecret{{"secret"}, "reason"});
  EXPECT_THAT(client->take(), ElementsAre("method 0 connection.update-secret-ok"));
}

class SlicedChannel : public ChannelFixture {
 protected:
  static broker::VirtualHostLimits slow() {
    broker::VirtualHostLimits limits;
    limits.slice_entries = 5;
    return limits;
  }
  SlicedChannel() : ChannelFixture(slow()) {}
};

TEST_F(SlicedChannel, connection_with_many_unacked_closes_in_slices_and_in_order) {
  auto client = connect();
  client->declare("q").consume("q", "c");
  for (int i = 0; i < 100; ++i)
    client->publish(1, "q", std::to_string(i));
  amqp::QueueDeclare exclusive;
  exclusive.queue = "mine";
  exclusive.exclusive = true;
  client->send(1, exclusive).quiet();
  EXPECT_TRUE(broker.turn([&] {
    client->session().close({session::CloseReason::kClientClose, {}});
  }));
  EXPECT_THAT(client->take(), IsEmpty());
  EXPECT_FALSE(client->session().released());
  EXPECT_NE(broker.host.find_queue("mine"), nullptr);
  broker.rest();
  EXPECT_THAT(client->take(), ElementsAre("method 0 connection.close-ok", "released"));
  auto other = connect(2);
  other->consume("q", "d", true);
  Lines lines = other->take();
  ASSERT_EQ(lines.size(), 101u);
  for (int i = 0; i < 100; ++i)
    EXPECT_THAT(lines[static_cast<std::size_t>(i) + 1], HasSubstr("|" + std::to_string(i)));
}

TEST_F(SlicedChannel, close_ok_waits_for_all_slices) {
  auto client = connect();
  client->declare("q").consume("q", "c");
  for (int i = 0; i < 30; ++i)
    client->publish(1, "q", "x");
  client->quiet();
  broker.turn([&] { client->session().method(ChannelNumber(1), amqp::ChannelClose{}); });
  EXPECT_THAT(client->take(), IsEmpty());
  broker.rest();
  EXPECT_THAT(client->take(), ElementsAre("method 1 channel.close-ok"));
  EXPECT_EQ(broker.host.find_queue("q")->ready_count(), 30u);
}

TEST_F(SlicedChannel, number_is_free_after_close_ok_though_much_is_still_to_be_given_back) {
  auto client = connect();
  client->declare("q").consume("q", "c");
  for (int i = 0; i < 30; ++i)
    client->publish(1, "q", "x");
  client->quiet();
  broker.turn([&] {
    client->session().ack(ChannelNumber(1), DeliveryTag(99), false);
    client->session().method(ChannelNumber(1), amqp::ChannelCloseOk{});
    client->session().method(ChannelNumber(1), amqp::ChannelOpen{});
  });
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("method 1 channel.close reply_code=406"),
                                          "method 1 channel.open-ok"));
  EXPECT_LT(broker.host.find_queue("q")->ready_count(), 30u);
  client->close();
  EXPECT_THAT(client->take(), ElementsAre("method 0 connection.close-ok", "released"));
  EXPECT_EQ(broker.host.find_queue("q")->ready_count(), 30u);
}

TEST_F(SlicedChannel, peer_that_vanishes_while_we_close) {
  auto client = connect();
  client->declare("q").consume("q", "c");
  for (int i = 0; i < 30; ++i)
    client->publish(1, "q", "x");
  client->quiet();
  broker.turn([&] { client->session().close({session::CloseReason::kClientClose, {}}); });
  broker.turn([&] { client->session().close({session::CloseReason::kPeerGone, {}}); });
  broker.rest();
  EXPECT_THAT(client->take(), ElementsAre("released"));
}

TEST_F(SlicedChannel, recover_ok_waits_for_all_slices_and_deliveries_follow_in_order) {
  auto client = connect();
  client->declare("q").consume("q", "c");
  for (int i = 0; i < 20; ++i)
    client->publish(1, "q", std::to_string(i));
  client->quiet();
  client->send(1, amqp::BasicRecover{true});
  const Lines lines = client->take();
  EXPECT_THAT(lines, ::testing::Contains("method 1 basic.recover-ok"));
  Lines bodies;
  for (const std::string& line : lines)
    if (line.starts_with("deliver")) bodies.push_back(line.substr(line.rfind('|') + 1));
  ASSERT_EQ(bodies.size(), 20u);
  for (std::size_t i = 0; i < 20; ++i)
    EXPECT_EQ(bodies[i], std::to_string(i));
}

}  // namespace
}  // namespace harrier::test

// Publishing, consuming, getting and acknowledging on a channel.

#include "channel_fixture.h"

namespace harrier::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class ChannelMessages : public ChannelFixture {
 protected:
  // The bodies among deliveries and get-oks.
  static Lines bodies(const Lines& lines) {
    Lines found;
    for (const std::string& line : lines)
      if (!line.starts_with("method")) found.push_back(line.substr(line.rfind('|') + 1));
    return found;
  }
};

// ---- publish

TEST_F(ChannelMessages, mandatory_and_unroutable_is_returned) {
  auto client = connect();
  client->publish(1, "nobody", "body", {.mandatory = true});
  EXPECT_THAT(client->take(),
              ElementsAre(StartsWith("content 1 basic.return reply_code=312 reply_text='NO_ROUTE' "
                                     "exchange='' routing_key='nobody'")));
  client->publish(1, "nobody", "body");
  EXPECT_THAT(client->take(), IsEmpty());
}

TEST_F(ChannelMessages, immediate_is_540) {
  auto client = connect();
  client->publish(1, "q", "a", {.immediate = true});
  EXPECT_THAT(client->close_text(), HasSubstr("NOT_IMPLEMENTED - immediate=true"));
}

TEST_F(ChannelMessages, publishing_to_no_exchange_is_404) {
  auto client = connect();
  client->publish(1, "q", "a", {.exchange = "x"});
  EXPECT_THAT(client->close_text(), HasSubstr("NOT_FOUND - no exchange 'x' in vhost '/'"));
}

TEST_F(ChannelMessages, user_id_must_be_ones_own) {
  auto client = connect();
  client->declare("q").publish(1, "q", "a", {.user_id = "guest"}).quiet();
  client->publish(1, "q", "b", {.user_id = "root"});
  EXPECT_THAT(client->close_text(), HasSubstr("user_id property set to 'root' but authenticated "
                                              "user was 'guest'"));
}

TEST_F(ChannelMessages, expiration_must_be_a_number) {
  for (const char* wrong : {"abc", "-1", "1.5", " 5", "315360000001", "99999999999999999999999"}) {
    auto client = connect();
    client->publish(1, "q", "a", {.expiration = wrong});
    EXPECT_THAT(client->close_text(), HasSubstr("PRECONDITION_FAILED - invalid expiration '"))
        << wrong;
  }
}

TEST_F(ChannelMessages, remembered_route_follows_the_topology) {
  auto client = connect();
  client->declare("q").publish(1, "q", "1").publish(1, "q", "2");
  client->send(1, amqp::QueueDelete{0, "q", false, false, false}).quiet();
  client->publish(1, "q", "3", {.mandatory = true});
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("content 1 basic.return")));
  client->declare("q").publish(1, "q", "4").quiet().get("q", true);
  EXPECT_THAT(bodies(client->take()), ElementsAre("4"));
}

TEST_F(ChannelMessages, carbon_copies_are_routed_and_bcc_is_not_shown) {
  auto client = connect();
  client->declare("a").declare("b").declare("c").quiet();
  amqp::FieldArray cc;
  cc.add_string("b");
  amqp::FieldArray bcc;
  bcc.add_string("c");
  PublishOptions options;
  options.headers.add_array("CC", cc).add_array("BCC", bcc);
  client->publish(1, "a", "x", options);
  for (const char* queue : {"a", "b", "c"}) {
    client->get(queue, true);
    const std::string line = client->take().at(0);
    EXPECT_THAT(line, HasSubstr("CC"));
    EXPECT_EQ(line.find("BCC"), std::string::npos);
    EXPECT_THAT(line, HasSubstr("routing_key='a'"));
  }
}

// ---- consume, cancel

TEST_F(ChannelMessages, deliveries_follow_consume_ok_with_tags_from_1) {
  auto client = connect();
  client->declare("q").publish(1, "q", "a").publish(1, "q", "b").quiet().consume("q", "c");
  EXPECT_THAT(client->take(),
              ElementsAre("method 1 basic.consume-ok consumer_tag='c'",
                          StartsWith("deliver 1 1|c||q|"), StartsWith("deliver 1 2|c||q|")));
}

TEST_F(ChannelMessages, tags_are_the_channels_own) {
  auto client = connect();
  client->open(2).declare("q").consume("q", "c").quiet();
  client->consume("q", "d", false, 2).quiet();
  client->publish(1, "q", "a").publish(1, "q", "b");
  EXPECT_THAT(client->take(),
              ElementsAre(StartsWith("deliver 1 1|c"), StartsWith("deliver 2 1|d")));
}

TEST_F(ChannelMessages, consumer_tag_is_made_up_and_must_not_be_reused) {
  auto client = connect();
  client->declare("q").quiet().consume("q", "");
  EXPECT_THAT(client->take(), ElementsAre(HasSubstr("consumer_tag='amq.ctag-")));
  client->consume("q", "c").quiet().consume("q", "c");
  EXPECT_THAT(client->close_text(), HasSubstr("NOT_ALLOWED - attempt to reuse consumer tag 'c'"));
  EXPECT_TRUE(client->session().released());
}

TEST_F(ChannelMessages, too_many_consumers_are_530) {
  session::SessionLimits limits;
  limits.consumers_per_channel_max = 2;
  auto client = connect(1, limits);
  client->declare("q").consume("q", "a").consume("q", "b").quiet().consume("q", "c");
  EXPECT_THAT(client->close_text(), HasSubstr("reached maximum (2) of consumers per channel"));
}

TEST_F(ChannelMessages, priority_of_a_consumer_must_be_a_number) {
  auto client = connect();
  amqp::FieldTable arguments;
  arguments.add_string("x-priority", "high");
  amqp::BasicConsume consume;
  consume.queue = "q";
  consume.arguments = arguments;
  client->declare("q").quiet().send(1, consume);
  EXPECT_THAT(client->close_text(),
              HasSubstr("PRECONDITION_FAILED - invalid arg 'x-priority' for queue 'q' in vhost "
                        "'/': \"expected integer, got longstr\""));
}

TEST_F(ChannelMessages, nothing_is_delivered_after_cancel_ok) {
  auto client = connect();
  client->declare("q").consume("q", "c").send(1, amqp::BasicCancel{"c", false}).quiet();
  client->publish(1, "q", "a");
  EXPECT_THAT(client->take(), IsEmpty());
}

TEST_F(ChannelMessages, cancelling_an_unknown_tag_is_fine) {
  auto client = connect();
  client->send(1, amqp::BasicCancel{"unknown", false});
  EXPECT_THAT(client->take(), ElementsAre("method 1 basic.cancel-ok consumer_tag='unknown'"));
}

TEST_F(ChannelMessages, cancel_requeues_nothing_and_acks_still_work) {
  auto client = connect();
  client->declare("q").consume("q", "c").publish(1, "q", "a");
  client->send(1, amqp::BasicCancel{"c", false}).quiet();
  EXPECT_EQ(broker.host.find_queue("q")->unacked_count(), 1u);
  client->ack(1, 1);
  EXPECT_THAT(client->take(), IsEmpty());
  EXPECT_EQ(broker.host.find_queue("q")->unacked_count(), 0u);
}

TEST_F(ChannelMessages, deleted_queue_cancels_its_consumers_and_ignores_their_acks) {
  auto client = connect();
  auto other = connect(2);
  client->declare("q").consume("q", "c").publish(1, "q", "a").quiet();
  other->send(1, amqp::QueueDelete{0, "q", false, false, false});
  EXPECT_THAT(client->take(), ElementsAre("method 1 basic.cancel consumer_tag='c' no_wait=true"));
  client->ack(1, 1).send(1, amqp::BasicCancelOk{"c"});
  EXPECT_THAT(client->take(), IsEmpty());
  client->declare("q").quiet().consume("q", "c");
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("method 1 basic.consume-ok")));
}

// ---- qos

TEST_F(ChannelMessages, prefetch_counts_for_later_consumers_only) {
  auto client = connect();
  client->declare("q").declare("r").consume("q", "unlimited");
  client->send(1, amqp::BasicQos{0, 1, false}).consume("r", "one").quiet();
  for (const char* queue : {"q", "r"})
    client->publish(1, queue, "1").publish(1, queue, "2");
  EXPECT_THAT(client->take(),
              ElementsAre(HasSubstr("|unlimited|"), HasSubstr("|unlimited|"), HasSubstr("|one|")));
}

TEST_F(ChannelMessages, global_prefetch_is_the_channels) {
  auto client = connect();
  client->declare("q").consume("q", "a").consume("q", "b");
  client->send(1, amqp::BasicQos{0, 3, true}).quiet();
  for (int i = 0; i < 5; ++i)
    client->publish(1, "q", "x");
  EXPECT_EQ(client->take().size(), 3u);
  client->ack(1, 0, true);
  EXPECT_EQ(client->take().size(), 2u);
  client->send(1, amqp::BasicQos{0, 0, true}).quiet();
  for (int i = 0; i < 5; ++i)
    client->publish(1, "q", "x");
  EXPECT_EQ(client->take().size(), 5u);
}

TEST_F(ChannelMessages, prefetch_size_is_540) {
  auto client = connect();
  client->send(1, amqp::BasicQos{1, 0, false});
  EXPECT_THAT(client->close_text(), HasSubstr("NOT_IMPLEMENTED - prefetch_size!=0 (1)"));
}

// ---- get

TEST_F(ChannelMessages, get_ok_tells_how_many_are_left) {
  auto client = connect();
  client->declare("q").publish(1, "q", "a").publish(1, "q", "b").quiet().get("q");
  EXPECT_THAT(client->take(),
              ElementsAre(StartsWith("content 1 basic.get-ok delivery_tag=1 redelivered=false "
                                     "exchange='' routing_key='q' message_count=1|")));
}

TEST_F(ChannelMessages, get_from_a_paged_head_keeps_its_place_among_the_replies) {
  auto client = connect();
  client->declare("q").publish(1, "q", "a").publish(1, "q", "b").quiet();
  broker.act([&] { broker.store.page_out(*broker.host.find_queue("q")); });
  client->get("q").get("q").send(1, amqp::BasicQos{0, 1, false});
  EXPECT_THAT(client->take(), IsEmpty());
  broker.catch_up();
  EXPECT_THAT(client->take(), ElementsAre(HasSubstr("delivery_tag=1"), HasSubstr("delivery_tag=2"),
                                          "method 1 basic.qos-ok"));
}

// Else "multiple" for the delivery would take along a message that the client has never seen.
TEST_F(ChannelMessages, tag_of_a_get_follows_those_of_deliveries_that_left_before) {
  auto client = connect();
  client->declare("q").declare("other").consume("other", "c").publish(1, "q", "got").quiet();
  hold_commits();
  client->declare("durable", {}, true).get("q").publish(1, "other", "delivered");
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("deliver 1 1|c|")));
  EXPECT_EQ(broker.host.find_queue("q")->unacked_count(), 1u);
  client->ack(1, 1, true);
  EXPECT_EQ(broker.host.find_queue("q")->unacked_count(), 1u);
  commit();
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("method 1 queue.declare-ok"),
                                          HasSubstr("basic.get-ok delivery_tag=2")));
  client->ack(1, 2);
  EXPECT_EQ(broker.host.find_queue("q")->unacked_count(), 0u);
}

TEST_F(ChannelMessages, message_of_a_get_ok_that_never_left_is_given_back) {
  for (const bool lost : {false, true}) {
    auto client = connect();
    client->declare("q").publish(1, "q", "got").quiet();
    hold_commits();
    client->declare(lost ? "d1" : "d2", {}, true).get("q");
    if (lost) {
      client->close(session::CloseReason::kPeerGone);
    } else {
      client->ack(1, 99);
    }
    EXPECT_EQ(broker.host.find_queue("q")->unacked_count(), 0u);
    EXPECT_EQ(broker.host.find_queue("q")->ready_count(), 1u);
    commit();
    client->call([&] { broker.host.find_queue("q")->purge(); });
  }
}

TEST_F(ChannelMessages, channel_closed_while_a_get_waits_loses_no_message) {
  auto client = connect();
  client->declare("q").publish(1, "q", "a").quiet();
  broker.act([&] { broker.store.page_out(*broker.host.find_queue("q")); });
  client->get("q").send(1, amqp::ChannelClose{});
  EXPECT_THAT(client->take(),
              ElementsAre(StartsWith("method 1 basic.get-empty"), "method 1 channel.close-ok"));
  broker.catch_up();
  EXPECT_EQ(broker.host.find_queue("q")->ready_count(), 1u);
}

TEST_F(ChannelMessages, queue_deleted_while_a_get_waits) {
  auto client = connect();
  auto other = connect(2);
  client->declare("q").publish(1, "q", "a").quiet();
  broker.act([&] { broker.store.page_out(*broker.host.find_queue("q")); });
  client->get("q");
  other->send(1, amqp::QueueDelete{0, "q", false, false, false});
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("method 1 basic.get-empty")));
  broker.catch_up();
}

TEST_F(ChannelMessages, single_active_quorum_queue_cannot_be_got_from) {
  auto client = connect();
  amqp::FieldTable arguments;
  arguments.add_string("x-queue-type", "quorum").add_boolean("x-single-active-consumer", true);
  client->declare("q", arguments, true).quiet().get("q");
  EXPECT_THAT(client->close_text(), StartsWith("405"));
}

// ---- ack, nack, reject

TEST_F(ChannelMessages, unknown_and_repeated_tags_are_406) {
  for (const std::uint64_t tag : {0ull, 2ull, 999ull}) {
    auto client = connect();
    client->declare("q").publish(1, "q", "a").get("q").quiet().ack(1, tag);
    EXPECT_THAT(client->close_text(),
                HasSubstr("PRECONDITION_FAILED - unknown delivery tag " + std::to_string(tag)));
    client->send(1, amqp::ChannelCloseOk{}).open().send(1, amqp::QueuePurge{0, "q", false});
  }
  auto client = connect();
  client->publish(1, "q", "a").get("q").ack(1, 1).quiet().ack(1, 1);
  EXPECT_THAT(client->close_text(), HasSubstr("unknown delivery tag 1"));
}

TEST_F(ChannelMessages, multiple_with_an_unknown_tag_is_406_too) {
  auto client = connect();
  client->declare("q").publish(1, "q", "a").get("q").quiet().ack(1, 5, true);
  EXPECT_THAT(client->close_text(), HasSubstr("unknown delivery tag 5"));
}

TEST_F(ChannelMessages, multiple_with_0_takes_all_even_none) {
  auto client = connect();
  client->ack(1, 0, true);
  client->declare("q").consume("q", "c");
  for (int i = 0; i < 3; ++i)
    client->publish(1, "q", "x");
  client->quiet().ack(1, 0, true);
  EXPECT_THAT(client->take(), IsEmpty());
  EXPECT_EQ(broker.host.find_queue("q")->unacked_count(), 0u);
}

TEST_F(ChannelMessages, multiple_takes_all_up_to_its_tag) {
  auto client = connect();
  client->declare("q").consume("q", "c");
  for (int i = 0; i < 5; ++i)
    client->publish(1, "q", "x");
  client->quiet().ack(1, 3, true);
  EXPECT_EQ(broker.host.find_queue("q")->unacked_count(), 2u);
  client->ack(1, 4);
  EXPECT_THAT(client->take(), IsEmpty());
}

TEST_F(ChannelMessages, nack_multiple_requeues_in_order) {
  auto client = connect();
  client->declare("q").send(1, amqp::BasicQos{0, 3, false}).consume("q", "c");
  for (const char* body : {"1", "2", "3", "4"})
    client->publish(1, "q", body);
  client->send(1, amqp::BasicCancel{"c", false}).quiet();
  client->send(1, amqp::BasicNack{DeliveryTag(3), true, true});
  for (int i = 0; i < 4; ++i)
    client->get("q", true);
  EXPECT_THAT(bodies(client->take()), ElementsAre("1", "2", "3", "4"));
}

TEST_F(ChannelMessages, rejected_without_requeue_is_gone) {
  auto client = connect();
  client->declare("q").publish(1, "q", "a").get("q").quiet();
  client->send(1, amqp::BasicReject{DeliveryTag(1), false}).get("q");
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("method 1 basic.get-empty")));
}

TEST_F(ChannelMessages, closing_channel_requeues_in_order_and_marks_redelivered) {
  auto client = connect();
  client->open(2).declare("q").consume("q", "c", false, 2);
  for (const char* body : {"1", "2", "3"})
    client->publish(1, "q", body);
  client->send(2, amqp::ChannelClose{}).quiet();
  for (int i = 0; i < 3; ++i)
    client->get("q", true);
  const Lines lines = client->take();
  EXPECT_THAT(bodies(lines), ElementsAre("1", "2", "3"));
  for (const std::string& line : lines)
    EXPECT_THAT(line, HasSubstr("redelivered=true"));
}

TEST_F(ChannelMessages, quorum_queue_counts_deliveries_in_a_header) {
  auto client = connect();
  amqp::FieldTable arguments;
  arguments.add_string("x-queue-type", "quorum");
  client->declare("q", arguments, true).publish(1, "q", "a").quiet().get("q");
  EXPECT_EQ(client->take().at(0).find("x-delivery-count"), std::string::npos);
  client->send(1, amqp::BasicReject{DeliveryTag(1), true}).get("q");
  EXPECT_THAT(client->take().at(0), HasSubstr("x-delivery-count"));
}

TEST_F(ChannelMessages, unacked_by_get_are_bounded) {
  session::SessionLimits limits;
  limits.unacked_per_channel_max = 2;
  auto client = connect(1, limits);
  client->declare("q");
  for (int i = 0; i < 3; ++i)
    client->publish(1, "q", "x");
  client->get("q").get("q").quiet().get("q");
  EXPECT_THAT(client->close_text(), StartsWith("406"));
}

// ---- recover

TEST_F(ChannelMessages, recover_redelivers_what_is_unacked) {
  auto client = connect();
  client->declare("q").consume("q", "c").publish(1, "q", "a").publish(1, "q", "b").quiet();
  client->send(1, amqp::BasicRecover{true});
  EXPECT_THAT(client->take(),
              ElementsAre("method 1 basic.recover-ok", StartsWith("deliver 1 3 redelivered|c"),
                          StartsWith("deliver 1 4 redelivered|c")));
  client->ack(1, 1);
  EXPECT_THAT(client->close_text(), HasSubstr("unknown delivery tag 1"));
}

TEST_F(ChannelMessages, recover_async_has_no_answer) {
  auto client = connect();
  client->declare("q").consume("q", "c").publish(1, "q", "a").quiet();
  client->send(1, amqp::BasicRecoverAsync{true});
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("deliver 1 2 redelivered")));
}

TEST_F(ChannelMessages, recover_without_requeue_is_540) {
  auto client = connect();
  client->send(1, amqp::BasicRecover{false});
  EXPECT_THAT(client->close_text(), HasSubstr("NOT_IMPLEMENTED - requeue=false"));
}

// ---- consumer time-out

TEST_F(ChannelMessages, a_delivery_unacked_for_too_long_closes_its_channel) {
  auto client = connect();
  amqp::FieldTable arguments;
  arguments.add_long("x-consumer-timeout", 1'000);
  client->declare("q", arguments).publish(1, "q", "a").consume("q", "c").quiet();
  broker.pass(Milliseconds(999));
  EXPECT_THAT(client->take(), IsEmpty());
  broker.pass(Milliseconds(1));
  EXPECT_THAT(
      client->close_text(),
      HasSubstr("406 PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. "
                "Timeout value used: 1000 ms"));
  EXPECT_EQ(broker.host.find_queue("q")->ready_count(), 1u);
}

TEST_F(ChannelMessages, acks_in_time_keep_the_channel) {
  auto client = connect();
  amqp::FieldTable arguments;
  arguments.add_long("x-consumer-timeout", 1'000);
  client->declare("q", arguments).consume("q", "c").quiet();
  for (std::uint64_t tag = 1; tag <= 10; ++tag) {
    client->publish(1, "q", "x");
    broker.pass(Milliseconds(900));
    client->quiet().ack(1, tag);
  }
  broker.pass(Milliseconds(10'000));
  EXPECT_THAT(client->take(), IsEmpty());
}

// pass() fails on a deadline that comes back again and again.
TEST_F(ChannelMessages, a_patient_queue_beside_an_impatient_one_keeps_its_own_time) {
  auto client = connect();
  amqp::FieldTable impatient;
  impatient.add_long("x-consumer-timeout", 1'000);
  amqp::FieldTable patient;
  patient.add_long("x-consumer-timeout", 1'000'000'000);
  client->declare("short", impatient).declare("long", patient);
  client->consume("short", "s").consume("long", "l");
  client->publish(1, "long", "a").publish(1, "short", "b").ack(1, 2).quiet();
  broker.pass(Milliseconds(900'000'000));
  EXPECT_THAT(client->take(), IsEmpty());
  broker.pass(Milliseconds(100'000'000));
  EXPECT_THAT(client->close_text(), HasSubstr("Timeout value used: 1000000000 ms"));
}

TEST_F(ChannelMessages, zero_switches_the_time_out_off) {
  auto client = connect();
  amqp::FieldTable arguments;
  arguments.add_long("x-consumer-timeout", 0);
  client->declare("q", arguments).publish(1, "q", "a").consume("q", "c").quiet();
  broker.pass(Milliseconds(100'000'000));
  EXPECT_THAT(client->take(), IsEmpty());
}

// ---- output credit

TEST_F(ChannelMessages, a_client_that_does_not_read_is_not_served_until_half_is_written) {
  session::SessionLimits limits;
  limits.output_credit_bytes = 1'000;
  auto client = connect(1, limits);
  client->declare("q").consume("q", "c", true);
  client->call([&] { client->session().written(1 << 20); }).quiet();
  for (int i = 0; i < 20; ++i)
    client->publish(1, "q", std::string(200, 'x'));
  const std::size_t first = client->take().size();
  EXPECT_GE(first, 3u);
  EXPECT_LE(first, 5u);
  client->call([&] { client->session().written(300); });
  EXPECT_THAT(client->take(), IsEmpty());
  client->call([&] { client->session().written(600); });
  EXPECT_GE(client->take().size(), 2u);
  for (int i = 0; i < 20; ++i)
    client->call([&] { client->session().written(1'000); });
  EXPECT_EQ(broker.host.find_queue("q")->ready_count(), 0u);
}

// ---- direct reply-to

TEST_F(ChannelMessages, direct_replies_go_round) {
  auto asker = connect(1);
  auto server = connect(2);
  server->declare("rpc").consume("rpc", "s", true).quiet();
  asker->consume("amq.rabbitmq.reply-to", "r", true);
  EXPECT_THAT(asker->take(), ElementsAre("method 1 basic.consume-ok consumer_tag='r'"));
  asker->publish(1, "rpc", "question", {.reply_to = "amq.rabbitmq.reply-to"});
  const std::string line = server->take().at(0);
  const auto at = line.find("amq.rabbitmq.reply-to.");
  ASSERT_NE(at, std::string::npos);
  const std::string address = line.substr(at, std::string("amq.rabbitmq.reply-to.").size() + 22);
  server->publish(1, address, "answer", {.mandatory = true});
  EXPECT_THAT(server->take(), IsEmpty());
  EXPECT_THAT(asker->take(), ElementsAre(StartsWith("deliver 1 1|r||amq.rabbitmq.reply-to.")));
  amqp::QueueDeclare declare;
  declare.queue = address;
  server->send(1, declare);
  EXPECT_THAT(server->take(), ElementsAre(HasSubstr("message_count=0 consumer_count=1")));
  asker->send(1, amqp::BasicCancel{"r", false});
  server->publish(1, address, "too late").send(1, declare);
  EXPECT_THAT(server->close_text(), HasSubstr("NOT_FOUND - no queue 'amq.rabbitmq.reply-to."));
}

TEST_F(ChannelMessages, rules_of_direct_replies) {
  const auto error = [&](auto&& misuse) {
    auto client = connect(9);
    client->declare("q").quiet();
    misuse(*client);
    return client->close_text();
  };
  EXPECT_THAT(error([](TestSession& c) { c.consume("amq.rabbitmq.reply-to", "r"); }),
              HasSubstr("PRECONDITION_FAILED - reply consumer cannot acknowledge"));
  EXPECT_THAT(error([](TestSession& c) {
                c.consume("amq.rabbitmq.reply-to", "r", true);
                c.consume("amq.rabbitmq.reply-to", "s", true);
              }),
              HasSubstr("PRECONDITION_FAILED - reply consumer already set"));
  EXPECT_THAT(
      error([](TestSession& c) { c.publish(1, "q", "x", {.reply_to = "amq.rabbitmq.reply-to"}); }),
      HasSubstr("PRECONDITION_FAILED - fast reply consumer does not exist"));
}

}  // namespace
}  // namespace harrier::test

// Publisher confirms and transactions on a channel.

#include "channel_fixture.h"

namespace harrier::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string ack(int tag, bool multiple = false) {
  return "method 1 basic.ack delivery_tag=" + std::to_string(tag) +
         (multiple ? " multiple=true" : " multiple=false");
}
std::string nack(int tag, bool multiple = false) {
  return "method 1 basic.nack delivery_tag=" + std::to_string(tag) +
         (multiple ? " multiple=true" : " multiple=false") + " requeue=false";
}

class ChannelConfirm : public ChannelFixture {
 protected:
  std::unique_ptr<TestSession> confirming(session::SessionLimits limits = {}) {
    auto client = connect(1, limits);
    client->declare("q").declare("durable", {}, true).send(1, amqp::ConfirmSelect{});
    broker.catch_up();
    client->quiet();
    return client;
  }
  static amqp::FieldTable full_after(std::int64_t messages) {
    amqp::FieldTable arguments;
    arguments.add_long("x-max-length", messages).add_string("x-overflow", "reject-publish");
    return arguments;
  }
};

TEST_F(ChannelConfirm, one_by_one_from_1) {
  auto client = confirming();
  client->publish(1, "q", "a").publish(1, "q", "b").publish(1, "nobody", "c");
  EXPECT_THAT(client->take(), ElementsAre(ack(1), ack(2), ack(3)));
}

TEST_F(ChannelConfirm, publishes_before_select_are_not_counted_and_select_again_is_fine) {
  auto client = connect();
  client->declare("q").publish(1, "q", "a").send(1, amqp::ConfirmSelect{});
  client->publish(1, "q", "b").quiet().send(1, amqp::ConfirmSelect{}).publish(1, "q", "c");
  EXPECT_THAT(client->take(), ElementsAre("method 1 confirm.select-ok", ack(2)));
}

TEST_F(ChannelConfirm, those_of_one_turn_are_one_frame) {
  auto client = confirming();
  broker.act([&] {
    for (int i = 0; i < 10; ++i)
      client->publish_now(1, "q", "x");
  });
  EXPECT_THAT(client->take(), ElementsAre(ack(10, true)));
}

TEST_F(ChannelConfirm, return_comes_before_its_confirm) {
  auto client = confirming();
  client->publish(1, "nobody", "x", {.mandatory = true});
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("content 1 basic.return"), ack(1)));
}

TEST_F(ChannelConfirm, persistent_ones_wait_for_the_commit) {
  auto client = confirming();
  hold_commits();
  commit();
  client->publish(1, "durable", "a", {.persistent = true});
  client->publish(1, "durable", "b", {.persistent = true});
  EXPECT_THAT(client->take(), IsEmpty());
  commit(1);
  EXPECT_THAT(client->take(), ElementsAre(ack(1)));
  commit();
  EXPECT_THAT(client->take(), ElementsAre(ack(2)));
}

TEST_F(ChannelConfirm, transient_ones_wait_behind_persistent_ones) {
  auto client = confirming();
  hold_commits();
  commit();
  client->publish(1, "durable", "a", {.persistent = true}).publish(1, "q", "b");
  EXPECT_THAT(client->take(), IsEmpty());
  commit();
  EXPECT_THAT(client->take(), ElementsAre(ack(2, true)));
}

TEST_F(ChannelConfirm, nacks_stand_between_acks) {
  auto client = confirming();
  client->declare("full", full_after(1)).quiet();
  broker.act([&] {
    for (const char* key : {"q", "full", "full", "full", "q", "q", "full"})
      client->publish_now(1, key, "x");
  });
  EXPECT_THAT(client->take(), ElementsAre(ack(2, true), nack(4, true), ack(6, true), nack(7)));
}

TEST_F(ChannelConfirm, nack_waits_behind_an_uncommitted_ack) {
  auto client = confirming();
  client->declare("full", full_after(0)).quiet();
  hold_commits();
  commit();
  client->publish(1, "durable", "a", {.persistent = true}).publish(1, "full", "b");
  EXPECT_THAT(client->take(), IsEmpty());
  commit();
  EXPECT_THAT(client->take(), ElementsAre(ack(1), nack(2)));
}

TEST_F(ChannelConfirm, queue_deleted_before_the_commit_still_confirms) {
  auto client = confirming();
  auto other = connect(2);
  hold_commits();
  commit();
  client->publish(1, "durable", "a", {.persistent = true});
  other->send(1, amqp::QueueDelete{0, "durable", false, false, false});
  commit();
  EXPECT_THAT(client->take(), ElementsAre(ack(1)));
}

TEST_F(ChannelConfirm, without_output_credit_they_stay_ranges) {
  session::SessionLimits limits;
  limits.output_credit_bytes = 100;
  auto client = confirming(limits);
  for (int i = 0; i < 1'000; ++i)
    client->publish(1, "q", "x");
  EXPECT_LT(client->take().size(), 10u);
  client->call([&] { client->session().written(1'000'000); });
  EXPECT_THAT(client->take(), ElementsAre(ack(1'000, true)));
}

TEST_F(ChannelConfirm, what_can_be_confirmed_is_before_close_ok) {
  auto client = confirming();
  broker.act([&] {
    client->publish_now(1, "q", "x");
    client->session().method(ChannelNumber(1), amqp::ChannelClose{});
  });
  EXPECT_THAT(client->take(), ElementsAre(ack(1), "method 1 channel.close-ok"));
}

TEST_F(ChannelConfirm, what_can_be_confirmed_is_before_channel_close_too) {
  auto client = confirming();
  broker.act([&] {
    client->publish_now(1, "q", "x");
    client->session().ack(ChannelNumber(1), DeliveryTag(9), false);
  });
  EXPECT_THAT(client->take(),
              ElementsAre(ack(1), StartsWith("method 1 channel.close reply_code=406")));
}

TEST_F(ChannelConfirm, nothing_is_confirmed_after_channel_close) {
  auto client = confirming();
  hold_commits();
  commit();
  client->publish(1, "durable", "a", {.persistent = true}).get("nobody").quiet();
  commit();
  client->send(1, amqp::ChannelCloseOk{});
  EXPECT_THAT(client->take(), IsEmpty());
}

TEST_F(ChannelConfirm, reopened_channel_counts_anew) {
  auto client = confirming();
  client->publish(1, "q", "a").send(1, amqp::ChannelClose{}).open();
  client->send(1, amqp::ConfirmSelect{}).quiet().publish(1, "q", "b");
  EXPECT_THAT(client->take(), ElementsAre(ack(1)));
}

TEST_F(ChannelConfirm, confirm_and_tx_exclude_each_other) {
  auto client = confirming();
  client->send(1, amqp::TxSelect{});
  EXPECT_THAT(client->close_text(), HasSubstr("PRECONDITION_FAILED - cannot switch from confirm to "
                                              "tx mode"));
  auto other = connect(2);
  other->send(1, amqp::TxSelect{}).send(1, amqp::ConfirmSelect{});
  EXPECT_THAT(other->close_text(), HasSubstr("PRECONDITION_FAILED - cannot switch from tx to "
                                             "confirm mode"));
}

// ---- transactions

class ChannelTx : public ChannelConfirm {
 protected:
  std::unique_ptr<TestSession> transactional(session::SessionLimits limits = {}) {
    auto client = connect(1, limits);
    client->declare("q").send(1, amqp::TxSelect{});
    EXPECT_THAT(client->take().back(), "method 1 tx.select-ok");
    return client;
  }
  std::uint64_t ready() { return broker.host.find_queue("q")->ready_count(); }
  std::uint64_t unacked() { return broker.host.find_queue("q")->unacked_count(); }
};

TEST_F(ChannelTx, publishes_appear_with_the_commit) {
  auto client = transactional();
  client->publish(1, "q", "a").publish(1, "q", "b");
  EXPECT_EQ(ready(), 0u);
  client->send(1, amqp::TxCommit{});
  EXPECT_THAT(client->take(), ElementsAre("method 1 tx.commit-ok"));
  EXPECT_EQ(ready(), 2u);
}

TEST_F(ChannelTx, rollback_forgets_publishes) {
  auto client = transactional();
  client->publish(1, "q", "a").send(1, amqp::TxRollback{});
  EXPECT_THAT(client->take(), ElementsAre("method 1 tx.rollback-ok"));
  client->send(1, amqp::TxCommit{});
  EXPECT_EQ(ready(), 0u);
}

TEST_F(ChannelTx, commit_is_one_group_with_its_dead_letters) {
  auto client = transactional();
  amqp::FieldTable arguments;
  arguments.add_string("x-dead-letter-exchange", "");
  arguments.add_string("x-dead-letter-routing-key", "d");
  client->declare("d", {}, true).declare("source", arguments, true);
  client->publish(1, "source", "a", {.persistent = true});
  client->publish(1, "source", "b", {.persistent = true});
  broker.store.take_trace();
  client->send(1, amqp::TxCommit{});
  EXPECT_EQ(broker.store.take_trace(), "[ publish publish ]");
  client->get("source").get("source").quiet();
  client->publish(1, "d", "c", {.persistent = true}).ack(1, 1);
  client->send(1, amqp::BasicReject{amqp::DeliveryTag(2), false});
  EXPECT_EQ(broker.store.take_trace(), "");
  client->send(1, amqp::TxCommit{});
  EXPECT_EQ(broker.store.take_trace(), "[ publish settle publish settle ]");
  EXPECT_THAT(client->take(), ElementsAre("method 1 tx.commit-ok"));
  EXPECT_EQ(broker.host.find_queue("d")->ready_count(), 2u);
}

TEST_F(ChannelTx, returns_come_with_the_commit) {
  auto client = transactional();
  client->publish(1, "nobody", "a", {.mandatory = true});
  EXPECT_THAT(client->take(), IsEmpty());
  client->send(1, amqp::TxCommit{});
  EXPECT_THAT(client->take(),
              ElementsAre(StartsWith("content 1 basic.return"), "method 1 tx.commit-ok"));
}

TEST_F(ChannelTx, acks_count_with_the_commit_and_rollback_allows_them_again) {
  auto client = transactional();
  client->publish(1, "q", "a").send(1, amqp::TxCommit{}).get("q").quiet();
  client->ack(1, 1);
  EXPECT_EQ(unacked(), 1u);
  client->send(1, amqp::TxRollback{}).ack(1, 1).send(1, amqp::TxCommit{});
  EXPECT_THAT(client->take(), ElementsAre("method 1 tx.rollback-ok", "method 1 tx.commit-ok"));
  EXPECT_EQ(unacked(), 0u);
}

TEST_F(ChannelTx, the_same_ack_twice_in_a_transaction_is_406) {
  auto client = transactional();
  client->publish(1, "q", "a").send(1, amqp::TxCommit{}).get("q").quiet().ack(1, 1).ack(1, 1);
  EXPECT_THAT(client->close_text(), HasSubstr("unknown delivery tag 1"));
  EXPECT_EQ(ready(), 1u) << "closing rolls back, then requeues";
}

TEST_F(ChannelTx, rejects_and_nacks_wait_too) {
  auto client = transactional();
  for (const char* body : {"1", "2", "3"})
    client->publish(1, "q", body);
  client->send(1, amqp::TxCommit{}).get("q").get("q").get("q").quiet();
  client->send(1, amqp::BasicReject{DeliveryTag(1), false});
  client->send(1, amqp::BasicNack{DeliveryTag(3), true, true});
  EXPECT_EQ(unacked(), 3u);
  client->send(1, amqp::TxCommit{});
  EXPECT_EQ(unacked(), 0u);
  EXPECT_EQ(ready(), 2u);
}

TEST_F(ChannelTx, closing_rolls_back_and_requeues) {
  auto client = transactional();
  client->publish(1, "q", "a").send(1, amqp::TxCommit{}).get("q").ack(1, 1);
  client->publish(1, "q", "b").send(1, amqp::ChannelClose{});
  EXPECT_EQ(ready(), 1u);
}

TEST_F(ChannelTx, commit_ok_waits_for_the_disk_and_nothing_may_come_before) {
  auto client = connect();
  client->declare("durable", {}, true).send(1, amqp::TxSelect{}).quiet();
  hold_commits();
  commit();
  client->publish(1, "durable", "a", {.persistent = true}).send(1, amqp::TxCommit{});
  EXPECT_THAT(client->take(), IsEmpty());
  client->send(1, amqp::TxCommit{});
  EXPECT_THAT(client->close_text(),
              HasSubstr("CHANNEL_ERROR - unexpected command while processing 'tx.commit'"));
}

TEST_F(ChannelTx, commit_ok_follows_its_commit) {
  auto client = connect();
  client->declare("durable", {}, true).send(1, amqp::TxSelect{}).quiet();
  hold_commits();
  commit();
  client->publish(1, "durable", "a", {.persistent = true}).send(1, amqp::TxCommit{});
  commit();
  client->publish(1, "durable", "b");
  EXPECT_THAT(client->take(), ElementsAre("method 1 tx.commit-ok"));
}

TEST_F(ChannelTx, routes_are_those_of_the_publish) {
  auto client = transactional();
  client->publish(1, "later", "a").declare("later").send(1, amqp::TxCommit{});
  EXPECT_EQ(broker.host.find_queue("later")->ready_count(), 0u);
}

TEST_F(ChannelTx, commit_on_a_deleted_queue_is_fine) {
  auto client = transactional();
  client->publish(1, "q", "a").send(1, amqp::QueueDelete{0, "q", false, false, false}).quiet();
  client->send(1, amqp::TxCommit{});
  EXPECT_THAT(client->take(), ElementsAre("method 1 tx.commit-ok"));
}

TEST_F(ChannelTx, refused_publish_is_a_partial_completion) {
  auto client = transactional();
  client->declare("full", full_after(0)).quiet();
  client->publish(1, "full", "a").publish(1, "q", "b").send(1, amqp::TxCommit{});
  EXPECT_THAT(client->close_text(), HasSubstr("PRECONDITION_FAILED - partial tx completion"));
  EXPECT_EQ(ready(), 1u);
}

TEST_F(ChannelTx, too_large_is_406) {
  session::SessionLimits limits;
  limits.transaction_entries_max = 2;
  auto client = transactional(limits);
  client->publish(1, "q", "a").publish(1, "q", "b").publish(1, "q", "c");
  EXPECT_THAT(client->close_text(), HasSubstr("transaction is too large"));
}

TEST_F(ChannelTx, commit_and_rollback_need_select) {
  auto client = connect();
  client->send(1, amqp::TxCommit{});
  EXPECT_THAT(client->close_text(),
              HasSubstr("PRECONDITION_FAILED - channel is not transactional"));
  auto other = connect(2);
  other->send(1, amqp::TxRollback{});
  EXPECT_THAT(other->close_text(), HasSubstr("channel is not transactional"));
}

TEST_F(ChannelConfirm, what_is_due_is_said_before_close_ok) {
  auto client = connect();
  client->declare("q").send(1, amqp::ConfirmSelect{}).quiet();
  client->call([&] {
    client->publish_now(1, "q", "a");
    client->session().close({session::CloseReason::kClientClose, {}});
  });
  EXPECT_THAT(client->take(), ElementsAre(StartsWith("method 1 basic.ack delivery_tag=1"),
                                          StartsWith("method 0 connection.close-ok"), "released"));
}

}  // namespace
}  // namespace harrier::test

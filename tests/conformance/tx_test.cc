// Concern: transactions: publishes and settles wait for commit, and vanish at rollback.
// Plan:    each operation alone, committed, rolled back and cut off by a close; then the refusals.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

using ::testing::ElementsAre;

// Channel 1 looks on; channel 2 is transactional.
class Tx : public BrokerTest {
 protected:
  FrameClient transactional() {
    FrameClient client = this->client();
    queue_ = queue(client);
    client.open_channel(2);
    client.select_tx(2);
    return client;
  }
  // Publishes on channel 1 and waits until channel 2 can get it.
  void prepare(FrameClient& client, const std::vector<std::string>& bodies) {
    fill(client, queue_, bodies);
    client.await_ready(1, queue_, static_cast<std::uint32_t>(bodies.size()));
  }
  std::uint32_t ready(FrameClient& client) { return client.passive(1, queue_).message_count; }
  std::string queue_;
};

TEST_F(Tx, PublishesAppearAtCommit) {
  FrameClient client = transactional();
  client.publish(2, "", queue_, "1");
  client.publish(2, "", queue_, "2");
  client.expect_quiet(2);
  EXPECT_EQ(ready(client), 0u);
  client.commit(2);
  EXPECT_THAT(drain(client, queue_), ElementsAre("1", "2"));
}

TEST_F(Tx, RollbackForgetsPublishes) {
  FrameClient client = transactional();
  client.publish(2, "", queue_, "1");
  client.rollback(2);
  client.commit(2);
  EXPECT_EQ(ready(client), 0u);
}

TEST_F(Tx, CloseRollsBack) {
  FrameClient client = transactional();
  prepare(client, {"old"});
  client.must_get(2, queue_, false);
  client.ack(2, 1);
  client.publish(2, "", queue_, "new");
  client.close_channel(2);
  EXPECT_THAT(drain(client, queue_), ElementsAre("old"));
}

TEST_F(Tx, AckedMessagesStayUnackedUntilCommit) {
  FrameClient client = transactional();
  prepare(client, {"m"});
  client.must_get(2, queue_, false);
  client.ack(2, 1);
  client.commit(2);
  client.close_channel(2);
  EXPECT_EQ(ready(client), 0u);
}

TEST_F(Tx, RollbackMakesAckedMessagesAckableAgainWithoutRequeue) {
  FrameClient client = transactional();
  prepare(client, {"m"});
  client.must_get(2, queue_, false);
  client.ack(2, 1);
  client.rollback(2);
  EXPECT_EQ(ready(client), 0u);
  client.ack(2, 1);
  client.commit(2);
  client.close_channel(2);
  EXPECT_EQ(ready(client), 0u);
}

TEST_F(Tx, NackAndRejectWaitForCommitToo) {
  FrameClient client = transactional();
  prepare(client, {"1", "2", "3"});
  for (int i = 0; i < 3; ++i)
    client.must_get(2, queue_, false);
  client.reject(2, 1, true);
  client.nack(2, 2, false, true);
  client.ack(2, 3);
  client.expect_quiet(2, queue_);
  EXPECT_EQ(ready(client), 0u);
  client.commit(2);
  client.await_ready(1, queue_, 2);
  EXPECT_THAT(drain(client, queue_), ElementsAre("1", "2"));
}

TEST_F(Tx, ADoubleAckIsRefusedAtOnce) {
  FrameClient client = transactional();
  prepare(client, {"m"});
  client.must_get(2, queue_, false);
  client.ack(2, 1);
  client.ack(2, 1);
  client.expect_channel_close(2, 406, "PRECONDITION_FAILED - unknown delivery tag 1", kBasicAck);
}

TEST_F(Tx, CommitOfADeletedQueueIsFine) {
  FrameClient client = transactional();
  client.publish(2, "", queue_, "m");
  client.delete_queue(1, queue_);
  client.commit(2);
}

TEST_F(Tx, EmptyCommitsAndRollbacksAreFine) {
  FrameClient client = transactional();
  client.commit(2);
  client.rollback(2);
  client.select_tx(2);
  client.commit(2);
}

TEST_F(Tx, MandatoryIsReturnedAtCommit) {
  FrameClient client = transactional();
  client.publish(2, "", name("missing"), "m", {}, {.mandatory = true});
  client.send(2, tx_commit());
  EXPECT_EQ(client.returned(2).reply_code, 312);
  client.expect(2, kTxCommitOk);
}

// RabbitMQ routes when the publish comes, not at commit.
TEST_F(Tx, RoutingIsThatOfThePublish) {
  FrameClient client = transactional();
  client.bind_queue(1, queue_, "amq.direct", "k" + queue_);
  client.publish(2, "amq.direct", "k" + queue_, "m");
  client.expect_quiet(2);
  client.unbind_queue(1, queue_, "amq.direct", "k" + queue_);
  client.commit(2);
  client.await_ready(1, queue_, 1);
}

TEST_F(Tx, AnErroneousPublishIsRefusedAtOnce) {
  FrameClient client = transactional();
  client.publish(2, "no-such-x", "k", "m");
  client.expect_channel_close(2, 404, "NOT_FOUND - no exchange 'no-such-x'", kBasicPublish);
}

TEST_F(Tx, AnOverflowRejectFailsTheCommit) {
  FrameClient client = transactional();
  const std::string full =
      queue(client, {{"x-max-length", i32(1)}, {"x-overflow", str("reject-publish")}});
  client.publish(2, "", full, "1");
  client.publish(2, "", full, "2");
  client.send(2, tx_commit());
  client.expect_channel_close(2, 406, "PRECONDITION_FAILED - partial tx completion", kTxCommit);
}

TEST_F(Tx, MessagesOfOneCommitAreInOrder) {
  FrameClient client = transactional();
  std::vector<std::string> expected;
  for (int i = 0; i < 100; ++i) {
    expected.push_back(std::to_string(i));
    client.publish(2, "", queue_, expected.back());
  }
  client.commit(2);
  EXPECT_EQ(drain(client, queue_), expected);
}

TEST_F(Tx, CommitWithoutSelectIs406) {
  FrameClient client = this->client();
  client.send(1, tx_commit());
  client.expect_channel_close(1, 406, "PRECONDITION_FAILED - channel is not transactional",
                              kTxCommit);
}

TEST_F(Tx, RollbackWithoutSelectIs406) {
  FrameClient client = this->client();
  client.send(1, tx_rollback());
  client.expect_channel_close(1, 406, "PRECONDITION_FAILED - channel is not transactional",
                              kTxRollback);
}

}  // namespace
}  // namespace harrier::test

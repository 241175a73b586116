// A node that is taken out of service and back.
#include "server/maintenance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/commands.h"
#include "unit/server/administered_node.h"

namespace harrier::server {
namespace {

using test::FrameClient;

class MaintenanceTest : public AdministeredNodeTest {
 protected:
  MaintenanceTest() { options_.unix_socket.path = directory_.path() + "/harriermq.sock"; }

  const broker::Actor guest_{"guest", {"administrator"}, "HTTP", "127.0.0.1:1"};
  static constexpr std::chrono::milliseconds kNone{0};
};

INSTANTIATE_TEST_SUITE_P(Loops, MaintenanceTest, testing::Values(1u, 3u));

TEST_P(MaintenanceTest, ADrainedNodeHasNoClientsAndARevivedOneTakesThem) {
  start();
  EXPECT_TRUE(node_->serving());
  const std::uint16_t port = node_->port();
  FrameClient consumer = client();
  consumer.declare_queue(1, "q", {.durable = true});
  consumer.consume(1, "q", {.tag = "tag"});
  const DrainOutcome drained = node_->maintenance().drain(guest_, kNone, {});
  EXPECT_TRUE(node_->maintenance().being_drained());
  EXPECT_FALSE(node_->serving());
  EXPECT_EQ(drained.consumers_cancelled, 1u);
  EXPECT_EQ(drained.connections_closed, 1u);
  consumer.expect(1, test::kBasicCancel);
  consumer.expect_connection_close(320, "Node was put into maintenance mode");
  EXPECT_THROW(client(), std::runtime_error);
  // What is asked outside AMQP is still answered.
  EXPECT_TRUE(node_->commands().browse(guest_, "/", "q", {}, {}).ok());

  const auto revived = node_->maintenance().revive(guest_);
  ASSERT_TRUE(revived.ok()) << revived.error().message;
  EXPECT_EQ(node_->port(), port);
  EXPECT_TRUE(node_->serving());
  FrameClient again = client();
  EXPECT_EQ(again.passive(1, "q").message_count, 0u);
}

TEST_P(MaintenanceTest, ADrainWaitsForAcknowledgements) {
  start();
  FrameClient consumer = client();
  consumer.declare_queue(1, "q", {.durable = true});
  consumer.publish(1, "", "q", "1", {.delivery_mode = 2});
  consumer.consume(1, "q", {.tag = "tag"});
  const auto delivered = consumer.deliver(1);
  int looks = 0;
  // The client settles while the drain waits for it.
  const DrainOutcome drained = node_->maintenance().drain(guest_, std::chrono::seconds(10), [&] {
    if (++looks == 2) consumer.ack(1, delivered.delivery_tag);
    return false;
  });
  EXPECT_EQ(drained.unacked, 0u);
  EXPECT_GE(looks, 2);
}

TEST_P(MaintenanceTest, AnImpatientDrainGivesBackWhatIsUnacked) {
  start();
  FrameClient consumer = client();
  consumer.declare_queue(1, "q", {.durable = true});
  consumer.publish(1, "", "q", "1", {.delivery_mode = 2});
  consumer.consume(1, "q", {.tag = "tag"});
  consumer.deliver(1);
  EXPECT_EQ(node_->maintenance().drain(guest_, kNone, {}).unacked, 1u);
  consumer.expect(1, test::kBasicCancel);
  consumer.expect_connection_close(320, "maintenance");
  ASSERT_TRUE(node_->maintenance().revive(guest_).ok());
  FrameClient again = client();
  again.consume(1, "q", {.tag = "tag"});
  EXPECT_TRUE(again.deliver(1).redelivered);
}

TEST_P(MaintenanceTest, RevivingWhatServesChangesNothing) {
  start();
  EXPECT_TRUE(node_->maintenance().revive(guest_).ok());
  EXPECT_TRUE(node_->serving());
}

TEST_P(MaintenanceTest, StopsWhomeverSaidHow) {
  start();
  EXPECT_FALSE(node_->maintenance().stop(guest_).ok());
  bool told = false;
  node_->maintenance().on_stop([&] { told = true; });
  EXPECT_TRUE(node_->maintenance().stop(guest_).ok());
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace harrier::server

// Concern: while the broker is short of something, publishers wait and lose nothing, everybody else
// goes on. Plan:    brokers of their own, held by Server::block_publishers or by limits that no
// machine keeps. That a connection is not read shows in that others, who asked later, see nothing
// of what it sent.
#include <thread>

#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

class Alarm : public BrokerTest {
 protected:
  void SetUp() override {
    BrokerTest::SetUp();
    REQUIRES_OWN_BROKER();
    options_.connection.write_stall_timeout = Milliseconds(60'000);
    options_.shutdown_timeout = Milliseconds(60'000);
  }
  Broker& broker() {
    if (!broker_) broker_ = std::make_unique<Broker>(options_);
    return *broker_;
  }
  FrameClient client(const ConnectOptions& options = {}) {
    FrameClient client(broker().endpoint(), options);
    client.open_channel(1);
    return client;
  }
  // A connection that has published, to the queue "q".
  FrameClient publisher(const ConnectOptions& options = {}) {
    FrameClient publisher = client(options);
    publisher.declare_queue(1, "q");
    publisher.publish(1, "", "q", "0");
    publisher.expect_quiet(1);
    return publisher;
  }
  // That nothing of connection.blocked or unblocked has come.
  static void expect_not_told(FrameClient& client) {
    client.expect_quiet(1);
    EXPECT_FALSE(client.next_frame(0, Milliseconds(0)));
  }
  static void expect_ready(FrameClient& client, std::uint32_t count) {
    for (int round = 0; round < 20; ++round)
      ASSERT_EQ(client.passive(1, "q").message_count, count);
  }

  Options options_ = test_options();
  std::unique_ptr<Broker> broker_;
};

TEST_F(Alarm, APublisherIsToldAndNotReadUntilItIsOver) {
  FrameClient publisher = this->publisher();
  FrameClient other = client();
  broker().block_publishers("low on disk");
  EXPECT_EQ(publisher.expect(0, kConnectionBlocked).shortstr(), "low on disk");
  for (int i = 1; i <= 1000; ++i)
    publisher.publish(1, "", "q", std::to_string(i));
  expect_ready(other, 1);

  broker().unblock_publishers();
  publisher.expect(0, kConnectionUnblocked);
  other.await_ready(1, "q", 1001);
  for (int i = 0; i <= 1000; ++i)
    ASSERT_EQ(other.must_get(1, "q").body, std::to_string(i));
  publisher.expect_quiet(1);
}

TEST_F(Alarm, TheFirstPublishMeanwhileIsTakenAndThenTheConnectionHeld) {
  broker().block_publishers("low on memory");
  FrameClient late = client();
  late.declare_queue(1, "q");
  expect_not_told(late);
  late.publish(1, "", "q", "first");
  EXPECT_EQ(late.expect(0, kConnectionBlocked).shortstr(), "low on memory");
  FrameClient other = client();
  other.await_ready(1, "q", 1);
  late.publish(1, "", "q", "second");
  expect_ready(other, 1);
  broker().unblock_publishers();
  late.expect(0, kConnectionUnblocked);
  other.await_ready(1, "q", 2);
  EXPECT_EQ(other.must_get(1, "q").body, "first");
  EXPECT_EQ(other.must_get(1, "q").body, "second");
}

TEST_F(Alarm, ConsumersGoOnAndHearNothing) {
  FrameClient publisher = this->publisher();
  for (int i = 1; i < 100; ++i)
    publisher.publish(1, "", "q", std::to_string(i));
  publisher.expect_quiet(1, "q");
  broker().block_publishers("low on disk");
  publisher.expect(0, kConnectionBlocked);
  FrameClient consumer = client();
  consumer.qos(1, 1);
  consumer.consume(1, "q");
  for (int i = 0; i < 100; ++i) {
    const Message message = consumer.deliver(1);
    ASSERT_EQ(message.body, std::to_string(i));
    consumer.ack(1, message.delivery_tag);
  }
  expect_not_told(consumer);
  broker().unblock_publishers();
  publisher.expect(0, kConnectionUnblocked);
  expect_not_told(consumer);
}

TEST_F(Alarm, AHeldConnectionStillGetsItsDeliveries) {
  FrameClient both = client();
  both.declare_queue(1, "q");
  both.publish(1, "", "nowhere", "now it is a publisher");
  both.consume(1, "q", {.no_ack = true});
  broker().block_publishers("low on disk");
  both.expect(0, kConnectionBlocked);
  // Each connection may publish once before it is held.
  for (int i = 0; i < 3; ++i) {
    FrameClient fresh = client();
    fresh.publish(1, "", "q", std::to_string(i));
    EXPECT_EQ(both.deliver(1).body, std::to_string(i));
  }
}

// Twelve half seconds of silence are three times what a client that is read would survive.
TEST_F(Alarm, HeartbeatsGoOnAndNoneIsExpected) {
  ConnectOptions every_second;
  every_second.heartbeat = 1;
  FrameClient publisher = this->publisher(every_second);
  broker().block_publishers("low on disk");
  publisher.expect(0, kConnectionBlocked);
  for (int beats = 0; beats < 12;) {
    const auto frame = publisher.any_frame();
    ASSERT_TRUE(frame) << "cut off after " << beats;
    if (frame->type == kHeartbeatFrame) ++beats;
  }
  publisher.publish(1, "", "q", "alive");
  broker().unblock_publishers();
  publisher.expect(0, kConnectionUnblocked);
  FrameClient other = client();
  other.await_ready(1, "q", 2);
}

TEST_F(Alarm, ClientsWithoutTheCapabilityAreHeldAndNotTold) {
  ConnectOptions plain;
  plain.capabilities = {};
  FrameClient publisher = this->publisher(plain);
  FrameClient told = this->publisher();
  FrameClient other = client();
  broker().block_publishers("low on disk");
  told.expect(0, kConnectionBlocked);
  publisher.publish(1, "", "q", "later");
  expect_ready(other, 2);
  broker().unblock_publishers();
  other.await_ready(1, "q", 3);
  expect_not_told(publisher);
}

TEST_F(Alarm, ASecondReasonIsNotToldAgain) {
  FrameClient publisher = this->publisher();
  broker().block_publishers("low on disk");
  publisher.expect(0, kConnectionBlocked);
  broker().block_publishers("low on memory & disk");
  FrameClient late = client();
  late.publish(1, "", "q", "late");
  EXPECT_EQ(late.expect(0, kConnectionBlocked).shortstr(), "low on memory & disk");
  broker().unblock_publishers();
  publisher.expect(0, kConnectionUnblocked);
  expect_not_told(publisher);
}

TEST_F(Alarm, ItMayComeAndGoManyTimes) {
  FrameClient publisher = this->publisher();
  FrameClient other = client();
  for (int round = 1; round <= 50; ++round) {
    broker().block_publishers("low on disk");
    publisher.publish(1, "", "q", std::to_string(round));
    publisher.expect(0, kConnectionBlocked);
    broker().unblock_publishers();
    publisher.expect(0, kConnectionUnblocked);
    other.await_ready(1, "q", static_cast<std::uint32_t>(round) + 1);
  }
  EXPECT_THAT(drain(other, "q"), ::testing::SizeIs(51));
}

TEST_F(Alarm, ManyHeldPublishersAllGoOn) {
  std::vector<FrameClient> publishers;
  for (int i = 0; i < 100; ++i)
    publishers.push_back(publisher());
  broker().block_publishers("low on disk");
  for (FrameClient& each : publishers) {
    each.expect(0, kConnectionBlocked);
    each.publish(1, "", "q", "held");
  }
  FrameClient other = client();
  expect_ready(other, 100);
  broker().unblock_publishers();
  for (FrameClient& each : publishers)
    each.expect(0, kConnectionUnblocked);
  other.await_ready(1, "q", 200);
}

// The stop waits for clients longer than this test does: it must read the close-ok.
TEST_F(Alarm, AHeldConnectionIsClosedAsAnyOther) {
  FrameClient publisher = this->publisher();
  broker().block_publishers("low on disk");
  publisher.expect(0, kConnectionBlocked);
  publisher.publish(1, "", "q", "lost with the connection");
  std::thread stopping([this] { broker().stop(); });
  publisher.expect_connection_close(320, "CONNECTION_FORCED");
  publisher.expect_end();
  stopping.join();
}

TEST_F(Alarm, AHeldConnectionThatIsResetIsGoneAfterwards) {
  FrameClient other = client();
  {
    FrameClient publisher = this->publisher();
    publisher.declare_queue(1, "mine", {.exclusive = true});
    broker().block_publishers("low on disk");
    publisher.expect(0, kConnectionBlocked);
    publisher.reset();
  }
  broker().unblock_publishers();
  other.declare_queue(1, "q2");
  other.publish(1, "", "q2", "m");
  EXPECT_EQ(other.await_message(1, "q2").body, "m");
}

TEST_F(Alarm, TooLittleFreeDiskSpaceRaisesIt) {
  options_.disk.free_limit_bytes = std::uint64_t{1} << 60;
  FrameClient publisher = client();
  publisher.publish(1, "", "q", "m");
  EXPECT_EQ(publisher.expect(0, kConnectionBlocked).shortstr(), "low on disk");
}

TEST_F(Alarm, TooMuchMemoryInUseRaisesIt) {
  options_.memory.high_watermark_bytes = 1;
  FrameClient publisher = client();
  publisher.publish(1, "", "q", "m");
  EXPECT_EQ(publisher.expect(0, kConnectionBlocked).shortstr(), "low on memory");
}

TEST_F(Alarm, BothAreToldAsOne) {
  options_.disk.free_limit_bytes = std::uint64_t{1} << 60;
  options_.memory.high_watermark_bytes = 1;
  FrameClient publisher = client();
  publisher.publish(1, "", "q", "m");
  EXPECT_EQ(publisher.expect(0, kConnectionBlocked).shortstr(), "low on memory & disk");
}

}  // namespace
}  // namespace harrier::test

// Concern: heartbeats: sent by the server when idle, expected from the client, any octet will do.
// Plan:    the shortest interval there is, one second, and waiting for the effect.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

using Clock = std::chrono::steady_clock;

class Heartbeat : public BrokerTest {
 protected:
  static ConnectOptions every_second() {
    ConnectOptions options;
    options.heartbeat = 1;
    return options;
  }
};

TEST_F(Heartbeat, ComesFromTheServerWhenItHasNothingElseToSay) {
  FrameClient client = this->client(every_second());
  const auto frame = client.any_frame();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->type, kHeartbeatFrame);
  EXPECT_EQ(frame->channel, 0);
  EXPECT_TRUE(frame->payload.empty());
}

TEST_F(Heartbeat, ASilentClientIsCutOff) {
  FrameClient client = this->client(every_second());
  const auto start = Clock::now();
  while (client.any_frame()) {
  }
  EXPECT_TRUE(client.at_end());
  EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(1000));
  expect_broker_serves();
}

TEST_F(Heartbeat, AClientThatSendsThemLives) {
  FrameClient client = this->client(every_second());
  const auto until = Clock::now() + std::chrono::milliseconds(3500);
  while (Clock::now() < until) {
    client.send_raw(heartbeat_frame());
    client.any_frame(Milliseconds(300));
  }
  client.expect_quiet(1);
}

TEST_F(Heartbeat, AnyOctetCountsEvenOfAnUnfinishedFrame) {
  FrameClient client = this->client(every_second());
  const std::string frame = method_frame(1, queue_declare("", {.exclusive = true}));
  for (std::size_t i = 0; i < 12; ++i) {
    client.send_raw(frame.substr(i, 1));
    client.any_frame(Milliseconds(300));
  }
  client.send_raw(frame.substr(12));
  client.expect(1, kQueueDeclareOk);
}

TEST_F(Heartbeat, ZeroMeansNoneAndNothingIsExpected) {
  FrameClient client = this->client();
  EXPECT_FALSE(client.any_frame(Milliseconds(2500)));
  client.expect_quiet(1);
}

}  // namespace
}  // namespace harrier::test

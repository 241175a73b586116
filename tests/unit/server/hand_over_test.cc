#include "server/hand_over.h"

#include <atomic>

#include <gtest/gtest.h>

#include "server/node_loop.h"
#include "server/translate.h"
#include "support/eventually.h"

namespace harrier::server {
namespace {

using test::eventually;

// Two loops without sockets: loop 0 has the virtual host, loop 1 the recorders of connections.
class HandOverTest : public ::testing::Test {
 protected:
  HandOverTest()
      : shared_{.flow_limits = {},
                .connection_limits = {},
                .server_properties = {},
                .authenticator = {},
                .virtual_hosts = {},
                .admission = Admission({}),
                .gate = {},
                .ready = true} {
    for (std::size_t index = 0; index != 2; ++index)
      loops_.push_back(std::make_unique<NodeLoop>(shared_, clock_, index));
    for (const auto& loop : loops_)
      loop->connect(loops_);
    host_ = &loops_[0]->broker().add(std::make_unique<HostedVirtualHost>(
        "/", shared_.virtual_host_limits.get(), access_control({guest_user()}).value()));
    shared_.virtual_hosts.insert("/", {0, host_});
    for (const auto& loop : loops_)
      loop->start();
  }
  ~HandOverTest() override {
    for (const auto& loop : loops_)
      loop->stop();
    for (const auto& loop : loops_)
      loop->join();
  }

  session::ConnectionParameters parameters(std::uint64_t number) {
    session::ConnectionParameters parameters;
    parameters.id = broker::ConnectionId(number << 8 | 1);
    parameters.virtual_host = "/";
    parameters.actor.user = "guest";
    return parameters;
  }

  // On loop 1: everything one connection says in one turn.
  void publish(session::SessionInput& input, int count) {
    input.open();
    const amqp::ChannelNumber channel(1);
    input.method(channel, amqp::ChannelOpen{});
    amqp::QueueDeclare declare;
    declare.queue = "q";
    input.method(channel, declare);
    session::PublishView publish;
    publish.routing_key = "q";
    publish.property_bytes = std::string_view("\0\0", 2);
    publish.body = "body";
    for (int i = 0; i < count; ++i)
      input.publish(channel, publish);
  }

  std::size_t remote_sessions() {
    std::atomic<std::size_t> count = 0;
    std::atomic<bool> done = false;
    loops_[0]->post([&] {
      count = loops_[0]->hand_over().remote_sessions();
      done = true;
    });
    EXPECT_TRUE(eventually([&] { return done.load(); }));
    return count;
  }

  base::SystemClock clock_;
  Shared shared_;
  std::vector<std::unique_ptr<NodeLoop>> loops_;
  HostedVirtualHost* host_ = nullptr;
};

TEST_F(HandOverTest, CallsArriveAndTheBrokerHalfEnds) {
  loops_[1]->post([this] {
    const auto input = loops_[1]->hand_over().attach(VirtualHostPlace{0, host_}, parameters(1));
    publish(*input, 100);
    EXPECT_GT(input->take_recorded_bytes(), 400u);
    input->close({session::CloseReason::kPeerGone, {}});
  });
  const auto& counters = host_->host().counters();
  EXPECT_TRUE(eventually([&] { return counters.published.value() == 100; }));
  EXPECT_TRUE(eventually([&] { return remote_sessions() == 0; }));
  EXPECT_EQ(counters.ready.value(), 100u);
  EXPECT_EQ(counters.connections.value(), 0u);
}

// Concern: batches of many turns from two threads, with the batches coming back, race nowhere
//          (TSan) and lose
// nothing. Plan: 50 connections publish in 20 turns each while loop 0 replays.
TEST_F(HandOverTest, ManyConnectionsOverManyTurns) {
  constexpr int kConnections = 50;
  constexpr int kTurns = 20;
  std::vector<std::unique_ptr<session::InputRecorder>> inputs(kConnections);
  for (int turn = 0; turn < kTurns; ++turn) {
    loops_[1]->post([&, turn] {
      for (int i = 0; i < kConnections; ++i) {
        auto& input = inputs[static_cast<std::size_t>(i)];
        if (turn == 0)
          input = loops_[1]->hand_over().attach(VirtualHostPlace{0, host_},
                                                parameters(static_cast<std::uint64_t>(i) + 1));
        if (turn == 0) publish(*input, 10);
        if (turn != 0) input->ack(amqp::ChannelNumber(1), amqp::DeliveryTag(0), true);
        if (turn == kTurns - 1) input->close({session::CloseReason::kPeerGone, {}});
      }
    });
  }
  const base::Counter& published = host_->host().counters().published;
  EXPECT_TRUE(eventually([&] { return published.value() == 10u * kConnections; }));
  EXPECT_TRUE(eventually([&] { return remote_sessions() == 0; }));
  // The recorders belong to loop 1.
  std::atomic<bool> done = false;
  loops_[1]->post([&] {
    inputs.clear();
    done = true;
  });
  EXPECT_TRUE(eventually([&] { return done.load(); }));
}

}  // namespace
}  // namespace harrier::server

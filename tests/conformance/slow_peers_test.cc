// Concern: peers that say too little or read too slowly: time-outs, bounds, and nobody else
// suffers. Plan:    brokers of their own with short time-outs; the client measures only by waiting
// for the end.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

using namespace std::string_literals;
using Clock = std::chrono::steady_clock;

class SlowHandshake : public BrokerTest {
 protected:
  static Options impatient() {
    Options options = test_options();
    options.connection.handshake_timeout = Milliseconds(300);
    return options;
  }
  // The server must end it, and not before its time-out.
  static void expect_cut_off(FrameClient& client, Clock::time_point start) {
    client.read_to_end();
    EXPECT_GE(Clock::now() - start, Milliseconds(250));
  }
};

TEST_F(SlowHandshake, NothingAtAllIsCutOff) {
  REQUIRES_OWN_BROKER();
  Broker broker(impatient());
  const auto start = Clock::now();
  FrameClient client(broker.endpoint());
  expect_cut_off(client, start);
}

TEST_F(SlowHandshake, HalfAProtocolHeaderIsCutOff) {
  REQUIRES_OWN_BROKER();
  Broker broker(impatient());
  const auto start = Clock::now();
  FrameClient client(broker.endpoint());
  client.send_raw("AMQP");
  expect_cut_off(client, start);
}

TEST_F(SlowHandshake, EachStepLeftOpenIsCutOff) {
  REQUIRES_OWN_BROKER();
  Broker broker(impatient());
  const std::string start_ok = method_frame(0, connection_start_ok({}, "PLAIN", "\0guest\0guest"s));
  const std::string tune_ok = method_frame(0, connection_tune_ok(2047, 131072, 0));
  for (const std::string& said : {""s, start_ok.substr(0, 20), start_ok, start_ok + tune_ok}) {
    const auto start = Clock::now();
    FrameClient client(broker.endpoint());
    client.send_raw(std::string(kProtocolHeader) + said);
    expect_cut_off(client, start);
  }
}

// The time-out is for all of the handshake, not for each read.
TEST_F(SlowHandshake, ADribbleDoesNotProlongIt) {
  REQUIRES_OWN_BROKER();
  Broker broker(impatient());
  FrameClient client(broker.endpoint());
  const std::string all = std::string(kProtocolHeader) +
                          method_frame(0, connection_start_ok({}, "PLAIN", "\0guest\0guest"s));
  const auto start = Clock::now();
  for (const char octet : all) {
    if (client.at_end()) break;
    client.send_raw(std::string_view(&octet, 1));
    client.any_frame(Milliseconds(50));
  }
  client.read_to_end();
  EXPECT_LT(Clock::now() - start, Milliseconds(5000));
}

TEST_F(SlowHandshake, OpenConnectionsMayBeSilentForLonger) {
  REQUIRES_OWN_BROKER();
  Broker broker(impatient());
  FrameClient client(broker.endpoint(), ConnectOptions{});
  client.pause(Milliseconds(500));
  client.open_channel(1);
}

TEST_F(SlowHandshake, TooManyFromOneAddressAreRefusedAndOpenOnesAreNotCounted) {
  REQUIRES_OWN_BROKER();
  Options options = test_options();
  options.accept.unauthenticated_per_address_max = 4;
  Broker broker(options);
  FrameClient open(broker.endpoint(), ConnectOptions{});
  std::vector<FrameClient> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back(broker.endpoint());
    waiting.back().send_header_and_read_start();
  }
  FrameClient refused(broker.endpoint());
  EXPECT_EQ(refused.read_to_end(), "");
  open.open_channel(1);
}

class SlowFrame : public BrokerTest {};

TEST_F(SlowFrame, AFrameThatDoesNotEndIsCutOff) {
  REQUIRES_OWN_BROKER();
  Options options = test_options();
  options.connection.partial_frame_timeout = Milliseconds(300);
  Broker broker(options);
  FrameClient client(broker.endpoint(), ConnectOptions{});
  client.open_channel(1);
  client.send_raw(method_frame(1, queue_declare("", {})).substr(0, 10));
  client.read_to_end();
  FrameClient other(broker.endpoint(), ConnectOptions{});
  other.open_channel(1);
}

TEST_F(SlowFrame, BetweenFramesThereIsNoHurry) {
  REQUIRES_OWN_BROKER();
  Options options = test_options();
  options.connection.partial_frame_timeout = Milliseconds(200);
  Broker broker(options);
  FrameClient client(broker.endpoint(), ConnectOptions{});
  client.open_channel(1);
  client.pause(Milliseconds(500));
  client.declare_queue(1, "", {.exclusive = true});
}

class SlowReader : public BrokerTest {
 protected:
  // A queue with far more than sockets buffer: 64 MiB.
  static std::string fill_queue(FrameClient& client) {
    const std::string queue = client.declare_queue(1, "big", {}).queue;
    client.select_confirms(1);
    const std::string body(1 << 20, 'x');
    for (int i = 0; i < 64; ++i)
      client.publish(1, "", queue, body);
    client.confirms(1, 64);
    return queue;
  }
};

TEST_F(SlowReader, AConsumerThatDoesNotReadIsCutOffAndLosesNothing) {
  REQUIRES_OWN_BROKER();
  Options options = test_options();
  options.connection.write_stall_timeout = Milliseconds(300);
  Broker broker(options);
  FrameClient client(broker.endpoint(), ConnectOptions{});
  client.open_channel(1);
  const std::string queue = fill_queue(client);
  FrameClient reader(broker.endpoint(), ConnectOptions{});
  reader.open_channel(1);
  reader.send(1, basic_consume(queue));
  client.await_ready(1, queue, 64);  // requeued: the consumer has been cut off
  EXPECT_EQ(client.passive(1, queue).consumer_count, 0u);
}

TEST_F(SlowReader, OthersAreServedMeanwhile) {
  REQUIRES_OWN_BROKER();
  Broker broker;
  FrameClient client(broker.endpoint(), ConnectOptions{});
  client.open_channel(1);
  const std::string queue = fill_queue(client);
  FrameClient reader(broker.endpoint(), ConnectOptions{});
  reader.open_channel(1);
  reader.send(1, basic_consume(queue, {.no_ack = true}));
  FrameClient other(broker.endpoint(), ConnectOptions{});
  other.open_channel(1);
  const std::string own = other.declare_queue(1, "", {.exclusive = true}).queue;
  for (int i = 0; i < 100; ++i) {
    other.publish(1, "", own, "m");
    EXPECT_EQ(other.must_get(1, own).body, "m");
  }
  // Auto-ack deliveries are not all taken from the queue for a socket that does not take them.
  EXPECT_GT(client.passive(1, queue).message_count, 16u);
}

TEST_F(SlowReader, PipelinedRepliesThatNobodyReadsAreBounded) {
  FrameClient client = this->client();
  const std::string q = queue(client);
  const std::string declare = method_frame(1, queue_declare(q, {.passive = true}));
  std::string many;
  for (int i = 0; i < 1000; ++i)
    many += declare;
  std::size_t sent = 0;
  // Until the server stops reading, or 16 MiB have gone: it may not die of either.
  for (int round = 0; round < 200 && sent < (16u << 20); ++round) {
    std::size_t offset = 0;
    while (offset < many.size()) {
      const std::size_t taken = client.send_some(std::string_view(many).substr(offset));
      offset += taken;
      if (taken == 0) break;
    }
    sent += offset;
    if (offset < many.size()) break;
  }
  expect_broker_serves();
}

class HalfOpen : public BrokerTest {};

TEST_F(HalfOpen, AClientThatOnlyEndsItsSideIsDone) {
  FrameClient client = this->client();
  const std::string q = shared_queue(client, {.auto_delete = true});
  FrameClient half = this->client();
  half.consume(1, q);
  half.half_close();
  half.read_to_end();
  client.open_channel(2);
  client.send(2, queue_declare(q, {.passive = true}));
  client.expect_channel_close(2, 404, "NOT_FOUND", kQueueDeclare);
}

TEST_F(HalfOpen, AManyTimesResetClientLeavesNothing) {
  FrameClient client = this->client();
  const std::string q = shared_queue(client, {});
  load(client, q, {"m"});
  for (int i = 0; i < 20; ++i) {
    FrameClient victim = this->client();
    victim.send(1, basic_get(q, false));
    victim.expect(1, kBasicGetOk);
    victim.reset();
    client.await_ready(1, q, 1);
  }
  EXPECT_EQ(client.delete_queue(1, q), 1u);
}

}  // namespace
}  // namespace harrier::test

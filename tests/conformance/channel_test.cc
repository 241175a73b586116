// Concern: channels live and die by themselves, and a closed one disturbs nobody.
// Plan:    open, flow, close, reuse of numbers; what is ignored while a close is under way.
#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

class ChannelOpen : public BrokerTest {};

TEST_F(ChannelOpen, TwiceIsAChannelErrorOfTheConnection) {
  FrameClient client = this->client();
  client.send(1, channel_open());
  client.expect_connection_close(504, "CHANNEL_ERROR - second 'channel.open' seen", kChannelOpen);
  expect_broker_serves();
}

TEST_F(ChannelOpen, AMethodBeforeItIsAChannelError) {
  FrameClient client = connection();
  client.send(1, basic_qos(1));
  client.expect_connection_close(504, "CHANNEL_ERROR - expected 'channel.open'", kBasicQos);
  expect_broker_serves();
}

TEST_F(ChannelOpen, TheHighestNumberIsChannelMax) {
  ConnectOptions options;
  options.channel_max = 10;
  FrameClient client = connection(options);
  client.open_channel(10);
  client.declare_queue(10, "", {.exclusive = true});
}

TEST_F(ChannelOpen, MoreThanChannelMaxIs530) {
  ConnectOptions options;
  options.channel_max = 3;
  FrameClient client = connection(options);
  for (const unsigned channel : {1u, 2u, 3u})
    client.open_channel(channel);
  client.send(4, channel_open());
  client.expect_connection_close(530,
                                 "NOT_ALLOWED - number of channels opened (3) has reached "
                                 "the negotiated channel_max (3)");
  expect_broker_serves();
}

TEST_F(ChannelOpen, ManyChannelsWorkSideBySide) {
  FrameClient client = connection();
  for (unsigned channel = 1; channel <= 200; ++channel)
    client.send(channel, channel_open());
  for (unsigned channel = 1; channel <= 200; ++channel)
    client.expect(channel, kChannelOpenOk);
  for (unsigned channel = 200; channel >= 1; --channel)
    client.qos(channel, channel);
}

class ChannelClose : public BrokerTest {};

TEST_F(ChannelClose, TheNumberIsFreeAgain) {
  FrameClient client = this->client();
  client.close_channel(1);
  client.open_channel(1);
  client.close_channel(1);
  client.open_channel(1);
}

TEST_F(ChannelClose, AnErrorClosesOnlyThatChannel) {
  FrameClient client = this->client();
  client.open_channel(2);
  client.send(1, basic_get("no-such-queue"));
  client.expect_channel_close(1, 404, "NOT_FOUND - no queue 'no-such-queue' in vhost '/'",
                              kBasicGet);
  client.declare_queue(2, "", {.exclusive = true});
  client.open_channel(1);
}

TEST_F(ChannelClose, WhatFollowsTheErrorIsIgnoredUntilCloseOk) {
  FrameClient client = this->client();
  const std::string queue = shared_queue(client, {.auto_delete = true});
  client.open_channel(2);
  client.send_raw(method_frame(2, basic_get("no-such-queue")) +
                  method_frame(2, basic_publish("", queue)) + header_frame(2, 4, {}) +
                  body_frame(2, "lost") + method_frame(2, basic_ack(77)) +
                  method_frame(2, queue_declare(name("never"))));
  client.expect_channel_close(2, 404, "NOT_FOUND", kBasicGet);
  EXPECT_EQ(client.passive(1, queue).message_count, 0u);
  client.open_channel(2);
  client.expect_quiet(2);
}

// Acks in flight when the server closes the channel must not kill the connection.
TEST_F(ChannelClose, LateAcksAfterTheClientsCloseAreNotFatal) {
  FrameClient client = this->client();
  client.open_channel(2);
  client.send_raw(method_frame(2, basic_get("no-such-queue")) + method_frame(2, basic_ack(1)) +
                  method_frame(2, basic_ack(2)));
  client.expect(2, kChannelClose);
  client.send_raw(method_frame(2, basic_ack(3)) + method_frame(2, channel_close_ok()));
  client.expect_quiet(1);
}

TEST_F(ChannelClose, CrossingClosesAreBothAnswered) {
  FrameClient client = this->client();
  client.open_channel(2);
  client.send_raw(method_frame(2, basic_get("no-such-queue")) + method_frame(2, channel_close()));
  client.expect(2, kChannelClose);
  client.expect(2, kChannelCloseOk);
  client.send(2, channel_close_ok());
  client.open_channel(2);
}

TEST_F(ChannelClose, CodeTextAndMethodOfTheClientDoNotMatter) {
  FrameClient client = this->client();
  client.call(1, channel_close(541, std::string(255, 'x')), kChannelCloseOk);
}

class ChannelFlow : public BrokerTest {};

TEST_F(ChannelFlow, ActiveIsConfirmed) {
  FrameClient client = this->client();
  Reader reply = client.call(1, channel_flow(true), kChannelFlowOk);
  EXPECT_EQ(reply.octet(), 1);
}

TEST_F(ChannelFlow, StoppingTheServerIsNotImplemented) {
  FrameClient client = this->client();
  client.send(1, channel_flow(false));
  client.expect_connection_close(540, "NOT_IMPLEMENTED - active=false", kChannelFlow);
  expect_broker_serves();
}

class AccessRequest : public BrokerTest {};

// A leftover of 0-8 that some clients still send.
TEST_F(AccessRequest, IsAnsweredWithATicket) {
  FrameClient client = this->client();
  EXPECT_EQ(client.call(1, access_request("/data"), kAccessRequestOk).u16(), 1);
}

}  // namespace
}  // namespace harrier::test

// Concern: the connection class: what the server announces, how it tunes, opens and closes.
// Plan:    each step of the handshake by itself, then the methods of an open connection.
#include <algorithm>
#include <thread>

#include "support/broker_fixture.h"

namespace harrier::test {
namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;

class ConnectionStart : public BrokerTest {};

TEST_F(ConnectionStart, AnnouncesVersionMechanismsAndLocale) {
  FrameClient client = raw_client();
  const ServerStart start = client.send_header_and_read_start();
  EXPECT_EQ(start.major, 0);
  EXPECT_EQ(start.minor, 9);
  const std::string mechanisms = " " + start.mechanisms + " ";
  EXPECT_THAT(mechanisms, HasSubstr(" PLAIN "));
  EXPECT_THAT(mechanisms, HasSubstr(" AMQPLAIN "));
  EXPECT_THAT(" " + start.locales + " ", HasSubstr(" en_US "));
}

TEST_F(ConnectionStart, CapabilitiesAreTheNineOfRabbitMq) {
  FrameClient client = raw_client();
  const ServerStart start = client.send_header_and_read_start();
  const Table& capabilities = at(start.properties, "capabilities").table;
  for (const char* key : {"publisher_confirms", "exchange_exchange_bindings", "basic.nack",
                          "consumer_cancel_notify", "connection.blocked", "consumer_priorities",
                          "authentication_failure_close", "per_consumer_qos", "direct_reply_to"}) {
    EXPECT_EQ(at(capabilities, key), boolean(true)) << key;
  }
  EXPECT_EQ(capabilities.size(), 9u);
}

// Spring Boot, kombu and in-house checks parse it: three numbers, nothing behind them.
TEST_F(ConnectionStart, VersionIsThreeNumbersInALongString) {
  FrameClient client = raw_client();
  const ServerStart start = client.send_header_and_read_start();
  const Field& version = at(start.properties, "version");
  EXPECT_EQ(version.tag, 'S');
  EXPECT_EQ(std::count(version.text.begin(), version.text.end(), '.'), 2);
  EXPECT_EQ(version.text.find_first_not_of("0123456789."), std::string::npos) << version.text;
}

TEST_F(ConnectionStart, PropertiesHoldTheRequiredFields) {
  FrameClient client = raw_client();
  const ServerStart start = client.send_header_and_read_start();
  for (const char* key :
       {"product", "version", "platform", "copyright", "information", "cluster_name"}) {
    EXPECT_EQ(at(start.properties, key).tag, 'S') << key;
  }
}

TEST_F(ConnectionStart, ProductIsOursAndVersionTheCompatibilityLevel) {
  REQUIRES_HARRIER("RabbitMQ has its own name and version");
  FrameClient client = raw_client();
  const ServerStart start = client.send_header_and_read_start();
  EXPECT_EQ(at(start.properties, "product").text, "HarrierMQ");
  EXPECT_EQ(at(start.properties, "version").text, "3.13.7");
}

TEST_F(ConnectionStart, TheHeaderOf09IsAcceptedToo) {
  FrameClient client = raw_client();
  const ServerStart start = client.send_header_and_read_start("AMQP\x01\x01\0\x09"s);
  EXPECT_EQ(start.major, 0);
  client.send_start_ok({});
  const Tune tune = client.read_tune();
  client.send(0, connection_tune_ok(tune.channel_max, tune.frame_max, 0));
  client.call(0, connection_open("/"), kConnectionOpenOk);
  client.open_channel(1);
}

class ConnectionAuthentication : public BrokerTest {};

TEST_F(ConnectionAuthentication, AmqplainTakesLoginAndPassword) {
  const std::string with_length =
      Writer().table({{"LOGIN", str("guest")}, {"PASSWORD", str("guest")}});
  ConnectOptions options;
  options.mechanism = "AMQPLAIN";
  options.response = with_length.substr(4);
  FrameClient client = connection(options);
  client.open_channel(1);
}

TEST_F(ConnectionAuthentication, WrongPasswordIsClosedWith403ForClientsThatAskForIt) {
  FrameClient client = raw_client();
  ConnectOptions options;
  options.password = "wrong";
  client.send_header_and_read_start();
  client.send_start_ok(options);
  client.expect_connection_close(403,
                                 "ACCESS_REFUSED - Login was refused using authentication "
                                 "mechanism PLAIN. For details see the broker logfile.");
}

TEST_F(ConnectionAuthentication, UnknownUserGetsTheSameTextAsAWrongPassword) {
  FrameClient client = raw_client();
  ConnectOptions options;
  options.user = "nobody-of-this-name";
  client.send_header_and_read_start();
  client.send_start_ok(options);
  client.expect_connection_close(403,
                                 "ACCESS_REFUSED - Login was refused using authentication "
                                 "mechanism PLAIN. For details see the broker logfile.");
}

// Old clients take the end of the socket for a refusal; RabbitMQ lets them wait three seconds.
TEST_F(ConnectionAuthentication, WithoutTheCapabilityTheSocketJustEnds) {
  FrameClient client = raw_client();
  ConnectOptions options;
  options.password = "wrong";
  options.capabilities = {};
  client.send_header_and_read_start();
  client.send_start_ok(options);
  EXPECT_EQ(client.read_to_end(), "");
}

constexpr const char* kSilentTuneFailure =
    "3.10 ends the socket after three seconds without a close; later versions say why";

class ConnectionTune : public BrokerTest {
 protected:
  FrameClient before_tune_ok() {
    FrameClient client = raw_client();
    client.send_header_and_read_start();
    client.send_start_ok({});
    client.read_tune();
    return client;
  }
};

TEST_F(ConnectionTune, ProposesRabbitMqsValues) {
  FrameClient client = before_tune_ok();
  EXPECT_EQ(client.tuned().channel_max, 2047);
  EXPECT_EQ(client.tuned().frame_max, 131072u);
  EXPECT_EQ(client.tuned().heartbeat, 60);
}

TEST_F(ConnectionTune, SmallerValuesAreAccepted) {
  ConnectOptions options;
  options.channel_max = 1;
  options.frame_max = 4096;
  options.heartbeat = 600;
  FrameClient client = connection(options);
  client.open_channel(1);
}

TEST_F(ConnectionTune, HeartbeatsOfNoneAndOfOneSecondAreAccepted) {
  for (const std::uint16_t heartbeat : {std::uint16_t{0}, std::uint16_t{1}}) {
    ConnectOptions options;
    options.heartbeat = heartbeat;
    FrameClient client = connection(options);
    client.open_channel(1);
  }
}

TEST_F(ConnectionTune, FrameMaxAboveTheServersIsRefused) {
  REQUIRES_HARRIER(kSilentTuneFailure);
  FrameClient client = before_tune_ok();
  client.send(0, connection_tune_ok(2047, 131073, 0));
  client.expect_connection_close(530,
                                 "NOT_ALLOWED - negotiated frame_max = 131073 is higher than "
                                 "the maximum allowed value (131072)",
                                 kConnectionTune);
}

TEST_F(ConnectionTune, ChannelMaxAboveTheServersIsRefused) {
  REQUIRES_HARRIER(kSilentTuneFailure);
  FrameClient client = before_tune_ok();
  client.send(0, connection_tune_ok(2048, 131072, 0));
  client.expect_connection_close(530,
                                 "NOT_ALLOWED - negotiated channel_max = 2048 is higher than "
                                 "the maximum allowed value (2047)",
                                 kConnectionTune);
}

TEST_F(ConnectionTune, UnlimitedChannelsAreMoreThanTheServersLimit) {
  REQUIRES_HARRIER(kSilentTuneFailure);
  FrameClient client = before_tune_ok();
  client.send(0, connection_tune_ok(0, 131072, 0));
  client.expect_connection_close(530,
                                 "NOT_ALLOWED - negotiated channel_max = 0 (no limit) is "
                                 "higher than the maximum allowed value (2047)",
                                 kConnectionTune);
}

TEST_F(ConnectionTune, UnlimitedFramesAreMoreThanTheServersLimit) {
  REQUIRES_HARRIER(kSilentTuneFailure);
  FrameClient client = before_tune_ok();
  client.send(0, connection_tune_ok(2047, 0, 0));
  client.expect_connection_close(530, "NOT_ALLOWED - negotiated frame_max = 0 is higher",
                                 kConnectionTune);
}

TEST_F(ConnectionTune, FrameMaxBelow4096IsRefused) {
  REQUIRES_HARRIER(kSilentTuneFailure);
  FrameClient client = before_tune_ok();
  client.send(0, connection_tune_ok(2047, 4095, 0));
  client.expect_connection_close(530,
                                 "NOT_ALLOWED - negotiated frame_max = 4095 is lower than "
                                 "the minimum allowed value (4096)",
                                 kConnectionTune);
}

// The specification's scenario: properties that make a frame of exactly frame-min-size.
TEST_F(ConnectionTune, AFrameOf4096OctetsPassesBeforeTuning) {
  ConnectOptions options;
  FrameClient measure = raw_client();
  const std::string empty =
      method_frame(0, connection_start_ok({{"product", str("frame client")},
                                           {"capabilities", table(options.capabilities)},
                                           {"padding", str("")}},
                                          "PLAIN", "\0guest\0guest"s));
  options.client_properties = {{"padding", str(std::string(4096 - empty.size(), 'x'))}};
  FrameClient client = connection(options);
  client.open_channel(1);
}

class ConnectionOpen : public BrokerTest {};

TEST_F(ConnectionOpen, MissingVirtualHostIs530) {
  FrameClient client = raw_client();
  client.send_header_and_read_start();
  client.send_start_ok({});
  client.read_tune();
  client.send(0, connection_tune_ok(2047, 131072, 0));
  client.send(0, connection_open("no-such-vhost"));
  client.expect_connection_close(530, "NOT_ALLOWED - vhost no-such-vhost not found",
                                 kConnectionOpen);
}

TEST_F(ConnectionOpen, TheHandshakeMayBePipelined) {
  FrameClient client = raw_client();
  client.send_raw(std::string(kProtocolHeader) +
                  method_frame(0, connection_start_ok({}, "PLAIN", "\0guest\0guest"s)) +
                  method_frame(0, connection_tune_ok(2047, 131072, 0)) +
                  method_frame(0, connection_open("/")) + method_frame(1, channel_open()));
  client.expect(0, kConnectionStart);
  client.expect(0, kConnectionTune);
  client.expect(0, kConnectionOpenOk);
  client.expect(1, kChannelOpenOk);
}

TEST_F(ConnectionOpen, OneOctetAtATimeIsEnough) {
  FrameClient client = raw_client();
  const std::string all = std::string(kProtocolHeader) +
                          method_frame(0, connection_start_ok({}, "PLAIN", "\0guest\0guest"s)) +
                          method_frame(0, connection_tune_ok(2047, 131072, 0)) +
                          method_frame(0, connection_open("/"));
  for (const char octet : all)
    client.send_raw(std::string_view(&octet, 1));
  client.expect(0, kConnectionStart);
  client.expect(0, kConnectionTune);
  client.expect(0, kConnectionOpenOk);
}

class ConnectionClose : public BrokerTest {};

TEST_F(ConnectionClose, IsAnswered) {
  FrameClient client = this->client();
  client.close();
}

TEST_F(ConnectionClose, TheSocketEndsAfterTheAnswer) {
  REQUIRES_HARRIER("RabbitMQ leaves it to the client to end the socket, for up to 30 seconds");
  FrameClient client = this->client();
  client.close();
  client.expect_end();
}

TEST_F(ConnectionClose, AnswersComeForWhatWasSentBeforeIt) {
  FrameClient client = this->client();
  client.send_raw(method_frame(1, queue_declare("", {})) + method_frame(0, connection_close()));
  client.expect(1, kQueueDeclareOk);
  client.expect(0, kConnectionCloseOk);
}

TEST_F(ConnectionClose, AfterTheServersCloseEverythingButCloseOkIsDiscarded) {
  FrameClient client = this->client();
  client.send_raw(method_frame(1, basic_qos(1, false, 1)) + method_frame(1, basic_qos(1)) +
                  method_frame(2, channel_open()));
  client.expect(0, kConnectionClose);
  client.send_raw(method_frame(1, basic_qos(1)) + method_frame(0, connection_close_ok()));
  // RabbitMQ leaves it to the client to end the socket, for as long as 30 seconds.
  if (!target_is_foreign()) client.expect_end();
}

TEST_F(ConnectionClose, CrossingClosesAreBothAnswered) {
  REQUIRES_HARRIER("in RabbitMQ the error of a channel can overtake the client's close");
  FrameClient client = this->client();
  client.send_raw(method_frame(1, basic_qos(1, false, 1)) + method_frame(0, connection_close()));
  client.expect(0, kConnectionClose);
  client.expect(0, kConnectionCloseOk);
  client.send(0, connection_close_ok());
  client.expect_end();
}

class ConnectionUpdateSecret : public BrokerTest {};

TEST_F(ConnectionUpdateSecret, TheSamePasswordIsAcceptedAndTheConnectionGoesOn) {
  FrameClient client = this->client();
  client.call(0, connection_update_secret("guest", "refresh"), kConnectionUpdateSecretOk);
  client.declare_queue(1, "", {.exclusive = true});
}

class ServerStop : public BrokerTest {};

TEST_F(ServerStop, ClosesClientsWith320) {
  REQUIRES_OWN_BROKER();
  Broker broker;
  FrameClient client(broker.endpoint(), ConnectOptions{});
  client.open_channel(1);
  std::thread stopping([&broker] { broker.stop(); });
  client.expect_connection_close(
      320, "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'");
  client.expect_end();
  stopping.join();
  EXPECT_THROW(FrameClient{broker.endpoint()}, Unexpected);
}

class ConnectionBlocked : public BrokerTest {};

TEST_F(ConnectionBlocked, IsToldToClientsThatAskedForItAndLifted) {
  REQUIRES_OWN_BROKER();
  Broker broker;
  FrameClient told(broker.endpoint(), ConnectOptions{});
  ConnectOptions plain;
  plain.capabilities = {};
  FrameClient untold(broker.endpoint(), plain);
  for (FrameClient* client : {&told, &untold}) {
    client->open_channel(1);
    client->publish(1, "", "nowhere", "publishers are told");
    client->expect_quiet(1);
  }
  broker.block_publishers("low on memory");
  EXPECT_EQ(told.expect(0, kConnectionBlocked).shortstr(), "low on memory");
  broker.unblock_publishers();
  told.expect(0, kConnectionUnblocked);
  untold.call(0, connection_close(), kConnectionCloseOk);
}

class VirtualHosts : public BrokerTest {
 protected:
  static Options with_two() {
    Options options = test_options();
    options.virtual_hosts = {"/", "second", "closed"};
    PermissionOptions second;
    second.virtual_host = "second";
    options.users.front().permissions.push_back(second);
    return options;
  }
};

TEST_F(VirtualHosts, ShareNoQueuesAndNoExchanges) {
  REQUIRES_OWN_BROKER();
  Broker broker(with_two());
  FrameClient first(broker.endpoint(), ConnectOptions{});
  FrameClient second(broker.endpoint(), {.virtual_host = "second"});
  first.open_channel(1);
  second.open_channel(1);
  first.declare_queue(1, "q");
  first.declare_exchange(1, "x", "fanout");
  first.bind_queue(1, "q", "amq.fanout", "");
  second.send(1, queue_declare("q", {.passive = true}));
  second.expect_channel_close(1, 404, "NOT_FOUND - no queue 'q' in vhost 'second'", kQueueDeclare);
  second.open_channel(1);
  second.publish(1, "amq.fanout", "", "elsewhere");
  second.expect_quiet(1);
  EXPECT_EQ(first.passive(1, "q").message_count, 0u);
}

TEST_F(VirtualHosts, WithoutPermissionAre530) {
  REQUIRES_OWN_BROKER();
  Broker broker(with_two());
  FrameClient client(broker.endpoint());
  client.send_header_and_read_start();
  client.send_start_ok({});
  client.read_tune();
  client.send(0, connection_tune_ok(2047, 131072, 0));
  client.send(0, connection_open("closed"));
  client.expect_connection_close(
      530, "NOT_ALLOWED - access to vhost 'closed' refused for user 'guest'", kConnectionOpen);
}

}  // namespace
}  // namespace harrier::test

// Concern: methods at the wrong time, on the wrong channel, or that only a server may send.
// Plan:    a table of methods on a running connection with channels 1 and 2 open.
#include "conformance/bad_input.h"

namespace harrier::test {
namespace {

using namespace std::string_literals;

class BadState : public BadInputTest {};
TEST_P(BadState, ClosesWhatItMust) { run(); }

constexpr const char* kNotWhenRunning =
    "CHANNEL_ERROR - unexpected method in connection state running";
constexpr const char* kNotOpened = "CHANNEL_ERROR - expected 'channel.open'";
constexpr const char* kNotForServers = "COMMAND_INVALID - unimplemented method";

BadInput close(std::string name, unsigned code, std::string text, unsigned channel,
               const Method& method, const std::string& and_then = {}) {
  return {std::move(name),
          Scope::kConnection,
          code,
          std::move(text),
          method_frame(channel, method) + and_then,
          Rabbit::kSame,
          method.id};
}
BadInput on_channel_0(std::string name, const Method& method) {
  return close(std::move(name), 504, kNotWhenRunning, 0, method);
}
BadInput not_opened(std::string name, const Method& method, const std::string& and_then = {}) {
  return close(std::move(name), 504, kNotOpened, 9, method, and_then);
}
BadInput for_clients_only(std::string name, const Method& method,
                          const std::string& and_then = {}) {
  return close(std::move(name), 503, kNotForServers, 1, method, and_then);
}

INSTANTIATE_TEST_SUITE_P(
    Channel0, BadState,
    ::testing::Values(
        on_channel_0("StartOkAgain", connection_start_ok({}, "PLAIN", "\0guest\0guest"s)),
        on_channel_0("TuneOkAgain", connection_tune_ok(2047, 131072, 0)),
        on_channel_0("OpenAgain", connection_open("/")),
        on_channel_0("SecureOkUnasked", connection_secure_ok("x")),
        on_channel_0("CloseOkUnasked", connection_close_ok()),
        on_channel_0("Start", {kConnectionStart, "\0\x09\0\0\0\0\0\0\0\0\0\0\0\0"s}),
        on_channel_0("OpenOk", {kConnectionOpenOk, "\0"s}),
        on_channel_0("Blocked", {kConnectionBlocked, "\0"s}),
        on_channel_0("ChannelOpen", channel_open()), on_channel_0("ChannelClose", channel_close()),
        on_channel_0("QueueDeclare", queue_declare("q", {})),
        on_channel_0("BasicPublish", basic_publish("", "q")),
        on_channel_0("BasicAck", basic_ack(1)), on_channel_0("TxSelect", tx_select())),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Unopened, BadState,
    ::testing::Values(
        not_opened("QueueDeclare", queue_declare("q", {})), not_opened("BasicAck", basic_ack(1)),
        not_opened("BasicGet", basic_get("q")), not_opened("BasicConsume", basic_consume("q")),
        not_opened("ExchangeDeclare", exchange_declare("x", "direct")),
        not_opened("Publish", basic_publish("", "q"), header_frame(9, 1, {}) + body_frame(9, "x")),
        not_opened("ChannelClose", channel_close()), not_opened("ConfirmSelect", confirm_select()),
        not_opened("ChannelFlow", channel_flow(true)), not_opened("TxCommit", tx_commit())),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Server, BadState,
    ::testing::Values(
        for_clients_only("ExchangeDeclareOk", {kExchangeDeclareOk, ""}),
        for_clients_only("ExchangeDeleteOk", {kExchangeDeleteOk, ""}),
        for_clients_only("QueueDeclareOk", {kQueueDeclareOk, "\x01q" + std::string(8, '\0')}),
        for_clients_only("QueueBindOk", {kQueueBindOk, ""}),
        for_clients_only("BasicQosOk", {kBasicQosOk, ""}),
        for_clients_only("BasicConsumeOk", {kBasicConsumeOk, "\x01t"}),
        for_clients_only("BasicGetEmpty", {kBasicGetEmpty, "\0"s}),
        for_clients_only("BasicRecoverOk", {kBasicRecoverOk, ""}),
        for_clients_only("ConfirmSelectOk", {kConfirmSelectOk, ""}),
        for_clients_only("TxSelectOk", {kTxSelectOk, ""}),
        for_clients_only("TxCommitOk", {kTxCommitOk, ""}),
        for_clients_only("ChannelOpenOk", {kChannelOpenOk, "\0\0\0\0"s}),
        for_clients_only("ConnectionCloseOnAChannel", connection_close()),
        for_clients_only("ConnectionTuneOkOnAChannel", connection_tune_ok(1, 4096, 0)),
        for_clients_only("ConnectionOpenOnAChannel", connection_open("/"))),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Content, BadState,
    ::testing::Values(BadInput{"DeliverFromTheClient", Scope::kConnection, 503, kNotForServers,
                               method_frame(1, {kBasicDeliver, "\x01t" + std::string(11, '\0')}) +
                                   header_frame(1, 1, {}) + body_frame(1, "x"),
                               Rabbit::kSame, kBasicDeliver},
                      BadInput{"ReturnFromTheClient", Scope::kConnection, 503, kNotForServers,
                               method_frame(1, {kBasicReturn, std::string(5, '\0')}) +
                                   header_frame(1, 1, {}) + body_frame(1, "x"),
                               Rabbit::kSame, kBasicReturn}),
    name_of);

// RabbitMQ counts channels and does not look at their numbers.
INSTANTIATE_TEST_SUITE_P(
    ChannelNumber, BadState,
    ::testing::Values(BadInput{"OpenAboveChannelMax", Scope::kConnection, 530, "NOT_ALLOWED - ",
                               method_frame(2048, channel_open()), Rabbit::kDiffers},
                      BadInput{"OpenOfTheHighestNumber", Scope::kConnection, 530, "NOT_ALLOWED - ",
                               method_frame(65535, channel_open()), Rabbit::kDiffers},
                      BadInput{"MethodAboveChannelMax", Scope::kConnection, 504, "CHANNEL_ERROR - ",
                               method_frame(2048, basic_qos(1)), Rabbit::kDiffers},
                      BadInput{"HeaderAboveChannelMax", Scope::kConnection, 504, "CHANNEL_ERROR - ",
                               header_frame(2048, 1, {}), Rabbit::kDiffers},
                      BadInput{"BodyAboveChannelMax", Scope::kConnection, 504, "CHANNEL_ERROR - ",
                               body_frame(65535, "x"), Rabbit::kDiffers}),
    name_of);

BadInput channel_error(std::string name, unsigned code, std::string text, const Method& method) {
  return {std::move(name),         Scope::kChannel, code,     std::move(text),
          method_frame(1, method), Rabbit::kSame,   method.id};
}

// Mistakes that cost the channel only.
INSTANTIATE_TEST_SUITE_P(
    Channel, BadState,
    ::testing::Values(
        channel_error("AckOfNothing", 406, "PRECONDITION_FAILED - unknown delivery tag 1",
                      basic_ack(1)),
        channel_error("AckOfTheHighestTag", 406,
                      "PRECONDITION_FAILED - unknown delivery tag 18446744073709551615",
                      basic_ack(0xFFFFFFFFFFFFFFFFu)),
        channel_error("NackOfNothing", 406, "PRECONDITION_FAILED - unknown delivery tag 5",
                      basic_nack(5, true, true)),
        channel_error("RejectOfZero", 406, "PRECONDITION_FAILED - unknown delivery tag 0",
                      basic_reject(0, true)),
        channel_error("CommitWithoutSelect", 406,
                      "PRECONDITION_FAILED - channel is not transactional", tx_commit()),
        channel_error("GetOfAMissingQueue", 404, "NOT_FOUND - no queue 'nope' in vhost '/'",
                      basic_get("nope")),
        channel_error("DeclareOfAReservedName", 403, "ACCESS_REFUSED - queue name 'amq.x' contains",
                      queue_declare("amq.x", {}))),
    name_of);

class DiscardedAfterClose : public BrokerTest {};

// After connection.close of the server even nonsense is only discarded, as long as it is frames.
TEST_F(DiscardedAfterClose, FramesThatWouldBeErrors) {
  FrameClient client = this->client();
  client.send(1, basic_qos(1, false, 1));
  client.expect(0, kConnectionClose);
  client.send_raw(method_frame(1, channel_open()) + header_frame(1, 1, {}) + body_frame(7, "x") +
                  method_frame(0, connection_open("/")) + method_frame(0, connection_close()));
  client.expect(0, kConnectionCloseOk);
  client.send(0, connection_close_ok());
  expect_broker_serves();
}

}  // namespace
}  // namespace harrier::test

// Concern: frames that are none: types, sizes, ends, and payloads that name no method.
// Plan:    a table of bytes; each must close this connection and nothing else.
#include <utility>

#include "conformance/bad_input.h"

namespace harrier::test {
namespace {

using namespace std::string_literals;

class BadFrame : public BadInputTest {};
TEST_P(BadFrame, ClosesTheConnection) { run(); }

// The seven octets before a payload.
std::string frame_start(unsigned type, unsigned channel, std::uint64_t size) {
  return Writer().octet(type).u16(channel).u32(size);
}

BadInput frame_error(std::string name, std::string bytes) {
  return {std::move(name), Scope::kConnection, 501, "FRAME_ERROR - ", std::move(bytes)};
}

std::vector<BadInput> unknown_types() {
  std::vector<BadInput> cases;
  for (const unsigned type : {0u, 4u, 5u, 6u, 7u, 9u, 127u, 255u}) {
    for (const unsigned channel : {0u, 1u}) {
      cases.push_back(
          frame_error("Type" + std::to_string(type) + "OnChannel" + std::to_string(channel),
                      frame_bytes(type, channel, "")));
    }
  }
  cases.push_back(frame_error("AProtocolHeaderInTheMiddle", std::string(kProtocolHeader)));
  cases.push_back(frame_error("AnHttpRequest", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  cases.push_back(frame_error("AnAmqp10Frame", "\0\0\0\x10\x02\0\0\0"s));
  cases.push_back(frame_error("ATlsHello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s));
  return cases;
}
INSTANTIATE_TEST_SUITE_P(UnknownType, BadFrame, ::testing::ValuesIn(unknown_types()), name_of);

std::vector<BadInput> bad_ends() {
  std::vector<BadInput> cases;
  const std::string declare = Writer().u16(50).u16(10).raw(queue_declare("", {}).arguments);
  for (const unsigned end : {0x00u, 0xCDu, 0xCFu, 0xFFu}) {
    const std::string octet = std::to_string(end);
    cases.push_back(
        frame_error("MethodEndsIn" + octet, frame_bytes(kMethodFrame, 1, declare, end)));
    cases.push_back(
        frame_error("HeartbeatEndsIn" + octet, frame_bytes(kHeartbeatFrame, 0, "", end)));
  }
  cases.push_back(frame_error(
      "HeaderWithoutEnd", publish_method() + frame_bytes(kHeaderFrame, 1, std::string(14, 0), 1)));
  cases.push_back(
      frame_error("BodyWithoutEnd", publish_and_header(1) + frame_bytes(kBodyFrame, 1, "x", 0)));
  cases.push_back(frame_error("OneOctetTooMany", frame_start(8, 0, 0) + "\0"s));
  return cases;
}
INSTANTIATE_TEST_SUITE_P(FrameEnd, BadFrame, ::testing::ValuesIn(bad_ends()), name_of);

// Refused by their size alone: the payloads are never sent.
std::vector<BadInput> too_large() {
  std::vector<BadInput> cases;
  const std::vector<std::pair<std::string, std::uint64_t>> sizes = {
      {"OneOctet", 131073}, {"TwoGigabytes", 0x7FFFFFFF}, {"FourGigabytes", 0xFFFFFFFF}};
  for (const auto& [name, size] : sizes) {
    cases.push_back(frame_error(name + "TooLargeMethod", frame_start(kMethodFrame, 1, size)));
    cases.push_back(frame_error(name + "TooLargeOnChannel0", frame_start(kMethodFrame, 0, size)));
    cases.push_back(frame_error(name + "TooLargeHeader",
                                publish_method() + frame_start(kHeaderFrame, 1, size)));
    cases.push_back(frame_error(name + "TooLargeBody",
                                publish_and_header(9) + frame_start(kBodyFrame, 1, size)));
    cases.push_back(frame_error(name + "TooLargeHeartbeat", frame_start(kHeartbeatFrame, 0, size)));
  }
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Size, BadFrame, ::testing::ValuesIn(too_large()), name_of);

std::vector<BadInput> short_payloads() {
  std::vector<BadInput> cases;
  for (std::size_t size = 0; size < 4; ++size) {
    const std::string octets(size, '\0');
    cases.push_back(frame_error("MethodOf" + std::to_string(size) + "Octets",
                                frame_bytes(kMethodFrame, 1, octets)));
    cases.push_back(frame_error("MethodOf" + std::to_string(size) + "OctetsOnChannel0",
                                frame_bytes(kMethodFrame, 0, octets)));
  }
  cases.push_back(frame_error("HeartbeatWithAPayload", frame_bytes(kHeartbeatFrame, 0, "x")));
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Payload, BadFrame, ::testing::ValuesIn(short_payloads()), name_of);

std::vector<BadInput> misplaced_heartbeats() {
  std::vector<BadInput> cases;
  for (const unsigned channel : {1u, 2u, 9u, 65535u}) {
    cases.push_back({"HeartbeatOnChannel" + std::to_string(channel), Scope::kConnection, 505,
                     "UNEXPECTED_FRAME - ", heartbeat_frame(channel)});
  }
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Heartbeat, BadFrame, ::testing::ValuesIn(misplaced_heartbeats()), name_of);

// RabbitMQ ends the socket without a close when nothing is known of the method's ids.
std::vector<BadInput> unknown_methods() {
  std::vector<BadInput> cases;
  const std::vector<std::pair<unsigned, MethodId>> unknown = {
      {1, {0, 0}},   {1, {99, 1}},  {1, {60, 99}}, {1, {50, 12}}, {1, {65535, 65535}},
      {1, {40, 41}}, {0, {99, 10}}, {0, {10, 99}}, {0, {10, 62}}};
  for (const auto& [channel, id] : unknown) {
    cases.push_back({"Method" + std::to_string(id.class_id) + "_" + std::to_string(id.method_id) +
                         "OnChannel" + std::to_string(channel),
                     Scope::kConnection, 503, "COMMAND_INVALID - ", method_frame(channel, {id, ""}),
                     Rabbit::kDiffers});
  }
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Unknown, BadFrame, ::testing::ValuesIn(unknown_methods()), name_of);

class FrameMax : public BrokerTest {};

TEST_F(FrameMax, TheNegotiatedSizeIsTheLimitNotTheServers) {
  ConnectOptions options;
  options.frame_max = 4096;
  FrameClient client = this->client(options);
  client.send_raw(publish_and_header(5000) + Writer().octet(3).u16(1).u32(4097).str());
  client.expect_connection_close(501, "FRAME_ERROR - ");
  expect_broker_serves();
}

}  // namespace
}  // namespace harrier::test

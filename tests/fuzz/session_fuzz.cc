// Feeds a client's bytes to a whole connection: frames, handshake, channels, queues.
//
// Input:  one byte of modes, then what the client sends. Bit 0: the bytes follow a finished
//         handshake; else they are the first ones. Bit 1: through recorded batches. The rest sizes
//         the pieces.
// Checks: no crash and no failed CHECK; memory in proportion; a connection that ends gives
//         everything back.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "support/simulated_node.h"

namespace harrier::test {
namespace {

// Everything that opens a connection and its channel 1.
std::string opening() {
  std::string bytes(amqp::kProtocolHeader091);
  bytes += method_bytes(0, amqp::ConnectionStartOk{{}, "PLAIN", {"open sesame"}, "en_US"});
  bytes += method_bytes(0, amqp::ConnectionTuneOk{10, 8192, 0});
  bytes += method_bytes(0, amqp::ConnectionOpen{"/"});
  bytes += method_bytes(1, amqp::ChannelOpen{});
  return bytes;
}

void run(std::uint8_t modes, std::string_view bytes) {
  NodeOptions options;
  options.recorded = (modes & 2) != 0;
  FakeBackend backend({}, 2 + modes);
  SimulatedNode node(backend, options, 1 + modes);
  SimulatedNode::Wire& wire = node.connect();
  if ((modes & 1) != 0) {
    wire.to_server = opening();
    node.settle();
    CHECK(wire.half != nullptr);
  }
  const std::size_t piece = std::size_t{1} << (modes >> 4);
  while (!bytes.empty()) {
    wire.to_server.append(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    node.step();
    CHECK(wire.io.assembly_bytes() <= std::size_t{32} << 20);
    if (wire.to_client.size() > std::size_t{1} << 20) wire.to_client.clear();
  }
  node.settle();
  node.drop(wire);
  node.settle();
  const auto& counters = backend.host().counters();
  CHECK(counters.connections.value() == 0);
  CHECK(counters.channels.value() == 0);
  CHECK(counters.consumers.value() == 0);
  CHECK(counters.unacked.value() == 0);
}

}  // namespace
}  // namespace harrier::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0 || size > std::size_t{64} << 10) return 0;
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  harrier::test::run(bytes[0], input.substr(1));
  return 0;
}

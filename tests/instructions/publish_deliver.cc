// The path of a message through the pure core, from the publisher's bytes to the consumer's,
// without sockets and threads: publish_deliver SIZE auto-ack|ack|confirm MESSAGES.
// What of it the broker does happens inside measured_turn(); instructions.py has callgrind count
// that function alone, for two numbers of messages, and takes the difference.

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "broker/virtual_host.h"
#include "session/broker_session.h"
#include "session/connection_session.h"
#include "support/permissions.h"
#include "support/session_doubles.h"

namespace harrier::test {
namespace {

constexpr std::uint64_t kBatchMessages = 512;

// One connection whose halves call each other directly, as with one loop.
class DirectConnection final : public session::ConnectionHost {
 public:
  DirectConnection(broker::VirtualHost& host, std::uint64_t id, base::Now now)
      : host_(host),
        io(connection_limits_, *this, broker::ConnectionId(id), auth::Peer{"10.0.0.1", 4711, false},
           now) {
    properties_.add_string("product", "HarrierMQ");
  }

  auth::Authenticator& authenticator() override { return authenticator_; }
  void run_login_work(std::function<void()>) override {}
  amqp::TableView server_properties() override { return properties_; }
  bool ready() const override { return true; }
  session::PublishView& publish_view() override { return publish_view_; }
  session::SessionInput* attach(const session::ConnectionParameters& parameters,
                                session::SessionOutput& output) override {
    half_.emplace(host_, parameters, session_limits_, output);
    return &*half_;
  }
  bool released() const { return half_->released(); }

 private:
  broker::VirtualHost& host_;
  const session::ConnectionLimits connection_limits_;
  const session::SessionLimits session_limits_;
  FakeAuthenticator authenticator_;
  amqp::FieldTable properties_;
  session::PublishView publish_view_;
  std::optional<session::BrokerSession> half_;

 public:
  session::ConnectionSession io;
};

struct Broker {
  broker::VolatileChangeLog log;
  base::SeededRandom random{1};
  const broker::AccessControlRef access = permissions({everything("ali")});
  broker::VirtualHost host{"/", {}, log, random, access};
  base::Now now{base::MonotonicTime(base::Milliseconds(1'000'000)),
                base::WallTime(base::Milliseconds(1'700'000'000'000))};
};

}  // namespace

// What a loop does with bytes that a socket gave, and with the news that it took `written` others.
extern "C" [[gnu::noinline]] void measured_turn(Broker* broker, DirectConnection* connection,
                                                const char* bytes, std::size_t count,
                                                std::size_t written) {
  broker->host.begin_turn(broker->now);
  if (written != 0) connection->io.handle_written(written, broker->now);
  if (count != 0) CHECK(connection->io.handle_input({bytes, count}, broker->now) == count);
  broker->host.settle_down();
  CHECK(!broker->host.end_turn());
}

namespace {

// Takes what is to be written; the bytes are gone afterwards.
std::string take_output(Broker& broker, DirectConnection& connection) {
  const std::string bytes(connection.io.output().bytes());
  connection.io.output().consume(bytes.size());
  if (!bytes.empty()) measured_turn(&broker, &connection, nullptr, 0, bytes.size());
  return bytes;
}

std::string send(Broker& broker, DirectConnection& connection, std::string_view bytes) {
  measured_turn(&broker, &connection, bytes.data(), bytes.size(), 0);
  return take_output(broker, connection);
}

void open(Broker& broker, DirectConnection& connection) {
  amqp::FieldTable properties;
  properties.add_string("product", "publish_deliver");
  send(broker, connection, amqp::kProtocolHeader091);
  send(broker, connection,
       method_bytes(0, amqp::ConnectionStartOk{properties, "PLAIN", {"open sesame"}, "en_US"}));
  send(broker, connection, method_bytes(0, amqp::ConnectionTuneOk{2047, 131072, 0}));
  send(broker, connection, method_bytes(0, amqp::ConnectionOpen{"/"}));
  send(broker, connection, method_bytes(1, amqp::ChannelOpen{}));
}

// A broker half is released in turns of its own.
void drop(Broker& broker, DirectConnection& connection) {
  broker.host.begin_turn(broker.now);
  connection.io.handle_end_of_input(broker.now);
  broker.host.settle_down();
  while (broker.host.end_turn() || !connection.released()) {
    broker.host.begin_turn(broker.now);
    broker.host.settle_down();
  }
}

std::string acks(std::uint64_t first, std::uint64_t last) {
  std::string bytes;
  for (std::uint64_t tag = first; tag <= last; ++tag)
    bytes += method_bytes(1, amqp::BasicAck{amqp::DeliveryTag(tag), false});
  return bytes;
}

int run(std::size_t size, std::string_view mode, std::uint64_t messages) {
  Broker broker;
  DirectConnection publisher(broker.host, 1, broker.now);
  DirectConnection consumer(broker.host, 2, broker.now);
  open(broker, publisher);
  open(broker, consumer);
  send(broker, publisher, method_bytes(1, amqp::QueueDeclare{.queue = "q"}));
  if (mode == "confirm") send(broker, publisher, method_bytes(1, amqp::ConfirmSelect{}));
  const bool no_ack = mode != "ack";
  send(broker, consumer, method_bytes(1, amqp::BasicQos{.prefetch_count = 1000}));
  send(broker, consumer,
       method_bytes(1, amqp::BasicConsume{.queue = "q", .consumer_tag = "c", .no_ack = no_ack}));

  std::string batch;
  for (std::uint64_t i = 0; i != kBatchMessages; ++i)
    batch += publish_bytes(1, "q", std::string(size, 'x'), 131064);
  const auto& counters = broker.host.counters();
  std::uint64_t acknowledged = 0;
  std::size_t delivered_bytes = 0;
  for (std::uint64_t sent = 0; sent < messages; sent += kBatchMessages) {
    send(broker, publisher, batch);
    std::string output;
    do {
      output = take_output(broker, consumer);
      delivered_bytes += output.size();
      const std::uint64_t delivered = counters.delivered();
      if (!no_ack && delivered != acknowledged)
        output += send(broker, consumer, acks(acknowledged + 1, delivered));
      acknowledged = delivered;
    } while (!output.empty());
  }
  std::printf("delivered %llu, %zu bytes\n", static_cast<unsigned long long>(counters.delivered()),
              delivered_bytes);
  const std::uint64_t wanted = (messages + kBatchMessages - 1) / kBatchMessages * kBatchMessages;
  const bool all = counters.delivered() == wanted && counters.ready.value() == 0 &&
                   counters.unacked.value() == 0 && delivered_bytes > wanted * size;
  drop(broker, publisher);
  drop(broker, consumer);
  return all ? 0 : 1;
}

}  // namespace
}  // namespace harrier::test

int main(int count, char** words) {
  if (count != 4) return 2;
  return harrier::test::run(std::strtoull(words[1], nullptr, 10), words[2],
                            std::strtoull(words[3], nullptr, 10));
}

#include "support/broker_fixture.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include <unistd.h>

// HARRIER_TEST_WITHOUT_SERVER builds the tests alone, to run them against another broker.
#ifndef HARRIER_TEST_WITHOUT_SERVER
#include "harrier/server.h"
#endif

namespace harrier::test {
namespace {

std::string environment(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? "" : value;
}

// Different in each run, so that a target that outlives the run holds nothing of the same name.
const std::string& run_id() {
  static const std::string id = [] {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::to_string(std::chrono::duration_cast<Milliseconds>(now).count() % 100'000'000) +
           "-" + std::to_string(::getpid());
  }();
  return id;
}

Endpoint foreign_target() {
  const std::string target = environment("HARRIER_TEST_TARGET");
  const std::size_t colon = target.rfind(':');
  if (colon == std::string::npos) throw Unexpected("HARRIER_TEST_TARGET is not host:port");
  return {target.substr(0, colon),
          static_cast<std::uint16_t>(std::stoul(target.substr(colon + 1)))};
}

}  // namespace

Options test_options() {
  static std::atomic<int> brokers{0};
  Options options;
  options.amqp.port = 0;
  options.metrics.enabled = false;
  options.management.enabled = false;
  options.data_dir = ::testing::TempDir() + "harrier-" + run_id() + "-" + std::to_string(++brokers);
  // A journal is written in full when it is made.
  options.journal.segment_size = 1 << 20;
  options.journal.segments = 8;
  options.journal.pending_max = 1 << 20;
  options.disk.reserve = 0;
  // However full the disk of the machine is that tests run on.
  options.disk.free_limit_bytes = 1;
  const std::string loops = environment("HARRIER_TEST_LOOPS");
  options.loops = loops.empty() ? 1 : static_cast<std::uint32_t>(std::stoul(loops));
  options.connection.refusal_delay = Milliseconds(200);
  options.log.level = LogLevelOption::kError;
  // All tests share one address, and many of them stop in the middle of a handshake.
  options.accept.unauthenticated_per_address_max = 1000;
  return options;
}

#ifndef HARRIER_TEST_WITHOUT_SERVER

struct Broker::Running {
  explicit Running(const Options& options) : data_dir(options.data_dir), server(options) {}
  std::string data_dir;
  Server server;
};

Broker::Broker(Options options) : running_(std::make_unique<Running>(options)) {
  if (const Outcome outcome = running_->server.start(); !outcome) {
    throw Unexpected("the broker does not start: " + outcome.failure().message);
  }
}
Broker::~Broker() {
  running_->server.stop();
  std::error_code ignored;
  std::filesystem::remove_all(running_->data_dir, ignored);
}
Endpoint Broker::endpoint() const { return {"127.0.0.1", running_->server.port()}; }
void Broker::stop() { running_->server.stop(); }
void Broker::block_publishers(std::string reason) {
  running_->server.block_publishers(std::move(reason));
}
void Broker::unblock_publishers() { running_->server.unblock_publishers(); }
bool can_start_broker() { return true; }

#else

struct Broker::Running {};

Broker::Broker(Options) {
  throw Unexpected("no broker in this build: set HARRIER_TEST_TARGET=host:port");
}
Broker::~Broker() = default;
Endpoint Broker::endpoint() const { return {}; }
void Broker::stop() {}
void Broker::block_publishers(std::string) {}
void Broker::unblock_publishers() {}
bool can_start_broker() { return false; }

#endif

bool target_is_foreign() {
  static const bool foreign = !environment("HARRIER_TEST_TARGET").empty();
  return foreign;
}

Endpoint shared_broker() {
  if (target_is_foreign()) return foreign_target();
  static Broker broker;
  return broker.endpoint();
}

void BrokerTest::SetUp() { names_ = 0; }

FrameClient BrokerTest::client(const ConnectOptions& options) {
  FrameClient client(shared_broker(), options);
  client.open_channel(1);
  return client;
}

FrameClient BrokerTest::connection(const ConnectOptions& options) {
  return FrameClient(shared_broker(), options);
}

FrameClient BrokerTest::raw_client() { return FrameClient(shared_broker()); }

std::string BrokerTest::name(std::string_view word) {
  const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string name = run_id() + "." + test->test_suite_name() + "." + test->name() + "." +
                     std::to_string(++names_) + "." + std::string(word);
  // Parameterised tests have a '/' in both names.
  for (char& letter : name) {
    if (letter == '/') letter = '_';
  }
  return name;
}

std::string BrokerTest::queue(FrameClient& client, const Table& arguments) {
  QueueFlags flags;
  flags.exclusive = true;
  flags.arguments = arguments;
  return client.declare_queue(1, name("queue"), flags).queue;
}

std::string BrokerTest::shared_queue(FrameClient& client, QueueFlags flags) {
  return client.declare_queue(1, name("shared"), flags).queue;
}

std::string BrokerTest::exchange(FrameClient& client, std::string_view type,
                                 const Table& arguments) {
  ExchangeFlags flags;
  flags.auto_delete = true;
  flags.arguments = arguments;
  std::string exchange = name(type);
  client.declare_exchange(1, exchange, type, flags);
  return exchange;
}

std::vector<Message> BrokerTest::drain_messages(FrameClient& client, std::string_view queue) {
  std::vector<Message> messages;
  while (auto message = client.get(1, queue))
    messages.push_back(std::move(*message));
  return messages;
}

std::vector<std::string> BrokerTest::drain(FrameClient& client, std::string_view queue) {
  std::vector<std::string> bodies;
  for (Message& message : drain_messages(client, queue))
    bodies.push_back(std::move(message.body));
  return bodies;
}

void BrokerTest::fill(FrameClient& client, std::string_view queue,
                      const std::vector<std::string>& bodies, const Properties& properties) {
  for (const std::string& body : bodies)
    client.publish(1, "", queue, body, properties);
}

void BrokerTest::load(FrameClient& client, std::string_view queue,
                      const std::vector<std::string>& bodies, const Properties& properties) {
  constexpr unsigned kChannel = 100;
  client.open_channel(kChannel);
  client.select_confirms(kChannel);
  for (const std::string& body : bodies)
    client.publish(kChannel, "", queue, body, properties);
  client.confirms(kChannel, bodies.size());
  client.close_channel(kChannel);
}

void BrokerTest::expect_broker_serves() {
  FrameClient other = client();
  const std::string queue = this->queue(other);
  other.publish(1, "", queue, "still here");
  EXPECT_EQ(other.must_get(1, queue).body, "still here");
  other.close();
}

}  // namespace harrier::test

// The broker under test, and the base class of the tests that talk to it.
//
// Role:   one broker per test process, shared by all its tests; they stay apart by names that are
//         unique per test. A test that needs other limits starts a Broker of its own.
// Model:  HARRIER_TEST_TARGET=host:port names a foreign broker (RabbitMQ is the oracle of these
//         tests); without it the broker runs in this process, with HARRIER_TEST_LOOPS loops.
// Thread: confined(test).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harrier/options.h"
#include "support/frame_client.h"

namespace harrier::test {

// The product's defaults, except: free ports, no metrics, a data folder of its own, loops as the
// environment says, and a short delay before refused logins are told so.
Options test_options();

class Broker {
 public:
  explicit Broker(Options options = test_options());
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;
  Endpoint endpoint() const;
  // As SIGTERM does: clients are closed with 320. Returns when all of them have gone.
  void stop();
  void block_publishers(std::string reason);
  void unblock_publishers();

 private:
  struct Running;
  std::unique_ptr<Running> running_;
};

bool target_is_foreign();
// Whether this build was linked with the broker, so that Broker can be used.
bool can_start_broker();
Endpoint shared_broker();

class BrokerTest : public ::testing::Test {
 protected:
  void SetUp() override;

  // Connected, and channel 1 open.
  FrameClient client(const ConnectOptions& options = {});
  // Connected, no channel.
  FrameClient connection(const ConnectOptions& options = {});
  // TCP only.
  FrameClient raw_client();

  // A name nobody else uses: of this run, this test and this word.
  std::string name(std::string_view word);
  // A new queue on channel 1 that ends with the connection.
  std::string queue(FrameClient& client, const Table& arguments = {});
  // A new queue that other connections may use, transient unless the flags say otherwise.
  std::string shared_queue(FrameClient& client, QueueFlags flags = {});
  // A new auto-delete exchange.
  std::string exchange(FrameClient& client, std::string_view type, const Table& arguments = {});

  // Gets until the queue is empty: the bodies, or for a queue of dead letters the whole messages.
  std::vector<std::string> drain(FrameClient& client, std::string_view queue);
  std::vector<Message> drain_messages(FrameClient& client, std::string_view queue);
  // Publishes each body to the queue through the default exchange.
  void fill(FrameClient& client, std::string_view queue, const std::vector<std::string>& bodies,
            const Properties& properties = {});
  // The same through a channel of its own with confirms: returns when the queue has dealt with all.
  // In RabbitMQ a question about counts can overtake publishes that nobody waited for.
  void load(FrameClient& client, std::string_view queue, const std::vector<std::string>& bodies,
            const Properties& properties = {});

  // That the broker still serves somebody else: a new connection, a message there and back.
  void expect_broker_serves();

 private:
  int names_ = 0;
};

// For what RabbitMQ 3.10 does otherwise; the reason belongs into the argument.
#define REQUIRES_HARRIER(why)                                                               \
  do {                                                                                      \
    if (::harrier::test::target_is_foreign()) GTEST_SKIP() << "RequiresHarrier: " << (why); \
  } while (false)

// For tests that start a broker with other settings.
#define REQUIRES_OWN_BROKER()                                                         \
  do {                                                                                \
    if (::harrier::test::target_is_foreign() || !::harrier::test::can_start_broker()) \
      GTEST_SKIP() << "RequiresHarrier: needs a broker with settings of its own";     \
  } while (false)

}  // namespace harrier::test

#include "server/listener.h"

#include <chrono>
#include <future>
#include <optional>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace harrier::server {
namespace {

class NoWork final : public LoopWork {
 public:
  void take_mail() override {}
  void handle_deadlines() override {}
  base::MonotonicTime finish_turn() override { return base::kNever; }
};

int option(int descriptor, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(descriptor, level, name, &value, &size), 0);
  return value;
}

int connect_to(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return descriptor;
}

// A loop that accepts, and the sockets of both ends.
class ListenerTest : public ::testing::Test {
 protected:
  ~ListenerTest() override {
    loop_.stop();
    loop_.join();
    if (listener_) listener_->close();
    for (const int descriptor : accepted_)
      ::close(descriptor);
    for (const int descriptor : clients_)
      ::close(descriptor);
  }

  // `clients` connect before the first is accepted; answers how long it took until all were.
  std::chrono::steady_clock::duration accept_all(std::size_t clients,
                                                 const Listener::Settings& settings = {},
                                                 std::optional<std::uint32_t> new_rate = {}) {
    const auto begin = std::chrono::steady_clock::now();
    listener_.emplace(
        loop_, admission_,
        [this, clients](const AcceptedSocket& socket) {
          accepted_.push_back(socket.descriptor);
          if (accepted_.size() == clients) all_.set_value();
        },
        settings);
    const std::uint16_t port = listener_->open("127.0.0.1", 0).value();
    while (clients_.size() != clients)
      clients_.push_back(connect_to(port));
    if (new_rate) listener_->set_rate_max(*new_rate);
    listener_->start();
    loop_.start(work_);
    EXPECT_EQ(all_.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
    return std::chrono::steady_clock::now() - begin;
  }

  static constexpr std::uint32_t kClientsMax = 200;
  base::SystemClock clock_;
  NoWork work_;
  Loop loop_{clock_};
  Admission admission_{AcceptLimitOptions{.unauthenticated_per_address_max = kClientsMax}};
  std::promise<void> all_;
  std::vector<int> accepted_;
  std::vector<int> clients_;
  std::optional<Listener> listener_;
};

// They are set on the listening socket alone: were they not handed down, small frames would wait
// for Nagle and vanished peers would never be found.
TEST_F(ListenerTest, AcceptedSocketsAreUndelayedAndProbed) {
  accept_all(1);
  const int server = accepted_.front();
  EXPECT_EQ(option(server, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option(server, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(server, IPPROTO_TCP, TCP_KEEPIDLE), 60);
  EXPECT_EQ(option(server, IPPROTO_TCP, TCP_KEEPINTVL), 10);
  EXPECT_EQ(option(server, IPPROTO_TCP, TCP_KEEPCNT), 6);
  EXPECT_EQ(option(server, IPPROTO_TCP, TCP_USER_TIMEOUT), 120'000);
}

// Who comes above the rate is accepted later, not refused.
TEST_F(ListenerTest, RateMakesClientsWait) {
  const auto taken = accept_all(3, {.section = "listeners.amqps", .rate_max = 2});
  EXPECT_GE(taken, std::chrono::milliseconds(900));
  EXPECT_GE(listener_->counters().rate_pauses.value(), 1u);
  EXPECT_EQ(listener_->counters().accepted.value(), 3u);
  EXPECT_EQ(listener_->counters().refused.value(), 0u);
}

TEST_F(ListenerTest, NewRateTakesTheOldOnesPlace) {
  accept_all(3, {.section = "listeners.amqps", .rate_max = 100}, 2);
  EXPECT_GE(listener_->counters().rate_pauses.value(), 1u);
}

TEST_F(ListenerTest, ErrorsNameItsSectionOfTheConfiguration) {
  Listener listener(loop_, admission_, [](const AcceptedSocket&) {},
                    {.section = "listeners.amqps"});
  EXPECT_EQ(listener.open("nowhere", 0).error().message,
            "listeners.amqps.bind: 'nowhere' is no IP address");
}

// Accepting begins with one client an event; whoever came at the same time must not wait for the
// next one to come.
TEST_F(ListenerTest, AllOfABurstAreAccepted) {
  accept_all(kClientsMax);
  EXPECT_EQ(listener_->counters().accepted.value(), kClientsMax);
}

}  // namespace
}  // namespace harrier::server

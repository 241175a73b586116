#include "server/listener.h"

#include <chrono>
#include <future>
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

// They are set on the listening socket alone: were they not handed down, small frames would wait
// for Nagle and vanished peers would never be found.
TEST(Listener, AcceptedSocketsAreUndelayedAndProbed) {
  base::SystemClock clock;
  NoWork work;
  Loop loop(clock);
  Admission admission({});
  std::promise<int> accepted;
  Listener listener(loop, admission,
                    [&](int descriptor, const auth::Peer&) { accepted.set_value(descriptor); });
  const std::uint16_t port = listener.open("127.0.0.1", 0).value();
  listener.start();
  loop.start(work);
  const int client = connect_to(port);
  const int server = accepted.get_future().get();

  EXPECT_EQ(option(server, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option(server, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(server, IPPROTO_TCP, TCP_KEEPIDLE), 60);
  EXPECT_EQ(option(server, IPPROTO_TCP, TCP_KEEPINTVL), 10);
  EXPECT_EQ(option(server, IPPROTO_TCP, TCP_KEEPCNT), 6);
  EXPECT_EQ(option(server, IPPROTO_TCP, TCP_USER_TIMEOUT), 120'000);

  loop.stop();
  loop.join();
  listener.close();
  ::close(client);
  ::close(server);
}

// Who comes above the rate is accepted later, not refused.
TEST(Listener, RateMakesClientsWait) {
  base::SystemClock clock;
  NoWork work;
  Loop loop(clock);
  Admission admission({});
  std::vector<int> open;
  std::promise<std::chrono::steady_clock::duration> all;
  const auto begin = std::chrono::steady_clock::now();
  Listener listener(loop, admission,
                    [&](int descriptor, const auth::Peer&) {
                      open.push_back(descriptor);
                      if (open.size() == 3) all.set_value(std::chrono::steady_clock::now() - begin);
                    },
                    {.section = "listeners.amqps", .rate_max = 2});
  const std::uint16_t port = listener.open("127.0.0.1", 0).value();
  const int clients[] = {connect_to(port), connect_to(port), connect_to(port)};
  listener.start();
  loop.start(work);
  EXPECT_GE(all.get_future().get(), std::chrono::milliseconds(900));
  EXPECT_GE(listener.counters().rate_pauses.value(), 1u);
  EXPECT_EQ(listener.counters().accepted.value(), 3u);
  EXPECT_EQ(listener.counters().refused.value(), 0u);

  loop.stop();
  loop.join();
  listener.close();
  for (const int descriptor : open)
    ::close(descriptor);
  for (const int descriptor : clients)
    ::close(descriptor);
}

TEST(Listener, ErrorsNameItsSectionOfTheConfiguration) {
  base::SystemClock clock;
  Loop loop(clock);
  Admission admission({});
  Listener listener(loop, admission, [](int, const auth::Peer&) {}, {.section = "listeners.amqps"});
  EXPECT_EQ(listener.open("nowhere", 0).error().message,
            "listeners.amqps.bind: 'nowhere' is no IP address");
}

// Accepting begins with one client an event; whoever came at the same time must not wait for the
// next one to come.
TEST(Listener, AllOfABurstAreAccepted) {
  constexpr int kClients = 200;
  base::SystemClock clock;
  NoWork work;
  Loop loop(clock);
  AcceptLimitOptions limits;
  limits.unauthenticated_per_address_max = kClients;
  Admission admission(limits);
  std::vector<int> open;
  std::promise<void> all;
  Listener listener(loop, admission, [&](int descriptor, const auth::Peer&) {
    open.push_back(descriptor);
    if (open.size() == kClients) all.set_value();
  });
  const std::uint16_t port = listener.open("127.0.0.1", 0).value();
  std::vector<int> clients;
  for (int client = 0; client < kClients; ++client)
    clients.push_back(connect_to(port));
  listener.start();
  loop.start(work);
  EXPECT_EQ(all.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);

  loop.stop();
  loop.join();
  listener.close();
  for (const int descriptor : open)
    ::close(descriptor);
  for (const int descriptor : clients)
    ::close(descriptor);
}

}  // namespace
}  // namespace harrier::server

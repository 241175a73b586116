// The server layer over loopback sockets: what no lower layer can show. Every test runs with one
// loop and with several.
#include "server/node.h"

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "auth/stored_password.h"
#include "support/eventually.h"
#include "support/frame_client.h"
#include "support/temporary_directory.h"
#include "unit/server/loop_sum.h"

namespace harrier::server {
namespace {

using test::eventually;

using test::ConnectOptions;
using test::FrameClient;
using test::Milliseconds;

class NodeTest : public ::testing::TestWithParam<unsigned> {
 protected:
  NodeTest() {
    options_.amqp.port = 0;
    options_.data_dir.clear();
    options_.loops = GetParam();
  }

  void start() {
    node_ = std::make_unique<Node>(options_, clock_);
    const Outcome started = node_->start();
    ASSERT_TRUE(started.ok()) << started.failure().message;
    ASSERT_NE(node_->port(), 0);
  }
  test::Endpoint endpoint() const { return {"127.0.0.1", node_->port()}; }
  FrameClient client() {
    FrameClient client(endpoint(), ConnectOptions{});
    client.open_channel(1);
    return client;
  }

  Options options_;
  base::SystemClock clock_;
  std::unique_ptr<Node> node_;
};

INSTANTIATE_TEST_SUITE_P(Loops, NodeTest, ::testing::Values(1u, 2u, 3u));

TEST_P(NodeTest, StartsServesAndStops) {
  start();
  {
    FrameClient one = client();
    one.declare_queue(1, "q");
    one.publish(1, "", "q", "hello");
    FrameClient two = client();
    EXPECT_EQ(two.must_get(1, "q").body, "hello");
    one.close();
    two.close();
  }
  EXPECT_TRUE(eventually([&] { return node_->connections() == 0; }));
  node_->stop();
  EXPECT_EQ(node_->port(), 0);
  node_->stop();
}

TEST_P(NodeTest, StopsWithoutAnyClient) {
  start();
  node_->stop();
}

TEST_P(NodeTest, PortInUseIsAFailure) {
  start();
  Options same = options_;
  same.amqp.port = node_->port();
  Node other(same, clock_);
  const Outcome started = other.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.failure().kind, FailureKind::kCannotListen);
}

TEST_P(NodeTest, AddressThatIsNoneIsAFailure) {
  options_.amqp.bind = "localhost";
  Node node(options_, clock_);
  EXPECT_FALSE(node.start().ok());
}

TEST_P(NodeTest, ImpossibleUserIsAFailure) {
  options_.users[0].password.clear();
  options_.users[0].password_hash = "not base64";
  Node node(options_, clock_);
  const Outcome started = node.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.failure().kind, FailureKind::kBadOptions);
}

// A user with the password "open sesame", as an operator's tool would have stored it.
UserOptions ali_with(std::string password_hash) {
  UserOptions ali;
  ali.name = "ali";
  ali.password_hash = std::move(password_hash);
  ali.permissions = {PermissionOptions{}};
  return ali;
}

// One whose password takes long enough to check for others to come meanwhile; it is never right.
UserOptions slow_ali() {
  const auth::ScramKeys keys{auth::DigestKind::kSha256, 2'000'000, std::string(16, 'a'),
                             std::string(32, 'b'), std::string(32, 'c')};
  return ali_with(keys.text());
}

TEST_P(NodeTest, SlowPasswordsAreHashedOnceAndThenKnown) {
  const auth::HashSalts salts{std::string(16, 'a'), std::string(16, 'b')};
  options_.users.push_back(
      ali_with(auth::StoredPassword::of("open sesame", salts, {5'000, 5'000}).text()));
  options_.auth.hash_iterations_sha256 = options_.auth.hash_iterations_sha512 = 5'000;
  start();
  ConnectOptions options;
  options.user = "ali";
  options.password = "open sesame";
  for (int time = 0; time != 3; ++time) {
    FrameClient ali(endpoint());
    ali.open(options);
    ali.close();
  }
  EXPECT_EQ(node_->logins()->counters->passwords_hashed, 1u);
  EXPECT_EQ(node_->logins()->counters->cache_hits, 2u);
  options.password = "open barley";
  FrameClient wrong(endpoint());
  wrong.send_header_and_read_start();
  wrong.send_start_ok(options);
  wrong.expect_connection_close(403, "Login was refused");
  EXPECT_EQ(node_->logins()->counters->passwords_hashed, 2u);
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::logins_refused), 1u);
}

// The first hash takes so long that the second must wait; with room for none it is refused.
TEST_P(NodeTest, APasswordWithoutAPlaceToWaitIsRefused) {
  options_.users.push_back(slow_ali());
  options_.auth.hash_queue_max = 1;
  start();
  ConnectOptions options;
  options.user = "ali";
  options.password = "open sesame";
  std::vector<std::unique_ptr<FrameClient>> clients;
  for (int number = 0; number != 8; ++number) {
    clients.push_back(std::make_unique<FrameClient>(endpoint()));
    clients.back()->send_header_and_read_start();
  }
  for (const auto& each : clients)
    each->send_start_ok(options);
  ASSERT_TRUE(eventually([&] { return loop_sum(*node_, &LoopCounters::logins_refused) >= 5; }));
  EXPECT_GE(node_->logins()->hashes_refused, 5u);
  // Others are served meanwhile.
  FrameClient guest = client();
  guest.close();
}

TEST_P(NodeTest, AClientMayLeaveWhileItsPasswordIsHashed) {
  options_.users.push_back(slow_ali());
  options_.connection.handshake_timeout = Milliseconds(100);
  start();
  ConnectOptions options;
  options.user = "ali";
  options.password = "open sesame";
  for (int number = 0; number != 3; ++number) {
    FrameClient ali(endpoint());
    ali.send_header_and_read_start();
    ali.send_start_ok(options);
    ali.expect_end();  // its time is over
  }
  ASSERT_TRUE(eventually([&] { return node_->connections() == 0; }));
  FrameClient guest = client();
  guest.close();
}

TEST_P(NodeTest, StopsWhileAPasswordIsHashed) {
  options_.users.push_back(slow_ali());
  start();
  ConnectOptions options;
  options.user = "ali";
  options.password = "open sesame";
  FrameClient ali(endpoint());
  ali.send_header_and_read_start();
  ali.send_start_ok(options);
  ASSERT_TRUE(eventually([&] { return node_->logins()->counters->passwords_hashed == 1; }));
  node_->stop();
  EXPECT_EQ(node_->connections(), 0u);
}

// Concern: SIGTERM's work. Plan: two clients; stop() in another thread; both are told 320 and
//          answer.
TEST_P(NodeTest, StopClosesClientsWith320) {
  start();
  FrameClient one = client();
  FrameClient two = client();
  std::thread stopping([&] { node_->stop(); });
  for (FrameClient* each : {&one, &two}) {
    EXPECT_EQ(each->expect_connection_close(320, "", {}),
              "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'");
  }
  stopping.join();
  EXPECT_EQ(node_->connections(), 0u);
}

// A client that never answers the close holds the stop up for shutdown_timeout at most.
TEST_P(NodeTest, StopCutsOffASilentClient) {
  options_.shutdown_timeout = Milliseconds(50);
  start();
  FrameClient silent = client();
  FrameClient halfway(endpoint());
  node_->stop();
  EXPECT_EQ(node_->connections(), 0u);
  silent.expect_connection_close(320, "shutdown");
  silent.expect_end();
}

TEST_P(NodeTest, RefusesTooManyUnauthenticatedConnections) {
  options_.accept.unauthenticated_per_address_max = 2;
  start();
  FrameClient first(endpoint()), second(endpoint());
  ASSERT_TRUE(eventually([&] { return node_->connections() == 2; }));
  FrameClient third(endpoint());
  third.expect_end();
  EXPECT_EQ(node_->listener_counters().refused.value(), 1u);
  // Who has logged in no longer counts.
  first.open(ConnectOptions{});
  FrameClient fourth = client();
  fourth.close();
}

// ---- the PROXY protocol: the tests' address is the proxy's

constexpr std::string_view kFarClient = "PROXY TCP4 203.0.113.7 192.0.2.1 50000 5672\r\n";
constexpr std::string_view kNearClient = "PROXY TCP4 127.0.0.5 127.0.0.1 50000 5672\r\n";

TEST_P(NodeTest, ClientsAreWhomATrustedProxyNames) {
  options_.amqp.proxy_protocol.trusted = {"127.0.0.0/8"};
  start();
  FrameClient near(endpoint());
  near.send_raw(kNearClient);
  near.open({});
  near.close();
  // guest is for this machine only.
  FrameClient far(endpoint());
  far.send_raw(kFarClient);
  far.send_header_and_read_start();
  far.send_start_ok({});
  far.expect_connection_close(403, "ACCESS_REFUSED");
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::proxy_headers), 2u);
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::logins_refused), 1u);
}

TEST_P(NodeTest, HeaderAndHandshakeMayComeInOnePiece) {
  options_.amqp.proxy_protocol.trusted = {"127.0.0.1"};
  start();
  FrameClient client(endpoint());
  client.send_raw(kNearClient);
  client.open({});
  FrameClient other(endpoint());
  other.send_header_and_read_start(std::string(kNearClient) + "AMQP" +
                                   std::string("\0\0\x09\x01", 4));
  client.close();
}

TEST_P(NodeTest, TrustedProxiesMustSayForWhomTheySpeak) {
  options_.amqp.proxy_protocol.trusted = {"127.0.0.1"};
  options_.connection.handshake_timeout = Milliseconds(200);
  start();
  FrameClient without(endpoint());
  without.send_raw(std::string_view("AMQP\0\0\x09\x01", 8));
  EXPECT_EQ(without.read_to_end(), "");
  FrameClient silent(endpoint());
  EXPECT_EQ(silent.read_to_end(), "");
  FrameClient slow(endpoint());
  slow.send_raw(kNearClient.substr(0, 30));
  EXPECT_EQ(slow.read_to_end(), "");
  FrameClient cut(endpoint());
  cut.send_raw(kNearClient.substr(0, 30));
  cut.half_close();
  EXPECT_EQ(cut.read_to_end(), "");
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::proxy_headers_refused), 4u);
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::proxy_headers), 0u);
  EXPECT_TRUE(eventually([&] { return node_->connections() == 0; }));
}

TEST_P(NodeTest, NobodyElsesHeaderIsBelieved) {
  options_.amqp.proxy_protocol.trusted = {"127.0.0.2", "::1"};
  start();
  FrameClient liar(endpoint());
  liar.send_raw(kNearClient);
  EXPECT_EQ(liar.read_to_end(), std::string("AMQP\0\0\x09\x01", 8));
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::proxy_headers_refused), 0u);
  FrameClient direct = client();
  direct.close();
}

TEST_P(NodeTest, WhereAProxyIsRequiredNobodyElseConnects) {
  options_.amqp.proxy_protocol = {.trusted = {"127.0.0.2"}, .required = true};
  start();
  FrameClient direct(endpoint());
  EXPECT_EQ(direct.read_to_end(), "");
  EXPECT_EQ(node_->listener_counters().untrusted.value(), 1u);
  EXPECT_EQ(node_->listener_counters().accepted.value(), 0u);
}

// Many clients of one proxy are many addresses, and each has its own limit.
TEST_P(NodeTest, LimitsPerAddressAreThoseOfTheClientsBehindAProxy) {
  options_.amqp.proxy_protocol.trusted = {"127.0.0.1"};
  options_.accept.unauthenticated_per_address_max = 2;
  start();
  std::vector<FrameClient> clients;
  // Not named yet: nobody's.
  for (int i = 0; i != 5; ++i)
    clients.emplace_back(endpoint());
  ASSERT_TRUE(eventually([&] { return node_->connections() == 5; }));
  for (const std::size_t i : {0, 1}) {
    clients[i].send_raw(kFarClient);
    clients[i].send_header_and_read_start();
  }
  clients[2].send_raw(kFarClient);
  EXPECT_EQ(clients[2].read_to_end(), "");
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::proxied_refused), 1u);
  EXPECT_EQ(node_->listener_counters().refused.value(), 0u);
  clients[3].send_raw(kNearClient);
  clients[3].open({});
  clients[4].send_raw(kNearClient);
  clients[4].open({});
  clients.clear();
  EXPECT_TRUE(eventually([&] { return node_->connections() == 0; }));
}

TEST_P(NodeTest, StopDoesNotWaitForAHeader) {
  options_.amqp.proxy_protocol.trusted = {"127.0.0.1"};
  options_.shutdown_timeout = Milliseconds(20'000);
  start();
  FrameClient halfway(endpoint());
  halfway.send_raw(kNearClient.substr(0, 30));
  ASSERT_TRUE(eventually([&] { return node_->connections() == 1; }));
  const auto begin = std::chrono::steady_clock::now();
  node_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  EXPECT_EQ(halfway.read_to_end(), "");
}

// ---- the Unix domain socket

TEST_P(NodeTest, ServesAUnixSocketUntilItStops) {
  const test::TemporaryDirectory directory;
  options_.unix_socket.path = directory.path() + "/s";
  options_.accept.unauthenticated_per_address_max = 1;
  start();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, options_.unix_socket.path.c_str());
  int clients[3];
  for (int& client : clients) {
    client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::send(client, "AMQP\0\0\x09\x01", 8, 0), 8);
    char answer = 0;
    EXPECT_EQ(::recv(client, &answer, 1, 0), 1);
    EXPECT_EQ(answer, 1);
  }
  EXPECT_EQ(node_->unix_listener_counters()->accepted.value(), 3u);
  node_->stop();
  EXPECT_EQ(::access(options_.unix_socket.path.c_str(), F_OK), -1);
  for (const int client : clients)
    ::close(client);
}

TEST_P(NodeTest, AUnixSocketThatIsServedIsAFailure) {
  const test::TemporaryDirectory directory;
  options_.unix_socket.path = directory.path() + "/s";
  start();
  Node other(options_, clock_);
  const Outcome started = other.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.failure().kind, FailureKind::kCannotListen);
  EXPECT_EQ(::access(options_.unix_socket.path.c_str(), F_OK), 0);
}

TEST_P(NodeTest, AProxyThatIsNoAddressIsAFailure) {
  options_.amqp.proxy_protocol.trusted = {"10.0.0.0/8", "proxy.example.com"};
  Node node(options_, clock_);
  const Outcome started = node.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.failure().message,
            "listeners.amqp.proxy_protocol.trusted: 'proxy.example.com' is no IP address, such as "
            "192.0.2.1 or 2001:db8::/32");
}

TEST_P(NodeTest, RefusesMoreThanConnectionsMax) {
  options_.accept.connections_max = 2;
  start();
  FrameClient first = client();
  FrameClient second = client();
  FrameClient third(endpoint());
  third.expect_end();
  first.close();
  ASSERT_TRUE(eventually([&] { return node_->connections() == 1; }));
  FrameClient fourth = client();
  EXPECT_EQ(node_->connections(), 2u);
}

TEST_P(NodeTest, RefusedLoginIsCounted) {
  start();
  FrameClient stranger(endpoint());
  stranger.send_header_and_read_start();
  ConnectOptions options;
  options.password = "wrong";
  stranger.send_start_ok(options);
  stranger.expect_connection_close(403, "Login was refused");
  FrameClient guest = client();
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::logins_refused), 1u);
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::logins), 1u);
  guest.close();
}

TEST_P(NodeTest, UnfinishedHandshakeIsCutOff) {
  options_.connection.handshake_timeout = Milliseconds(50);
  start();
  FrameClient halfway(endpoint());
  halfway.send_header_and_read_start();
  halfway.expect_end();
  EXPECT_TRUE(eventually([&] { return node_->connections() == 0; }));
}

// Concern: A5. Plan: a consumer without prefetch reads nothing while 64 MiB wait for it; after
// write_stall_timeout it is gone and the messages are back in the queue.
TEST_P(NodeTest, SlowReaderIsCutOff) {
  options_.connection.write_stall_timeout = Milliseconds(200);
  start();
  FrameClient publisher = client();
  publisher.declare_queue(1, "q");
  constexpr unsigned kMessages = 64;
  for (unsigned i = 0; i < kMessages; ++i)
    publisher.publish(1, "", "q", std::string(1 << 20, 'x'));
  publisher.await_ready(1, "q", kMessages);

  FrameClient reader = client();
  reader.consume(1, "q");
  EXPECT_TRUE(eventually([&] { return node_->connections() == 1; }));
  publisher.await_ready(1, "q", kMessages);
  EXPECT_GT(loop_sum(*node_, &LoopCounters::writes_blocked), 0u);
  publisher.close();
}

// Concern: what waits inside the broker for a consumer that does not read stays near its output
//          credit.
TEST_P(NodeTest, ConsumerThatPausesIsServedOnWhenItReads) {
  start();
  FrameClient publisher = client();
  publisher.declare_queue(1, "q");
  constexpr unsigned kMessages = 40;
  FrameClient reader = client();
  test::ConsumeFlags flags;
  flags.no_ack = true;
  reader.consume(1, "q", flags);
  for (unsigned i = 0; i < kMessages; ++i)
    publisher.publish(1, "", "q", std::string(1 << 20, static_cast<char>('a' + i % 26)));
  ASSERT_TRUE(eventually(
      [&] { return node_->virtual_hosts().hosts[0].counters->published.value() == kMessages; }));
  for (unsigned i = 0; i < kMessages; ++i)
    ASSERT_EQ(reader.deliver(1).body[0], static_cast<char>('a' + i % 26)) << i;
  publisher.close();
  reader.close();
}

// Concern: a flood of publishes is held by credit, not by memory, and arrives whole and in order.
TEST_P(NodeTest, FloodOfPublishesArrivesInOrder) {
  options_.flow = {
      .input_bytes_guaranteed = 4096, .input_bytes_borrowed_max = 4096, .input_pool_bytes = 4096};
  start();
  FrameClient flooder = client();
  flooder.declare_queue(1, "q");
  constexpr unsigned kMessages = 20'000;
  for (unsigned i = 0; i < kMessages; ++i)
    flooder.publish(1, "", "q", std::to_string(i));
  FrameClient reader = client();
  test::ConsumeFlags flags;
  flags.no_ack = true;
  reader.consume(1, "q", flags);
  for (unsigned i = 0; i < kMessages; ++i)
    ASSERT_EQ(reader.deliver(1).body, std::to_string(i));
  for (const LoopView& loop : node_->loops())
    EXPECT_EQ(loop.input_bytes_borrowed->value(), 0u);
  flooder.close();
  reader.close();
}

TEST_P(NodeTest, FrameInSinglePiecesIsOneFrame) {
  start();
  FrameClient slow = client();
  slow.declare_queue(1, "q");
  // A method frame, octet by octet; and a body frame larger than what is copied between reads.
  const std::string declare("\x01\0\1\0\0\0\x0d\0\x32\0\x0a\0\0\1p\0\0\0\0\0\xce", 21);
  for (char octet : declare)
    slow.send_raw({&octet, 1});
  slow.expect(1, {50, 11});
  const std::string body(100'000, 'b');
  for (int i = 0; i < 3; ++i)
    slow.publish(1, "", "p", body);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(slow.must_get(1, "p").body, body);
  slow.close();
}

TEST_P(NodeTest, PublishersThatAreBlockedAreToldAndOthersAreNot) {
  start();
  FrameClient early = client(), silent = client();
  early.publish(1, "", "nowhere", "m");
  early.expect_quiet(1);
  node_->block_publishers("low on memory");
  EXPECT_EQ(early.expect(0, {10, 60}).shortstr(), "low on memory");
  FrameClient late = client();
  late.publish(1, "", "nowhere", "m");
  late.expect(0, {10, 60});
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::held), 2u);
  node_->unblock_publishers();
  early.expect(0, {10, 61});
  late.expect(0, {10, 61});
  EXPECT_TRUE(eventually([&] { return loop_sum(*node_, &LoopCounters::held) == 0; }));
  silent.expect_quiet(1);
  EXPECT_FALSE(silent.next_frame(0, Milliseconds(0)));
  for (FrameClient* each : {&early, &late, &silent})
    each->close();
}

// Concern: back-pressure reaches the publisher. Plan: while it is held it writes until its socket
//          takes no more; the broker has received nothing of it, and receives all of it afterwards.
TEST_P(NodeTest, AHeldPublisherFillsItsWindow) {
  start();
  FrameClient held = client();
  held.declare_queue(1, "q");
  held.publish(1, "", "q", "0");
  held.expect_quiet(1);
  node_->block_publishers("low on disk");
  held.expect(0, {10, 60});
  const std::uint64_t received = loop_sum(*node_, &LoopCounters::bytes_received);
  std::string much;
  while (much.size() < (1 << 20))
    much += test::heartbeat_frame();
  std::size_t sent = 0, taken = 0;
  do {
    taken = held.send_some(std::string_view(much).substr(sent % 8));
    sent += taken;
  } while (taken != 0 && sent < (64u << 20));
  EXPECT_LT(sent, 64u << 20);
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::bytes_received), received);
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::held), 1u);
  node_->unblock_publishers();
  EXPECT_TRUE(eventually(
      [&] { return loop_sum(*node_, &LoopCounters::bytes_received) == received + sent; }));
}

TEST_P(NodeTest, AHeldPublisherThatIsResetIsNotHeldForever) {
  start();
  {
    FrameClient dying = client();
    dying.publish(1, "", "nowhere", "m");
    dying.expect_quiet(1);
    node_->block_publishers("low on disk");
    dying.expect(0, {10, 60});
    dying.reset();
  }
  node_->unblock_publishers();
  EXPECT_TRUE(eventually([&] { return node_->connections() == 0; }));
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::held), 0u);
}

TEST_P(NodeTest, StopsWhilePublishersAreHeld) {
  options_.shutdown_timeout = Milliseconds(50);
  start();
  FrameClient held = client();
  held.publish(1, "", "nowhere", "m");
  node_->block_publishers("low on disk");
  held.expect(0, {10, 60});
  node_->stop();
  EXPECT_EQ(node_->connections(), 0u);
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::held), 0u);
}

TEST_P(NodeTest, WhileItRecoversLoginsAre320) {
  node_ = std::make_unique<Node>(options_, clock_);
  const Outcome started = node_->start([&]() -> Outcome {
    EXPECT_TRUE(node_->virtual_hosts().hosts.empty());
    FrameClient early(endpoint());
    early.send_header_and_read_start();
    early.send_start_ok(ConnectOptions{});
    EXPECT_EQ(early.expect_connection_close(320, "", {10, 11}),
              "CONNECTION_FORCED - node is recovering, try again");
    early.expect_end();
    return {};
  });
  ASSERT_TRUE(started.ok());
  EXPECT_EQ(node_->virtual_hosts().hosts.size(), 1u);
  FrameClient later = client();
  later.close();
}

TEST_P(NodeTest, ARecoveryThatFailsIsTheFailureOfTheStart) {
  node_ = std::make_unique<Node>(options_, clock_);
  const Outcome started = node_->start([] {
    return Failure{FailureKind::kCorrupt, "a segment is damaged"};
  });
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.failure().kind, FailureKind::kCorrupt);
  EXPECT_EQ(node_->port(), 0);
}

TEST_P(NodeTest, WatchesTheDiskOfItsDataDirectory) {
  const harrier::test::TemporaryDirectory directory;
  options_.data_dir = directory.path();
  options_.journal.segment_size = 1 << 20;
  options_.journal.segments = 8;
  options_.disk.reserve = 0;
  options_.disk.free_limit_bytes = std::uint64_t{1} << 60;
  start();
  EXPECT_TRUE(node_->gate().is_set(HoldReason::kDiskAlarm));
  EXPECT_GT(node_->resource_gauges().disk_free.load(), 0u);
  EXPECT_GT(node_->resource_gauges().memory_resident.load(), 0u);
  // Before its directory goes.
  node_->stop();
}

TEST_P(NodeTest, ResetClientLeavesNothingBehind) {
  start();
  {
    FrameClient dying = client();
    test::QueueFlags flags;
    flags.exclusive = true;
    dying.declare_queue(1, "mine", flags);
    dying.reset();
  }
  EXPECT_TRUE(eventually([&] { return node_->connections() == 0; }));
  const auto& counters = *node_->virtual_hosts().hosts[0].counters;
  EXPECT_TRUE(eventually([&] { return counters.queues.value() == 0; }));
  EXPECT_EQ(counters.connections.value(), 0u);
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::connections_opened),
            loop_sum(*node_, &LoopCounters::connections_closed));
}

TEST_P(NodeTest, VirtualHostsLiveOnDifferentLoops) {
  options_.virtual_hosts = {"/", "one", "two"};
  for (const char* name : {"one", "two"})
    options_.users[0].permissions.push_back({name, ".*", ".*", ".*"});
  start();
  std::vector<FrameClient> clients;
  for (const char* name : {"/", "one", "two", "/", "one", "two"}) {
    ConnectOptions options;
    options.virtual_host = name;
    clients.emplace_back(endpoint(), options);
    clients.back().open_channel(1);
    clients.back().declare_queue(1, "q");
    clients.back().publish(1, "", "q", name);
  }
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(clients[i].must_get(1, "q").body, node_->virtual_hosts().hosts[i].name);
    EXPECT_EQ(clients[i].passive(1, "q").message_count, 1u);
  }
  for (FrameClient& each : clients)
    each.close();
}

}  // namespace
}  // namespace harrier::server

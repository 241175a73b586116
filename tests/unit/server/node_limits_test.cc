// Limits of tenants over loopback sockets: who waits, who is refused, and who is not disturbed.
// Debts are of minutes and hours: they last until a test moves the clock.

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/administration.h"
#include "server/node.h"
#include "support/eventually.h"
#include "support/frame_client.h"
#include "unit/server/loop_sum.h"

namespace harrier::server {
namespace {

using test::eventually;

using test::ConnectOptions;
using test::FrameClient;
using test::Milliseconds;

// The system's, and what tests add to it.
class SkippingClock final : public base::Clock {
 public:
  base::Now now() const override {
    base::Now now = system_.now();
    now.monotonic += skipped_.load();
    return now;
  }
  void skip(Milliseconds time) { skipped_.store(skipped_.load() + time); }

 private:
  base::SystemClock system_;
  std::atomic<Milliseconds> skipped_{Milliseconds(0)};
};

class NodeLimitsTest : public ::testing::TestWithParam<unsigned> {
 protected:
  NodeLimitsTest() {
    options_.amqp.port = 0;
    options_.data_dir.clear();
    options_.loops = GetParam();
    options_.virtual_hosts = {"/", "other"};
    options_.users[0].permissions.push_back({});
    options_.users[0].permissions[1].virtual_host = "other";
    UserOptions ali;
    ali.name = ali.password = "ali";
    ali.permissions = {PermissionOptions{}};
    options_.users.push_back(ali);
  }
  ~NodeLimitsTest() override {
    if (node_) node_->stop();
  }

  void start() {
    node_ = std::make_unique<Node>(options_, clock_);
    const Outcome started = node_->start();
    ASSERT_TRUE(started.ok()) << started.failure().message;
  }
  FrameClient client(const std::string& host = "/", const std::string& user = "guest") {
    ConnectOptions options;
    options.virtual_host = host;
    options.user = options.password = user;
    FrameClient client({"127.0.0.1", node_->port()}, options);
    client.open_channel(1);
    return client;
  }
  void must(AdministrativeChange change) {
    const auto status = node_->administration().apply({std::move(change)}, {});
    ASSERT_TRUE(status.ok()) << status.error().message;
  }
  // Loops look at the clock when something happens.
  void skip(Milliseconds time) {
    clock_.skip(time);
    must(ClearUserLimits{"guest"});
  }
  static void publish_many(FrameClient& client, int count, const std::string& body) {
    for (int n = 0; n != count; ++n)
      client.publish(1, "", "q", body);
  }
  std::uint64_t published() const {
    std::uint64_t total = 0;
    for (const VirtualHostView& host : node_->virtual_hosts().hosts)
      total += host.counters->published.value();
    return total;
  }
  // Something a publisher does that is answered only once it is read.
  static void ask(FrameClient& client) { client.send(1, test::confirm_select()); }
  static bool is_answered(FrameClient& client, Milliseconds patience) {
    return client.next_frame(1, patience).has_value();
  }

  Options options_;
  SkippingClock clock_;
  std::unique_ptr<Node> node_;
};

INSTANTIATE_TEST_SUITE_P(Loops, NodeLimitsTest, ::testing::Values(1u, 2u, 3u));

// Whose rate it is does not matter for what happens: each in turn.
TEST_P(NodeLimitsTest, APublisherAboveARateIsNotReadUntilItsDebtIsPaidAndOthersAre) {
  options_.tenants = {{"other", {.publish_byte_rate_max = 1}}};
  options_.users[1].limits.publish_rate_max = 1;
  options_.connection.publish_byte_rate_max = 500'000;
  start();
  struct Case {
    const char* host;
    const char* user;
    int messages;
    std::size_t size;
    base::Counter LoopCounters::*counter;
  };
  const std::vector<Case> cases = {
      {"other", "guest", 1, 2'000, &LoopCounters::throttled_by_virtual_host},
      {"/", "ali", 2'000, 0, &LoopCounters::throttled_by_user},
      {"/", "guest", 1, 10'000'000, &LoopCounters::throttled_by_connection}};
  for (const Case& one : cases) {
    FrameClient slow = client(one.host, one.user), quick = client();
    publish_many(slow, one.messages, std::string(one.size, 'x'));
    EXPECT_TRUE(eventually([&] { return loop_sum(*node_, &LoopCounters::throttled) == 1; }));
    EXPECT_NE(loop_sum(*node_, one.counter), 0u);
    ask(slow);
    quick.publish(1, "", "q", "m");
    ask(quick);
    EXPECT_TRUE(is_answered(quick, Milliseconds(30'000)));
    // Neither an answer nor a word about the wait.
    EXPECT_FALSE(slow.next_frame(1, Milliseconds(50)));
    EXPECT_FALSE(slow.next_frame(0, Milliseconds(0)));
    // It may have been read in several pieces, and then owes for each.
    EXPECT_TRUE(eventually([&] {
      skip(std::chrono::hours(2));
      return is_answered(slow, Milliseconds(10));
    }));
    EXPECT_TRUE(eventually([&] {
      skip(std::chrono::hours(2));
      return loop_sum(*node_, &LoopCounters::throttled) == 0;
    }));
    slow.close();
    quick.close();
  }
}

TEST_P(NodeLimitsTest, AThrottledConnectionGetsDeliveriesAndHeartbeats) {
  options_.users[1].limits.publish_rate_max = 1;
  start();
  ConnectOptions wanted;
  wanted.user = wanted.password = "ali";
  wanted.heartbeat = 1;
  FrameClient slow({"127.0.0.1", node_->port()}, wanted);
  slow.open_channel(1);
  slow.open_channel(2);
  slow.declare_queue(2, "own");
  slow.consume(2, "own", {});
  publish_many(slow, 1'000, "");
  EXPECT_TRUE(eventually([&] { return loop_sum(*node_, &LoopCounters::throttled) == 1; }));
  FrameClient quick = client();
  quick.publish(1, "", "own", "m");
  EXPECT_EQ(slow.deliver(2).body, "m");
  // That we do not hear it is our doing: two missed heartbeats would be its end.
  for (int beat = 0; beat != 6; ++beat)
    EXPECT_TRUE(slow.any_frame(Milliseconds(30'000)));
  EXPECT_FALSE(slow.at_end());
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::throttled), 1u);
}

TEST_P(NodeLimitsTest, ARateThatIsLiftedEndsTheWait) {
  start();
  must(SetVirtualHostLimits{"other", {.publish_rate = {.messages = 1, .bytes = {}}}});
  must(SetUserLimits{"ali", {.publish_rate = {.messages = 1, .bytes = {}}}});
  FrameClient one = client("other"), two = client("/", "ali");
  publish_many(one, 1'000, "");
  publish_many(two, 1'000, "");
  EXPECT_TRUE(eventually([&] { return loop_sum(*node_, &LoopCounters::throttled) == 2; }));
  must(SetVirtualHostLimits{"other", {}});
  EXPECT_TRUE(eventually([&] { return loop_sum(*node_, &LoopCounters::throttled) == 1; }));
  must(SetUserLimits{"ali", {}});
  EXPECT_TRUE(eventually([&] { return loop_sum(*node_, &LoopCounters::throttled) == 0; }));
  EXPECT_TRUE(eventually([&] { return published() == 2'000; }));
}

TEST_P(NodeLimitsTest, AThrottledConnectionThatIsResetIsGone) {
  options_.users[1].limits.publish_rate_max = 1;
  start();
  {
    FrameClient slow = client("/", "ali");
    publish_many(slow, 1'000, "");
    EXPECT_TRUE(eventually([&] { return loop_sum(*node_, &LoopCounters::throttled) == 1; }));
    slow.reset();
  }
  // Its end is read behind the rest.
  EXPECT_TRUE(eventually([&] {
    skip(std::chrono::hours(2));
    return node_->connections() == 0;
  }));
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::throttled), 0u);
}

TEST_P(NodeLimitsTest, AVirtualHostThatIsFullHoldsItsPublishersAndNobodyElses) {
  options_.tenants = {{"other", {.stored_bytes_max = 1'000}}};
  start();
  FrameClient publisher = client("other"), consumer = client("other"), stranger = client();
  consumer.declare_queue(1, "q");
  publisher.publish(1, "", "q", std::string(1'000, 'x'));
  EXPECT_TRUE(eventually([&] {
    return node_->virtual_hosts().hosts[1].tenant->held() &&
           node_->virtual_hosts().hosts[1].name == "other";
  }));
  // What comes now waits; a publisher hears why.
  publisher.publish(1, "", "q", "late");
  EXPECT_EQ(publisher.expect(0, {10, 60}).shortstr(),
            "vhost 'other' is at its limit stored_bytes_max");
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::held_by_quota), 1u);
  stranger.declare_queue(1, "q");
  stranger.publish(1, "", "q", "m");
  stranger.await_ready(1, "q", 1);
  EXPECT_EQ(consumer.passive(1, "q").message_count, 1u);
  // Consumers make room.
  consumer.must_get(1, "q");
  publisher.expect(0, {10, 61});
  EXPECT_EQ(consumer.await_message(1, "q").body, "late");
  EXPECT_TRUE(eventually([&] { return loop_sum(*node_, &LoopCounters::held_by_quota) == 0; }));
  for (FrameClient* each : {&publisher, &consumer, &stranger})
    each->close();
}

TEST_P(NodeLimitsTest, AQuotaThatIsRaisedReleases) {
  start();
  must(SetVirtualHostLimits{"other", {.stored_bytes_max = 10}});
  FrameClient publisher = client("other");
  publisher.declare_queue(1, "q");
  publisher.publish(1, "", "q", std::string(10, 'x'));
  EXPECT_TRUE(eventually([&] { return node_->virtual_hosts().hosts[1].tenant->held(); }));
  publisher.publish(1, "", "q", "late");
  publisher.expect(0, {10, 60});
  // The node's own reason stands behind it: one blocked, one unblocked.
  node_->block_publishers("low on memory");
  must(SetVirtualHostLimits{"other", {.stored_bytes_max = 100}});
  EXPECT_TRUE(eventually([&] { return loop_sum(*node_, &LoopCounters::held_by_quota) == 0; }));
  EXPECT_FALSE(publisher.next_frame(0, Milliseconds(0)));
  node_->unblock_publishers();
  publisher.expect(0, {10, 61});
  publisher.await_ready(1, "q", 2);
  publisher.close();
}

TEST_P(NodeLimitsTest, AHeldPublisherThatIsResetIsGone) {
  options_.tenants = {{"other", {.stored_bytes_max = 10}}};
  start();
  FrameClient owner = client("other");
  owner.declare_queue(1, "q");
  {
    FrameClient dying = client("other");
    dying.publish(1, "", "q", std::string(10, 'x'));
    EXPECT_TRUE(eventually([&] { return node_->virtual_hosts().hosts[1].tenant->held(); }));
    dying.publish(1, "", "q", "late");
    dying.expect(0, {10, 60});
    dying.reset();
  }
  owner.purge(1, "q");
  EXPECT_TRUE(eventually([&] { return node_->connections() == 1; }));
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::held_by_quota), 0u);
  owner.close();
}

TEST_P(NodeLimitsTest, StopsWhilePublishersAreHeldByQuotaAndRate) {
  options_.shutdown_timeout = Milliseconds(50);
  options_.tenants = {{"other", {.stored_bytes_max = 10}}};
  options_.users[1].limits.publish_rate_max = 1;
  start();
  FrameClient held = client("other"), slow = client("/", "ali");
  held.declare_queue(1, "q");
  held.publish(1, "", "q", std::string(10, 'x'));
  EXPECT_TRUE(eventually([&] { return node_->virtual_hosts().hosts[1].tenant->held(); }));
  held.publish(1, "", "q", "late");
  held.expect(0, {10, 60});
  publish_many(slow, 1'000, "");
  EXPECT_TRUE(eventually([&] { return loop_sum(*node_, &LoopCounters::throttled) == 1; }));
  node_->stop();
  EXPECT_EQ(node_->connections(), 0u);
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::held_by_quota), 0u);
  EXPECT_EQ(loop_sum(*node_, &LoopCounters::throttled), 0u);
}

TEST_P(NodeLimitsTest, ConnectionsOfAVirtualHostAndOfAUserOverAllLoops) {
  options_.tenants = {{"other", {.connections_max = 3}}};
  options_.users[1].limits.connections_max = 2;
  start();
  std::vector<FrameClient> clients;
  clients.reserve(5);
  for (int n = 0; n != 3; ++n)
    clients.push_back(client("other"));
  for (int n = 0; n != 2; ++n)
    clients.push_back(client("/", "ali"));
  const auto refusal = [&](const std::string& host, const std::string& user) {
    FrameClient late({"127.0.0.1", node_->port()});
    ConnectOptions options;
    options.user = options.password = user;
    late.send_header_and_read_start();
    late.send_start_ok(options);
    late.read_tune();
    late.send(0, test::connection_tune_ok(2047, 131072, 0));
    late.send(0, test::connection_open(host));
    return late.expect_connection_close(530, "", {10, 40});
  };
  EXPECT_EQ(refusal("other", "guest"),
            "NOT_ALLOWED - access to vhost 'other' refused for user 'guest': connection limit (3) "
            "is reached");
  EXPECT_EQ(refusal("/", "ali"),
            "NOT_ALLOWED - Connection refused for user 'ali': user connection limit (2) is "
            "reached");
  const std::vector<UserUsage> users = node_->users();
  ASSERT_EQ(users.size(), 2u);
  EXPECT_EQ(users[0].name, "ali");
  EXPECT_EQ(users[0].connections, 2u);
  EXPECT_EQ(users[0].channels, 2u);
  EXPECT_EQ(users[0].limits.connections_max, 2u);
  clients.back().close();
  EXPECT_TRUE(eventually([&] { return node_->users()[0].connections == 1; }));
  FrameClient next = client("/", "ali");
  next.close();
}

TEST_P(NodeLimitsTest, LimitsOfAVirtualHostThatIsNotThereAreNotSet) {
  start();
  EXPECT_FALSE(node_->administration().apply({SetVirtualHostLimits{"elsewhere", {}}}, {}).ok());
  must(SetVirtualHostLimits{"other", {.queues_max = 1}});
  EXPECT_EQ(node_->virtual_hosts().hosts[1].tenant->limits().queues_max, 1u);
  FrameClient one = client("other");
  one.declare_queue(1, "a");
  one.send(1, test::queue_declare("b"));
  EXPECT_EQ(one.expect_channel_close(1, 406, "", {50, 10}),
            "PRECONDITION_FAILED - cannot declare queue 'b': queue limit in vhost 'other' (1) is "
            "reached");
  one.close();
}

TEST(NodeLimits, AWrongPatternIsAFailureOfTheStart) {
  Options options;
  options.amqp.port = 0;
  options.data_dir.clear();
  options.tenant_defaults = {{"(", {}}};
  base::SystemClock clock;
  Node node(options, clock);
  const Outcome started = node.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.failure().kind, FailureKind::kBadOptions);
  EXPECT_THAT(started.failure().message, ::testing::StartsWith("limits.defaults: the pattern '('"));
}

}  // namespace
}  // namespace harrier::server

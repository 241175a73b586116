#include "server/io_loop.h"

#include <future>

#include <fcntl.h>
#include <sys/socket.h>

#include <asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include "auth/internal_authenticator.h"
#include "server/node_loop.h"
#include "server/translate.h"
#include "support/eventually.h"
#include "support/frame_client.h"

namespace harrier::server {
namespace {

using test::eventually;

// One loop whose inside the test may ask, with sockets of its own.
class IoLoopTest : public ::testing::Test {
 protected:
  IoLoopTest()
      : shared_{.flow_limits = {},
                .connection_limits = {},
                .server_properties = server_properties({}),
                .authenticator = {},
                .virtual_hosts = {},
                .admission = Admission({}),
                .gate = {},
                .ready = true} {
    base::SecureRandom random;
    shared_.authenticator = std::make_unique<auth::InternalAuthenticator>(
        auth::UserDirectory::create(user_specifications({guest_user()}), random).value());
    loops_.push_back(std::make_unique<NodeLoop>(shared_, clock_, 0));
    loop().connect(loops_);
    HostedVirtualHost& host = loop().broker().add(std::make_unique<HostedVirtualHost>(
        "/", shared_.virtual_host_limits.get(), access_control({guest_user()}).value()));
    shared_.virtual_hosts.insert("/", {0, &host});
    loop().start();
  }
  // As Node does it: a loop ends without connections.
  ~IoLoopTest() override {
    loop().post([this] { loop().io().drop({}); });
    EXPECT_TRUE(eventually([this] { return connections() == 0; }));
    loop().stop();
    loop().join();
  }

  NodeLoop& loop() { return *loops_[0]; }
  // Runs on the loop and waits for the answer.
  template <class Ask>
  auto ask(Ask&& what) {
    std::promise<decltype(what(loop().io()))> answer;
    loop().post([&] { answer.set_value(what(loop().io())); });
    return answer.get_future().get();
  }
  std::size_t connections() {
    return ask([](IoLoop& io) { return io.size(); });
  }
  std::size_t held() {
    return ask([](IoLoop& io) { return io.buffer_bytes(); });
  }
  // A client whose other end is in the loop.
  test::FrameClient client() {
    test::FrameClient client({"127.0.0.1", acceptor_.local_endpoint().port()});
    asio::ip::tcp::socket accepted = acceptor_.accept();
    accepted.non_blocking(true);
    const int descriptor = accepted.release();
    EXPECT_EQ(shared_.admission.admit("127.0.0.1"), "");
    loop().post([this, descriptor] {
      loop().io().add({descriptor, auth::Peer{"127.0.0.1", 1, true}});
    });
    return client;
  }

  base::SystemClock clock_;
  Shared shared_;
  std::vector<std::unique_ptr<NodeLoop>> loops_;
  asio::io_context context_;
  asio::ip::tcp::acceptor acceptor_{context_,
                                    asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
};

TEST_F(IoLoopTest, IdleConnectionHoldsNoBuffer) {
  test::FrameClient client = this->client();
  client.open({});
  client.open_channel(1);
  client.declare_queue(1, "q");
  const std::string body(300'000, 'x');
  client.publish(1, "", "q", body);
  EXPECT_EQ(client.must_get(1, "q").body, body);
  // The answer may be ours before the turn that wrote it has ended.
  EXPECT_TRUE(eventually([this] { return held() == 0; }));
  EXPECT_EQ(connections(), 1u);
  client.close();
}

TEST_F(IoLoopTest, UnfinishedFrameIsHeldInItsOwnSize) {
  test::FrameClient client = this->client();
  client.open({});
  client.open_channel(1);
  client.send_raw(std::string_view("\x01\0\1\0\0\0\x0d\0\x32", 9));
  EXPECT_TRUE(eventually([this] { return held() > 0; }));
  EXPECT_LE(held(), 512u);
}

TEST_F(IoLoopTest, ClosedConnectionIsFreed) {
  {
    test::FrameClient client = this->client();
    client.open({});
    client.close();
  }
  EXPECT_TRUE(eventually([this] { return connections() == 0; }));
  EXPECT_EQ(shared_.admission.connections(), 0u);
}

// Concern: the store's holds come often and pass soon: no word to clients, no walk over them, and
//          who was found readable meanwhile is read afterwards.
TEST_F(IoLoopTest, AFullJournalHoldsPublishersWithoutAWord) {
  shared_.gate.watch([this] { loop().heed_gate_from_any_thread(); });
  const auto held = [this] { return ask([](IoLoop& io) { return io.counters().held.value(); }); };
  test::FrameClient publisher = this->client(), other = this->client();
  for (test::FrameClient* each : {&publisher, &other}) {
    each->open({});
    each->open_channel(1);
  }
  other.declare_queue(1, "q");
  publisher.publish(1, "", "q", "0");
  publisher.expect_quiet(1);
  for (unsigned round = 1; round <= 20; ++round) {
    shared_.gate.set(HoldReason::kJournalFull);
    publisher.publish(1, "", "q", std::to_string(round));
    ASSERT_TRUE(eventually([&] { return held() == 1; }));
    EXPECT_EQ(other.passive(1, "q").message_count, round);
    shared_.gate.clear(HoldReason::kJournalFull);
    other.await_ready(1, "q", round + 1);
    ASSERT_TRUE(eventually([&] { return held() == 0; }));
  }
  publisher.expect_quiet(1);
  EXPECT_FALSE(publisher.next_frame(0, test::Milliseconds(0)));
  publisher.close();
  other.close();
}

// An alarm that ends while the journal is full: told that it is over, and held all the same.
TEST_F(IoLoopTest, TheNoticeEndsWithTheAlarmAndTheHoldWithTheLastReason) {
  shared_.gate.watch([this] { loop().heed_gate_from_any_thread(); });
  test::FrameClient publisher = this->client();
  publisher.open({});
  publisher.open_channel(1);
  publisher.publish(1, "", "nowhere", "m");
  publisher.expect_quiet(1);
  shared_.gate.set(HoldReason::kJournalFull);
  shared_.gate.set(HoldReason::kDiskAlarm);
  EXPECT_EQ(publisher.expect(0, {10, 60}).shortstr(), "low on disk");
  shared_.gate.clear(HoldReason::kDiskAlarm);
  publisher.expect(0, {10, 61});
  EXPECT_EQ(ask([](IoLoop& io) { return io.counters().held.value(); }), 1u);
  shared_.gate.clear(HoldReason::kJournalFull);
  publisher.expect_quiet(1);
  EXPECT_EQ(ask([](IoLoop& io) { return io.counters().held.value(); }), 0u);
  publisher.close();
}

}  // namespace
}  // namespace harrier::server

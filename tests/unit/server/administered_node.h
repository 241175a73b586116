// A node with a data directory that tests change while it runs, and start again. Every test runs
// with one loop and with several.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "server/administration.h"
#include "server/node.h"
#include "support/frame_client.h"
#include "support/temporary_directory.h"

namespace harrier::server {

class AdministeredNodeTest : public testing::TestWithParam<unsigned> {
 protected:
  AdministeredNodeTest() {
    options_.amqp.port = 0;
    options_.data_dir = directory_.path() + "/data";
    options_.loops = GetParam();
    options_.journal.segment_size = 1 << 20;
    options_.disk.reserve = 0;
    options_.auth.hash_iterations_sha256 = options_.auth.hash_iterations_sha512 = 5'000;
    options_.users = {guest_user()};
    // Clients here answer only when they are asked to.
    options_.shutdown_timeout = std::chrono::milliseconds(50);
  }
  ~AdministeredNodeTest() override {
    if (node_) node_->stop();
  }

  void start() {
    node_ = std::make_unique<Node>(options_, clock_);
    const Outcome started = node_->start();
    ASSERT_TRUE(started.ok()) << started.failure().message;
  }
  void restart() {
    node_->stop();
    node_.reset();
    start();
  }
  test::FrameClient client(const test::ConnectOptions& options = {}) {
    test::FrameClient client({"127.0.0.1", node_->port()}, options);
    client.open_channel(1);
    return client;
  }
  static test::ConnectOptions as_ali(const std::string& host) {
    test::ConnectOptions options;
    options.user = "ali";
    options.password = "open sesame";
    options.virtual_host = host;
    return options;
  }

  test::TemporaryDirectory directory_;
  Options options_;
  base::SystemClock clock_;
  std::unique_ptr<Node> node_;
};

}  // namespace harrier::server

// Broker halves of connections on a simulated virtual host, without frames.
//
// Role:   a test calls a TestSession as the I/O half would, one turn per call, and reads what the
//         session says as lines of text.
// Thread: confined(test).
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "amqp/properties.h"
#include "session/broker_session.h"
#include "support/session_doubles.h"
#include "support/simulated_broker.h"

namespace harrier::test {

using base::Milliseconds;
using Lines = std::vector<std::string>;

struct PublishOptions {
  std::string exchange;
  bool mandatory = false;
  bool immediate = false;
  int priority = -1;
  bool persistent = false;
  std::string expiration;
  std::string user_id;
  std::string reply_to;
  amqp::FieldTable headers;
};

// RecordingOutput cuts long texts; this one keeps those of closes.
class ChannelOutput final : public session::SessionOutput {
 public:
  RecordingOutput recording;
  std::string close_text = "no close";

  void method(ChannelNumber channel, const amqp::Method& method) override {
    if (const auto* close = std::get_if<amqp::ChannelClose>(&method)) {
      close_text = std::to_string(close->reply_code) + " " + std::string(close->reply_text);
    } else if (const auto* end = std::get_if<amqp::ConnectionClose>(&method)) {
      close_text = std::to_string(end->reply_code) + " " + std::string(end->reply_text);
    }
    recording.method(channel, method);
  }
  void deliver(ChannelNumber channel, const amqp::DeliverView& deliver,
               const broker::Message& message, Bytes property_bytes) override {
    recording.deliver(channel, deliver, message, property_bytes);
  }
  void content(ChannelNumber channel, const amqp::Method& method, const broker::Message& message,
               Bytes property_bytes) override {
    recording.content(channel, method, message, property_bytes);
  }
  void released() override { recording.released(); }
};

class TestSession {
 public:
  TestSession(SimulatedBroker& broker, std::uint64_t id, session::SessionLimits limits = {},
              std::string user = "guest", std::shared_ptr<broker::UserAccount> account = {},
              broker::CountedPlaces* channels_of_node = nullptr)
      : broker_(broker),
        limits_(limits),
        session_(broker.host, parameters(id, std::move(user), std::move(account), channels_of_node),
                 limits_, output_) {
    call([this] { session_.open(); });
  }
  ~TestSession() {
    if (!session_.released()) call([this] { session_.close({}); });
    broker_.catch_up();
    CHECK(session_.released());
  }

  session::BrokerSession& session() { return session_; }

  template <class Call>
  TestSession& call(Call&& what) {
    broker_.act(std::forward<Call>(what));
    return *this;
  }
  TestSession& send(unsigned channel, const amqp::Method& method) {
    return call([&] { session_.method(number(channel), method); });
  }
  TestSession& ack(unsigned channel, std::uint64_t tag, bool multiple = false) {
    return call([&] { session_.ack(number(channel), DeliveryTag(tag), multiple); });
  }
  TestSession& publish(unsigned channel, std::string_view key, std::string_view body,
                       const PublishOptions& options = {}) {
    return call([&] { publish_now(channel, key, body, options); });
  }
  // Inside a turn of the test's.
  void publish_now(unsigned channel, std::string_view key, std::string_view body,
                   const PublishOptions& options = {}) {
    session::PublishView view;
    view.exchange = options.exchange;
    view.routing_key = key;
    view.mandatory = options.mandatory;
    view.immediate = options.immediate;
    view.body = body;
    const std::string bytes = amqp::encode_properties(properties(options));
    view.property_bytes = bytes;
    view.properties = amqp::parse_properties(bytes);
    session_.publish(number(channel), view);
  }

  // ---- what tests do most
  TestSession& open(unsigned channel = 1) { return send(channel, amqp::ChannelOpen{}); }
  TestSession& declare(std::string_view queue, const amqp::FieldTable& arguments = {},
                       bool durable = false) {
    amqp::QueueDeclare declare;
    declare.queue = queue;
    declare.durable = durable;
    declare.arguments = arguments;
    return send(1, declare);
  }
  TestSession& consume(std::string_view queue, std::string_view tag, bool no_ack = false,
                       unsigned channel = 1) {
    amqp::BasicConsume consume;
    consume.queue = queue;
    consume.consumer_tag = tag;
    consume.no_ack = no_ack;
    return send(channel, consume);
  }
  TestSession& get(std::string_view queue, bool no_ack = false) {
    return send(1, amqp::BasicGet{0, queue, no_ack});
  }
  TestSession& close(session::CloseReason reason = session::CloseReason::kClientClose) {
    return call([&] { session_.close({reason, {}}); });
  }

  // Everything said since the last time.
  Lines take() { return std::exchange(output_.recording.calls, {}); }
  // Forgets what was said so far.
  TestSession& quiet() {
    output_.recording.calls.clear();
    return *this;
  }
  // Code and text of the channel.close or connection.close that was said last; forgets all.
  std::string close_text() {
    output_.recording.calls.clear();
    return std::exchange(output_.close_text, "no close");
  }

 private:
  static ChannelNumber number(unsigned channel) {
    return ChannelNumber(static_cast<std::uint16_t>(channel));
  }
  static session::ConnectionParameters parameters(std::uint64_t id, std::string user,
                                                  std::shared_ptr<broker::UserAccount> account,
                                                  broker::CountedPlaces* channels_of_node) {
    session::ConnectionParameters made;
    made.id = broker::ConnectionId(id);
    made.virtual_host = "/";
    made.actor = {std::move(user), {}, "AMQP 0-9-1", "10.0.0.1:1"};
    made.frame_max = 131072;
    made.consumer_cancel_notify = true;
    made.account = std::move(account);
    made.channels_of_node = channels_of_node;
    return made;
  }
  static amqp::Properties properties(const PublishOptions& options) {
    amqp::Properties made;
    const auto set = [&](amqp::PropertyFlag flag, amqp::Bytes& to, const std::string& from) {
      if (from.empty()) return;
      made.flags |= flag;
      to = from;
    };
    set(amqp::kExpiration, made.expiration, options.expiration);
    set(amqp::kUserId, made.user_id, options.user_id);
    set(amqp::kReplyTo, made.reply_to, options.reply_to);
    if (options.persistent) {
      made.flags |= amqp::kDeliveryMode;
      made.delivery_mode = 2;
    }
    if (options.priority >= 0) {
      made.flags |= amqp::kPriority;
      made.priority = static_cast<std::uint8_t>(options.priority);
    }
    if (!options.headers.view().empty()) {
      made.flags |= amqp::kHeaders;
      made.headers = options.headers;
    }
    return made;
  }

  SimulatedBroker& broker_;
  ChannelOutput output_;
  const session::SessionLimits limits_;
  session::BrokerSession session_;
};

class ChannelFixture : public ::testing::Test {
 protected:
  explicit ChannelFixture(broker::VirtualHostLimits limits = stepwise_limits()) : broker(limits) {}

  SimulatedBroker broker;

  // With channel 1 open and nothing said.
  std::unique_ptr<TestSession> connect(std::uint64_t id = 1, session::SessionLimits limits = {},
                                       std::string user = "guest") {
    auto made = std::make_unique<TestSession>(broker, id, limits, std::move(user));
    made->open().quiet();
    return made;
  }
  void hold_commits() { broker.store.commits_at_once = false; }
  void commit(std::uint64_t count = UINT64_MAX) {
    broker.store.commit(count);
    broker.rest();
  }
};

}  // namespace harrier::test

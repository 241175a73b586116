// Queues and their consumers without sessions.
//
// Role:   a test declares queues with QueueFixture::declare(), publishes bodies by name, and reads
//         what a TestChannel got.
// Thread: confined(test).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "amqp/properties.h"
#include "broker/unacked_messages.h"
#include "support/simulated_broker.h"

namespace harrier::test {

using base::Milliseconds;
using broker::ConnectionId;
using broker::QueueRef;
using Bodies = std::vector<std::string>;

struct Delivery {
  std::string consumer_tag;
  std::string body;
  bool redelivered = false;
  std::uint32_t delivery_count = 0;
};

// The sink of one channel: keeps what it gets until the test settles it.
class TestChannel final : public broker::ConsumerSink {
 public:
  explicit TestChannel(SimulatedBroker& broker, std::uint64_t prefetch = 0)
      : credit(prefetch), broker_(broker) {}
  ~TestChannel() override { close(); }

  broker::Credit credit;         // the channel's
  broker::Credit output_credit;  // the connection's
  std::vector<Delivery> deliveries;
  std::vector<std::string> cancellations;
  std::map<std::uint64_t, broker::Unacked> unacked;

  broker::ConsumerOptions options(std::string tag, std::uint16_t prefetch = 0) const {
    broker::ConsumerOptions made;
    made.consumer_tag = std::move(tag);
    made.prefetch_count = prefetch;
    return made;
  }
  // Attached, not active yet.
  amqp::CheckedStatus attach(broker::Queue& queue, broker::ConsumerOptions wanted) {
    const std::string tag = wanted.consumer_tag;
    auto consumer = base::make_ref<broker::Consumer>(std::move(wanted), QueueRef(&queue), *this,
                                                     credit, output_credit);
    auto status = queue.attach(consumer, "/");
    if (status.ok()) consumers_[tag] = consumer;
    return status;
  }
  void activate(const std::string& tag) {
    broker_.act([&] { consumers_.at(tag)->queue().activate(*consumers_.at(tag)); });
  }
  void consume(broker::Queue& queue, broker::ConsumerOptions wanted) {
    const std::string tag = wanted.consumer_tag;
    ASSERT_TRUE(attach(queue, std::move(wanted)).ok());
    activate(tag);
  }
  void consume(broker::Queue& queue, std::string tag, std::uint16_t prefetch = 0) {
    consume(queue, options(std::move(tag), prefetch));
  }
  void cancel(const std::string& tag) {
    broker_.act([&] {
      consumers_.at(tag)->queue().detach(*consumers_.at(tag));
      consumers_.erase(tag);
    });
  }
  void close() {
    broker_.act([&] {
      for (auto& [tag, consumer] : std::exchange(consumers_, {}))
        consumer->queue().detach(*consumer);
      for (auto& [tag, held] : std::exchange(unacked, {}))
        held.queue->requeue(std::move(held.entry), held.consumer.get());
    });
  }

  void ack(std::uint64_t tag) {
    settle(tag, [](auto& held) { held.queue->acknowledge(held.entry, held.consumer.get()); });
  }
  void reject(std::uint64_t tag) {
    settle(tag, [](auto& held) { held.queue->reject(held.entry, held.consumer.get()); });
  }
  void requeue(std::uint64_t tag) {
    settle(tag, [](auto& held) { held.queue->requeue(held.entry, held.consumer.get()); });
  }

  void deliver(broker::Consumer& consumer, broker::QueueEntry&& entry) override {
    deliveries.push_back({consumer.consumer_tag(), std::string(entry.message->body()),
                          entry.redelivered, entry.delivery_count});
    ++last_tag_;
    if (consumer.no_ack()) return;
    // As sessions do.
    if (entry.stored && consumer.queue().may_drop_bodies()) entry.message = nullptr;
    unacked[last_tag_] = {QueueRef(&consumer.queue()), broker::ConsumerRef(&consumer),
                          std::move(entry), broker_.now().monotonic};
  }
  void cancelled(broker::Consumer& consumer) override {
    cancellations.push_back(consumer.consumer_tag());
    consumers_.erase(consumer.consumer_tag());
  }

  // The bodies so far, and forgets them.
  Bodies take_bodies() {
    Bodies bodies;
    for (const Delivery& delivery : std::exchange(deliveries, {}))
      bodies.push_back(delivery.body);
    return bodies;
  }
  // "tag:body" of each.
  Bodies take_tagged() {
    Bodies bodies;
    for (const Delivery& delivery : std::exchange(deliveries, {}))
      bodies.push_back(delivery.consumer_tag + ":" + delivery.body);
    return bodies;
  }

 private:
  template <class Settle>
  void settle(std::uint64_t tag, Settle&& how) {
    broker_.act([&] {
      const auto found = unacked.find(tag);
      ASSERT_NE(found, unacked.end());
      broker::Unacked held = std::move(found->second);
      unacked.erase(found);
      how(held);
    });
  }

  SimulatedBroker& broker_;
  std::map<std::string, broker::ConsumerRef> consumers_;
  std::uint64_t last_tag_ = 0;
};

// What a basic.get waits for, and what it got: "(wait)" until then.
class TestGet final : public broker::GetWaiter {
 public:
  explicit TestGet(broker::Queue& queue) : queue_(&queue) {}
  std::string answer = "(wait)";
  broker::QueueEntry entry;

  void try_again() override {
    const broker::GetOutcome outcome = queue_->get(true, entry, *this);
    if (outcome == broker::GetOutcome::kWait) return;
    answer = outcome == broker::GetOutcome::kEmpty ? "(empty)" : std::string(entry.message->body());
  }

 private:
  QueueRef queue_;
};

struct Sent {
  int priority = 0;
  long expiration = -1;
  bool persistent = false;
  std::string headers;  // the contents of a field table
};

class QueueFixture : public ::testing::Test {
 protected:
  explicit QueueFixture(broker::VirtualHostLimits limits = stepwise_limits()) : broker(limits) {}

  SimulatedBroker broker;
  const ConnectionId connection{1};

  static broker::QueueDeclaration declaration(std::string name, amqp::FieldTable arguments = {}) {
    broker::QueueDeclaration made;
    made.name = std::move(name);
    made.arguments = std::move(arguments);
    return made;
  }
  static broker::QueueDeclaration quorum(std::string name, amqp::FieldTable arguments = {}) {
    broker::QueueDeclaration made = declaration(std::move(name), std::move(arguments));
    made.arguments.add_string("x-queue-type", "quorum");
    made.durable = true;
    return made;
  }
  QueueRef declare(broker::QueueDeclaration wanted) {
    QueueRef made;
    broker.act([&] {
      auto queue = broker.host.declare_queue(broker.actor, std::move(wanted), connection);
      ASSERT_TRUE(queue.ok()) << queue.error().detail;
      made = std::move(queue).value();
    });
    return made;
  }
  QueueRef declare(std::string name, amqp::FieldTable arguments = {}) {
    return declare(declaration(std::move(name), std::move(arguments)));
  }

  static broker::MessageRef message(std::string_view key, std::string_view body, Sent sent = {}) {
    amqp::Properties properties;
    if (!sent.headers.empty()) {
      properties.flags |= amqp::kHeaders;
      properties.headers = amqp::TableView(sent.headers);
    }
    const std::string expiration = std::to_string(sent.expiration);
    if (sent.expiration >= 0) {
      properties.flags |= amqp::kExpiration;
      properties.expiration = expiration;
    }
    const std::string bytes = amqp::encode_properties(properties);
    broker::MessageParts parts;
    parts.routing_key = key;
    parts.property_bytes = bytes;
    parts.body = body;
    parts.priority = static_cast<std::uint8_t>(sent.priority);
    parts.persistent = sent.persistent;
    parts.has_expiration = sent.expiration >= 0;
    parts.expiration = Milliseconds(sent.expiration);
    return broker::Message::create(parts);
  }
  // Through the default exchange, in a turn of its own; false when refused.
  bool publish(std::string_view key, std::string_view body, Sent sent = {}) {
    bool accepted = true;
    broker.act([&] {
      std::vector<broker::Queue*> queues;
      broker.host.route(nullptr, {key}, {}, queues);
      accepted = !broker.host.publish(message(key, body, sent), queues).refused;
    });
    return accepted;
  }
  void publish_all(std::string_view key, const Bodies& bodies, Sent sent = {}) {
    for (const std::string& body : bodies)
      publish(key, body, sent);
  }

  // basic.get without acknowledgement: the body, or "(empty)".
  std::string get(broker::Queue& queue) {
    TestGet get(queue);
    broker.act([&] { get.try_again(); });
    return get.answer;
  }
  // Everything that is ready, taken.
  Bodies drain(broker::Queue& queue) {
    Bodies bodies;
    while (true) {
      const std::string body = get(queue);
      if (body == "(empty)" || body == "(wait)") return bodies;
      bodies.push_back(body);
    }
  }
  void page_out(broker::Queue& queue) {
    broker.act([&] { broker.store.page_out(queue); });
  }
  static std::string error_of(const amqp::CheckedStatus& status) {
    return status.ok() ? "ok" : status.error().reply_text();
  }
  template <class T>
  static std::string error_of(const amqp::Checked<T>& result) {
    return result.ok() ? "ok" : result.error().reply_text();
  }
};

}  // namespace harrier::test

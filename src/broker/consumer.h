// A consumer: one basic.consume on one queue, seen from the queue.
//
// Role:      session creates it and receives its deliveries as ConsumerSink; its queue dispatches
//            to it.
// Model:     pending (consume-ok not sent yet) → active → gone. While active it stands in its
//            queue's ready ring or is parked at the Credit that stops it; being in neither means
//            pending or gone.
// Lifetimes: referenced by its queue while attached and by every unacked delivery; the sink
//            outlives its attachment (session detaches its consumers before it goes).
// Thread:    confined(broker).
// Spec:      AMQP 0-9-1 basic.consume; conformance.md S30, S33, S35, S36, consumer priorities.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "amqp/field_table.h"
#include "base/intrusive_list.h"
#include "base/ref.h"
#include "broker/credit.h"
#include "broker/queue_entry.h"

namespace harrier::broker {

class Consumer;
class Queue;

// Where deliveries go: a channel.
class ConsumerSink {
 public:
  virtual ~ConsumerSink() = default;
  // Takes the entry over. Without acknowledgement it is settled already; otherwise the sink gives
  // it back through Queue::acknowledge, reject or requeue, exactly once.
  virtual void deliver(Consumer& consumer, QueueEntry&& entry) = 0;
  // The queue is gone and has dropped this consumer.
  virtual void cancelled(Consumer& consumer) = 0;
  // When the oldest of the queue's deliveries that it holds was delivered; it looks at some of its
  // oldest only.
  virtual std::optional<base::MonotonicTime> oldest_unacked_of(const Queue&) const { return {}; }
};

struct ConsumerOptions {
  std::string consumer_tag;
  bool no_ack = false;
  bool exclusive = false;
  std::int64_t priority = 0;
  std::uint16_t prefetch_count = 0;  // 0: unlimited
  // Of basic.consume; nullptr: none.
  std::shared_ptr<const amqp::FieldTable> arguments{};
};

class Consumer final : public base::RefCounted<Consumer>, public base::ListNode<Consumer> {
 public:
  Consumer(ConsumerOptions options, base::Ref<Queue> queue, ConsumerSink& sink,
           Credit& channel_credit, Credit& output_credit);
  ~Consumer();

  const std::string& consumer_tag() const { return options_.consumer_tag; }
  const ConsumerOptions& options() const { return options_; }
  bool no_ack() const { return options_.no_ack; }
  std::int64_t priority() const { return options_.priority; }
  Queue& queue() const { return *queue_; }
  ConsumerSink& sink() const { return sink_; }
  bool active() const { return active_; }
  void set_active(bool active) { active_ = active; }

  // The credit that forbids one more delivery; nullptr: it may be served.
  Credit* blocker() {
    if (!output_credit_.open()) return &output_credit_;
    if (no_ack()) return nullptr;
    if (!own_credit_.open()) return &own_credit_;
    if (!channel_credit_.open()) return &channel_credit_;
    return nullptr;
  }
  // A delivery that awaits its acknowledgement, and its end.
  void take_credit() {
    own_credit_.take(1);
    channel_credit_.take(1);
  }
  // After detach() the channel's credit still counts what is unacked.
  void give_credit() {
    own_credit_.give(1);
    channel_credit_.give(1);
  }

 private:
  ConsumerOptions options_;
  base::Ref<Queue> queue_;
  ConsumerSink& sink_;
  Credit& channel_credit_;
  Credit& output_credit_;
  Credit own_credit_;
  bool active_ = false;
};

using ConsumerRef = base::Ref<Consumer>;

}  // namespace harrier::broker

// What a transactional channel has done since its last commit or rollback.
//
// Model:     publishes keep the queues they were routed to when they arrived (S39 of
//            conformance.md); acknowledgements keep the delivery taken out of the channel's unacked
//            messages. Commit applies both, rollback puts the deliveries back and forgets the
//            publishes.
// Thread:    confined(broker).
// Limits:    SessionLimits::transaction_entries_max and transaction_bytes_max.
#pragma once

#include <utility>
#include <vector>

#include "broker/queue.h"
#include "broker/unacked_messages.h"

namespace harrier::session {

enum class Settlement : std::uint8_t { kAcknowledge, kReject, kRequeue };

class Transaction {
 public:
  struct Publish {
    broker::MessageRef message;
    std::vector<broker::QueueRef> queues;
    bool mandatory = false;
  };
  struct Settled {
    amqp::DeliveryTag tag;
    broker::Unacked unacked;
    Settlement settlement = Settlement::kAcknowledge;
  };

  void add(Publish publish) {
    bytes_ += publish.message->footprint();
    publishes_.push_back(std::move(publish));
  }
  void add(Settled settled) { settled_.push_back(std::move(settled)); }

  std::size_t publishes() const { return publishes_.size(); }
  std::size_t settlements() const { return settled_.size(); }
  std::size_t entries() const { return publishes_.size() + settled_.size(); }
  std::uint64_t bytes() const { return bytes_; }
  std::vector<Publish> take_publishes() {
    bytes_ = 0;
    return std::exchange(publishes_, {});
  }
  std::vector<Settled> take_settled() { return std::exchange(settled_, {}); }

 private:
  std::vector<Publish> publishes_;
  std::vector<Settled> settled_;
  std::uint64_t bytes_ = 0;
};

}  // namespace harrier::session

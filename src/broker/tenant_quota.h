// Whether a virtual host may have one more of something, and whether it stores too much.
//
// Role:   VirtualHost owns it; its commands and sessions ask before they add, and the end of a turn
//         looks at what is stored.
// Model:  the lower of TenantLimits and the node's VirtualHostLimits counts. Stored are the bodies
//         of ready and of unacked messages, for each queue that has them.
//         kHold:   ok → held (stored ≥ max) → ok (≤ 0.9 × max), decided at the end of a turn
//         kReject: a message that would not fit is refused, decided for each
// Thread: confined(broker).
// Errors: ProtocolErrors with RabbitMQ's words where it has the limit. Each is counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "amqp/protocol_error.h"
#include "broker/actor.h"
#include "broker/counters.h"
#include "broker/limits.h"
#include "broker/tenant_limits.h"

namespace harrier::broker {

class TenantQuota {
 public:
  // All of them outlive it.
  TenantQuota(const std::string& virtual_host, const VirtualHostLimits& node,
              VirtualHostCounters& counters)
      : virtual_host_(virtual_host), node_(node), counters_(counters) {}
  TenantQuota(const TenantQuota&) = delete;
  TenantQuota& operator=(const TenantQuota&) = delete;

  // What is there already stays, even above a limit.
  void set(const TenantLimits& limits);
  const TenantLimits& limits() const { return limits_; }

  // One more: 530 for the first three, else 406.
  amqp::CheckedStatus check_connection(const Actor& actor) const;
  amqp::CheckedStatus check_channel() const;
  amqp::CheckedStatus check_consumer() const;
  amqp::CheckedStatus check_queue(std::string_view name) const;
  amqp::CheckedStatus check_exchange(std::string_view name) const;
  amqp::CheckedStatus check_binding(std::string_view exchange) const;
  // One more of a user's: counted here, the words are RabbitMQ's for the first two.
  amqp::ProtocolError refuse_user_connection(const Actor& actor, std::uint64_t limit) const;
  amqp::ProtocolError refuse_user_channel(const Actor& actor, std::uint64_t limit) const;
  amqp::ProtocolError refuse_user_consumer(const Actor& actor, std::uint64_t limit) const;
  amqp::ProtocolError refuse_user_size(std::uint64_t body_size, std::uint64_t limit) const;
  // One more of the node's.
  amqp::ProtocolError refuse_node_channel(std::uint64_t limit) const;
  // One more of a connection's.
  amqp::ProtocolError refuse_connection_consumer(std::uint64_t limit) const;

  // Whether publishing must be asked about at all.
  bool guards_size() const { return guards_size_; }
  amqp::CheckedStatus check_size(std::uint64_t body_size) const;
  bool rejects() const { return rejects_; }
  // With rejects(): whether so many bytes more do not fit.
  bool would_exceed(std::uint64_t bytes) const;
  // With rejects(): whether there is so little room that most of what comes is refused.
  bool refuses() const { return rejects_ && nearly_full(); }
  // Far enough above the limit that dead letters of what was refused would go on filling it.
  bool far_exceeded() const;

  std::uint64_t stored_bytes() const {
    return counters_.ready_bytes.value() + counters_.unacked_bytes.value();
  }
  // At the end of a turn.
  void watch() {
    if (watches_) watch_slowly();
  }
  // Publishers are to be held.
  bool held() const { return held_; }
  void count(LimitKind kind) const { ++counters_.limit_refusals_of(kind); }

 private:
  void watch_slowly();
  bool nearly_full() const;

  const std::string& virtual_host_;
  const VirtualHostLimits& node_;
  VirtualHostCounters& counters_;
  TenantLimits limits_;
  bool guards_size_ = false;
  bool rejects_ = false;
  bool watches_ = false;  // stored_bytes_max, to hold
  bool held_ = false;
};

}  // namespace harrier::broker

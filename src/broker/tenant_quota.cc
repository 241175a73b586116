#include "broker/tenant_quota.h"

#include <algorithm>

#include "broker/message_size.h"

namespace harrier::broker {
namespace {

using amqp::ReplyCode;

// Nobody waits at nine tenths and below, nobody but dead letters comes above eleven.
std::uint64_t tenths(std::uint64_t limit, std::uint64_t count) {
  return limit / 10 * count + limit % 10 * count / 10;
}

bool reached(const base::Counter& counter, const std::optional<std::uint64_t>& limit) {
  return limit && counter.value() >= *limit;
}

std::uint64_t lower(const std::optional<std::uint64_t>& own, std::uint32_t node) {
  return std::min<std::uint64_t>(own.value_or(node), node);
}

std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

}  // namespace

void TenantQuota::set(const TenantLimits& limits) {
  limits_ = limits;
  guards_size_ = limits.message_size_max.has_value();
  rejects_ = limits.stored_bytes_max && limits.quota_action == QuotaAction::kReject;
  watches_ = limits.stored_bytes_max && !rejects_;
  held_ = held_ && watches_;
  watch();
}

amqp::CheckedStatus TenantQuota::check_connection(const Actor& actor) const {
  if (!reached(counters_.connections, limits_.connections_max)) return base::Done{};
  count(LimitKind::kVirtualHostConnections);
  return amqp::refuse(ReplyCode::kNotAllowed,
                      "access to vhost " + quoted(virtual_host_) + " refused for user " +
                          quoted(actor.user) + ": connection limit (" +
                          std::to_string(*limits_.connections_max) + ") is reached");
}

amqp::ProtocolError TenantQuota::refuse_user_connection(const Actor& actor,
                                                        std::uint64_t limit) const {
  count(LimitKind::kUserConnections);
  return amqp::protocol_error(ReplyCode::kNotAllowed, "Connection refused for user " +
                                                          quoted(actor.user) +
                                                          ": user connection limit (" +
                                                          std::to_string(limit) + ") is reached");
}

amqp::CheckedStatus TenantQuota::check_channel() const {
  if (!reached(counters_.channels, limits_.channels_max)) return base::Done{};
  count(LimitKind::kVirtualHostChannels);
  return amqp::refuse(ReplyCode::kNotAllowed, "number of channels opened in vhost " +
                                                  quoted(virtual_host_) +
                                                  " has reached the maximum allowed limit of (" +
                                                  std::to_string(*limits_.channels_max) + ")");
}

amqp::ProtocolError TenantQuota::refuse_user_channel(const Actor& actor,
                                                     std::uint64_t limit) const {
  count(LimitKind::kUserChannels);
  return amqp::protocol_error(ReplyCode::kNotAllowed,
                              "number of channels opened for user " + quoted(actor.user) +
                                  " has reached the maximum allowed user limit of (" +
                                  std::to_string(limit) + ")");
}

amqp::ProtocolError TenantQuota::refuse_node_channel(std::uint64_t limit) const {
  count(LimitKind::kNodeChannels);
  return amqp::protocol_error(
      ReplyCode::kNotAllowed,
      "number of channels opened on the node has reached the maximum allowed limit of (" +
          std::to_string(limit) + ")");
}

amqp::CheckedStatus TenantQuota::check_consumer() const {
  if (!reached(counters_.consumers, limits_.consumers_max)) return base::Done{};
  count(LimitKind::kVirtualHostConsumers);
  return amqp::refuse(ReplyCode::kNotAllowed,
                      "reached maximum (" + std::to_string(*limits_.consumers_max) +
                          ") of consumers in vhost " + quoted(virtual_host_));
}

amqp::ProtocolError TenantQuota::refuse_user_consumer(const Actor& actor,
                                                      std::uint64_t limit) const {
  count(LimitKind::kUserConsumers);
  return amqp::protocol_error(ReplyCode::kNotAllowed, "reached maximum (" + std::to_string(limit) +
                                                          ") of consumers for user " +
                                                          quoted(actor.user));
}

amqp::ProtocolError TenantQuota::refuse_connection_consumer(std::uint64_t limit) const {
  count(LimitKind::kConnectionConsumers);
  return amqp::protocol_error(ReplyCode::kNotAllowed, "reached maximum (" + std::to_string(limit) +
                                                          ") of consumers per connection");
}

amqp::CheckedStatus TenantQuota::check_queue(std::string_view name) const {
  const std::uint64_t limit = lower(limits_.queues_max, node_.queues_max);
  if (counters_.queues.value() < limit) return base::Done{};
  count(LimitKind::kVirtualHostQueues);
  return amqp::refuse(ReplyCode::kPreconditionFailed,
                      "cannot declare queue " + quoted(name) + ": queue limit in vhost " +
                          quoted(virtual_host_) + " (" + std::to_string(limit) + ") is reached");
}

amqp::CheckedStatus TenantQuota::check_exchange(std::string_view name) const {
  const std::uint64_t limit = lower(limits_.exchanges_max, node_.exchanges_max);
  if (counters_.exchanges.value() < limit) return base::Done{};
  count(LimitKind::kVirtualHostExchanges);
  return amqp::refuse(ReplyCode::kPreconditionFailed,
                      "cannot declare exchange " + quoted(name) + ": exchange limit in vhost " +
                          quoted(virtual_host_) + " (" + std::to_string(limit) + ") is reached");
}

amqp::CheckedStatus TenantQuota::check_binding(std::string_view exchange) const {
  const std::uint64_t limit = lower(limits_.bindings_max, node_.bindings_max);
  if (counters_.bindings.value() < limit) return base::Done{};
  count(LimitKind::kVirtualHostBindings);
  return amqp::refuse(ReplyCode::kPreconditionFailed,
                      "cannot bind to exchange " + quoted(exchange) + ": binding limit in vhost " +
                          quoted(virtual_host_) + " (" + std::to_string(limit) + ") is reached");
}

amqp::CheckedStatus TenantQuota::check_size(std::uint64_t body_size) const {
  if (!limits_.message_size_max || body_size <= *limits_.message_size_max) return base::Done{};
  count(LimitKind::kVirtualHostMessageSize);
  return base::fail(message_too_large(body_size, *limits_.message_size_max));
}

amqp::ProtocolError TenantQuota::refuse_user_size(std::uint64_t body_size,
                                                  std::uint64_t limit) const {
  count(LimitKind::kUserMessageSize);
  return message_too_large(body_size, limit);
}

bool TenantQuota::would_exceed(std::uint64_t bytes) const {
  return limits_.stored_bytes_max && stored_bytes() + bytes > *limits_.stored_bytes_max;
}

bool TenantQuota::nearly_full() const {
  return limits_.stored_bytes_max && stored_bytes() >= tenths(*limits_.stored_bytes_max, 9);
}

bool TenantQuota::far_exceeded() const {
  return limits_.stored_bytes_max && stored_bytes() > tenths(*limits_.stored_bytes_max, 11);
}

void TenantQuota::watch_slowly() {
  // Nothing stored is never too much: who would make room?
  const std::uint64_t most = std::max<std::uint64_t>(*limits_.stored_bytes_max, 1);
  const std::uint64_t stored = stored_bytes();
  if (held_) {
    held_ = stored > tenths(most, 9);
  } else if (stored >= most) {
    held_ = true;
    count(LimitKind::kVirtualHostStoredBytes);
  }
}

}  // namespace harrier::broker

// What one virtual host, and one user, may take of the node.
//
// Role:   values that an operator sets; TenantQuota and UserAccount hold to them.
// Model:  what has no value is not limited. The node's own limits (VirtualHostLimits,
//         SessionLimits) count besides.
// Thread: immutable values.
// Spec:   docs/operations/limits.md. RabbitMQ has connections and queues of virtual hosts,
//         connections and channels of users.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace harrier::broker {

// Per second, over all connections it counts for.
struct PublishRateLimits {
  std::optional<std::uint64_t> messages;
  std::optional<std::uint64_t> bytes;  // of bodies

  bool operator==(const PublishRateLimits&) const = default;
};

// What happens to publishers of a virtual host that stores as much as it may.
enum class QuotaAction : std::uint8_t {
  kHold,    // they are not read until there is room
  kReject,  // their messages are nacked
};

struct TenantLimits {
  std::optional<std::uint64_t> connections_max;   // more: 530
  std::optional<std::uint64_t> channels_max;      // more: 530
  std::optional<std::uint64_t> consumers_max;     // more: 530
  std::optional<std::uint64_t> queues_max;        // more: 406
  std::optional<std::uint64_t> exchanges_max;     // more: 406
  std::optional<std::uint64_t> bindings_max;      // more: 406
  std::optional<std::uint64_t> message_size_max;  // larger: 406
  std::optional<std::uint64_t> stored_bytes_max;  // at it: quota_action
  QuotaAction quota_action = QuotaAction::kHold;
  PublishRateLimits publish_rate;  // above: publishers are read more slowly

  bool operator==(const TenantLimits&) const = default;
};

struct UserLimits {
  std::optional<std::uint64_t> connections_max;   // more: 530
  std::optional<std::uint64_t> channels_max;      // more: 530
  std::optional<std::uint64_t> consumers_max;     // more: 530
  std::optional<std::uint64_t> message_size_max;  // larger: 406
  PublishRateLimits publish_rate;                 // above: publishers are read more slowly

  bool operator==(const UserLimits&) const = default;
};

// What was refused, for counters.
enum class LimitKind : std::uint8_t {
  kVirtualHostConnections,
  kVirtualHostChannels,
  kVirtualHostConsumers,
  kVirtualHostQueues,
  kVirtualHostExchanges,
  kVirtualHostBindings,
  kVirtualHostMessageSize,
  kVirtualHostStoredBytes,
  kUserConnections,
  kUserChannels,
  kUserConsumers,
  kUserMessageSize,
  kConnectionConsumers,
  kNodeChannels,
};
inline constexpr std::size_t kLimitKinds = 14;

}  // namespace harrier::broker

// The part of Options that says what virtual hosts and users may take of the node.
//
// Role:   plain values, as in options.h, which includes this.
// Limits: as there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace harrier {

enum class QuotaActionOption { kHold, kReject };

// A key without a value is not set; negative: not limited.
struct TenantLimitOptions {
  std::optional<std::int64_t> connections_max;
  std::optional<std::int64_t> channels_max;
  std::optional<std::int64_t> consumers_max;
  std::optional<std::int64_t> queues_max;
  std::optional<std::int64_t> exchanges_max;
  std::optional<std::int64_t> bindings_max;
  std::optional<std::int64_t> message_size_max;
  // Per second: messages, bytes of bodies.
  std::optional<std::int64_t> publish_rate_max;
  std::optional<std::int64_t> publish_byte_rate_max;
  // Bodies of ready and unacked messages, for each queue that has them.
  std::optional<std::int64_t> stored_bytes_max;
  std::optional<QuotaActionOption> quota_action;

  bool operator==(const TenantLimitOptions&) const = default;
};

// Of one virtual host.
struct NamedTenantLimitOptions {
  std::string name;
  TenantLimitOptions limits;

  bool operator==(const NamedTenantLimitOptions&) const = default;
};

// Of virtual hosts whose name a pattern (PCRE2) is found in, where they set nothing of their own.
struct TenantDefaultOptions {
  std::string vhost_pattern;
  TenantLimitOptions limits;

  bool operator==(const TenantDefaultOptions&) const = default;
};

struct UserLimitOptions {
  std::optional<std::int64_t> connections_max;
  std::optional<std::int64_t> channels_max;
  std::optional<std::int64_t> consumers_max;
  std::optional<std::int64_t> message_size_max;
  std::optional<std::int64_t> publish_rate_max;
  std::optional<std::int64_t> publish_byte_rate_max;

  bool operator==(const UserLimitOptions&) const = default;
};

}  // namespace harrier

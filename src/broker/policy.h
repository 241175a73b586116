// A policy: what an operator sets for all queues or exchanges of a name, whatever their arguments.
//
// Role:   set by whoever administers, kept in Policies, applied by VirtualHost.
// Thread: immutable value.
// Spec:   docs/operations/policies.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "amqp/field_table.h"
#include "base/result.h"
#include "broker/policy_key.h"

namespace harrier::broker {

enum class ApplyTo : std::uint8_t {
  kAll,
  kQueues,
  kExchanges,
  kClassicQueues,
  kQuorumQueues,
  kStreams,  // there are none: a policy for them waits
};
// "all", "queues", "exchanges", "classic_queues", "quorum_queues", "streams". The error has
// RabbitMQ's words.
base::Result<ApplyTo> parse_apply_to(std::string_view word);
std::string_view name_of(ApplyTo apply_to);

struct Policy {
  std::string name;
  std::string pattern;
  ApplyTo apply_to = ApplyTo::kAll;
  std::int64_t priority = 0;
  amqp::FieldTable definition;

  bool operator==(const Policy& other) const;
  // By type and definition; the name is another question.
  bool may_apply_to(PolicySubject subject) const;
};

// What is wrong with it, in RabbitMQ's words where it has them: one complaint a line.
base::Status<> check_policy(PolicyKind kind, const Policy& policy);

}  // namespace harrier::broker

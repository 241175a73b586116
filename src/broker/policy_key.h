// The keys of policy definitions: which there are, what they may be, how two values become one.
//
// Model:  one table (in the .cc). Keys that mean nothing on one node are taken for compatibility
//         and change nothing.
// Thread: immutable.
// Spec:   docs/operations/policies.md; RabbitMQ 3.10, and consumer-timeout of later ones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "amqp/field_table.h"

namespace harrier::broker {

enum class PolicyKind : std::uint8_t { kUser, kOperator };

// What a policy may apply to.
enum class PolicySubject : std::uint8_t { kExchange, kClassicQueue, kQuorumQueue };

namespace policy_keys {
inline constexpr std::string_view kAlternateExchange = "alternate-exchange";
inline constexpr std::string_view kConsumerTimeout = "consumer-timeout";
inline constexpr std::string_view kDeadLetterExchange = "dead-letter-exchange";
inline constexpr std::string_view kDeadLetterRoutingKey = "dead-letter-routing-key";
inline constexpr std::string_view kDeliveryLimit = "delivery-limit";
inline constexpr std::string_view kExpires = "expires";
inline constexpr std::string_view kMaxLength = "max-length";
inline constexpr std::string_view kMaxLengthBytes = "max-length-bytes";
inline constexpr std::string_view kMessageTtl = "message-ttl";
inline constexpr std::string_view kOverflow = "overflow";
}  // namespace policy_keys

// What is wrong with a definition, in RabbitMQ's words; empty when nothing is.
std::string check_definition(PolicyKind kind, amqp::TableView definition);

// A policy with a key that this type of queue does not have applies to none of them.
bool may_apply(amqp::TableView definition, PolicySubject subject);

// Of two numbers of a key the lower. No limit (a negative number, a time-out of zero) is the
// highest.
std::int64_t lower_limit(std::string_view key, std::int64_t a, std::int64_t b);

// What a user's and an operator's policy say together: the lower number, else the operator's value.
// By name.
amqp::FieldTable merge_definitions(amqp::TableView user, amqp::TableView from_operator);

}  // namespace harrier::broker

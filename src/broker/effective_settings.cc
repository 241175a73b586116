#include "broker/effective_settings.h"

#include <utility>

namespace harrier::broker {
namespace {

using amqp::FieldValue;
using amqp::TableView;

template <class Number>
std::int64_t plain(Number number) {
  return static_cast<std::int64_t>(number);
}
std::int64_t plain(base::Milliseconds duration) { return duration.count(); }

// The policy has been checked: a key's value is of its type.
template <class Number>
void lower(TableView definition, std::string_view key, std::optional<Number>& setting) {
  const auto value = definition.find(key);
  if (!value) return;
  const std::int64_t wanted = value->integer();
  setting = Number(setting ? lower_limit(key, plain(*setting), wanted) : wanted);
}

void fill(TableView definition, std::string_view key, std::optional<std::string>& setting) {
  const auto value = definition.find(key);
  if (value && !setting) setting = std::string(value->bytes);
}

Overflow overflow_named(std::string_view word, QueueType type) {
  if (word == "reject-publish") return Overflow::kRejectPublish;
  // As for the argument: quorum queues know no reject-publish-dlx.
  if (word == "reject-publish-dlx" && type == QueueType::kClassic)
    return Overflow::kRejectPublishDeadLetter;
  return Overflow::kDropHead;
}

void choose_overflow(TableView definition, const QueueDeclaration& declaration,
                     QueueSettings& settings) {
  const auto value = definition.find(policy_keys::kOverflow);
  if (!value) return;
  if (settings.type == QueueType::kClassic && declaration.arguments.view().find("x-overflow"))
    return;
  settings.overflow = overflow_named(value->bytes, settings.type);
}

}  // namespace

PolicySubject subject_of(QueueType type) {
  return type == QueueType::kQuorum ? PolicySubject::kQuorumQueue : PolicySubject::kClassicQueue;
}

QueueSettings effective_settings(QueueSettings declared, const QueueDeclaration& declaration,
                                 AppliedPolicies policies, const VirtualHostLimits& limits) {
  QueueSettings settings = std::move(declared);
  if (policies.any()) {
    const amqp::FieldTable definition = policies.definition();
    lower(definition, policy_keys::kMessageTtl, settings.message_ttl);
    lower(definition, policy_keys::kExpires, settings.expires);
    lower(definition, policy_keys::kMaxLength, settings.max_length);
    lower(definition, policy_keys::kMaxLengthBytes, settings.max_length_bytes);
    lower(definition, policy_keys::kConsumerTimeout, settings.consumer_timeout);
    lower(definition, policy_keys::kDeliveryLimit, settings.delivery_limit);
    fill(definition, policy_keys::kDeadLetterExchange, settings.dead_letter_exchange);
    fill(definition, policy_keys::kDeadLetterRoutingKey, settings.dead_letter_routing_key);
    choose_overflow(definition, declaration, settings);
  }
  if (settings.type == QueueType::kQuorum && !settings.delivery_limit)
    settings.delivery_limit = limits.default_delivery_limit;
  settings.policies = std::move(policies);
  return settings;
}

}  // namespace harrier::broker

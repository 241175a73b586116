#include "broker/queue_arguments.h"

#include <array>

#include "broker/equivalence.h"
#include "broker/expiration.h"

namespace harrier::broker {
namespace {

using amqp::FieldValue;
using amqp::ReplyCode;

// What is wrong with a value, in RabbitMQ's words; empty when nothing is.
using Complaint = std::string;
using Apply = Complaint (*)(const FieldValue&, QueueSettings&);

enum Types : std::uint8_t { kOnClassic = 1, kOnQuorum = 2, kOnBoth = 3 };

struct KnownArgument {
  std::string_view name;
  Types types;
  Apply apply;
};

Complaint unacceptable_type(const FieldValue& value) {
  return "{unacceptable_type," + std::string(value.type_name()) + "}";
}

// A whole number that is at least `lowest`.
Complaint take_number(const FieldValue& value, std::int64_t lowest, std::int64_t highest,
                      std::int64_t& number) {
  if (!value.is_integer())
    return "\"expected integer, got " + std::string(value.type_name()) + "\"";
  number = value.integer();
  if (number < lowest) {
    return number == 0 ? "{value_zero,0}" : "{value_negative," + std::to_string(number) + "}";
  }
  if (number > highest) return "{value_too_large," + std::to_string(number) + "}";
  return {};
}

Complaint take_duration(const FieldValue& value, std::int64_t lowest,
                        std::optional<base::Milliseconds>& duration) {
  std::int64_t number = 0;
  Complaint complaint = take_number(value, lowest, kTimeToLiveMaxMs, number);
  if (complaint.empty()) duration = base::Milliseconds(number);
  return complaint;
}

Complaint take_count(const FieldValue& value, std::optional<std::uint64_t>& count) {
  std::int64_t number = 0;
  Complaint complaint = take_number(value, 0, INT64_MAX, number);
  if (complaint.empty()) count = static_cast<std::uint64_t>(number);
  return complaint;
}

Complaint take_text(const FieldValue& value, std::optional<std::string>& text) {
  if (!value.is_string()) return unacceptable_type(value);
  // It is going to be a short string on the wire.
  if (value.bytes.size() > 255)
    return "{value_too_long," + std::to_string(value.bytes.size()) + "}";
  text = std::string(value.bytes);
  return {};
}

Complaint apply_overflow(const FieldValue& value, QueueSettings& settings) {
  if (!value.is_string()) return unacceptable_type(value);
  if (value.bytes == "drop-head") {
    settings.overflow = Overflow::kDropHead;
  } else if (value.bytes == "reject-publish") {
    settings.overflow = Overflow::kRejectPublish;
  } else if (value.bytes == "reject-publish-dlx") {
    settings.overflow = Overflow::kRejectPublishDeadLetter;
  } else {
    return "invalid_overflow";
  }
  return {};
}

Complaint apply_max_priority(const FieldValue& value, QueueSettings& settings) {
  std::int64_t number = 0;
  Complaint complaint = take_number(value, 0, INT64_MAX, number);
  if (!complaint.empty()) return complaint;
  if (number > 255) return "{max_value_exceeded," + std::to_string(number) + "}";
  settings.max_priority = static_cast<std::uint8_t>(number);
  return {};
}

Complaint apply_delivery_limit(const FieldValue& value, QueueSettings& settings) {
  std::int64_t number = 0;
  Complaint complaint = take_number(value, -1, INT64_MAX, number);
  if (complaint.empty()) settings.delivery_limit = number;
  return complaint;
}

Complaint apply_single_active(const FieldValue& value, QueueSettings& settings) {
  if (value.type != 't') return unacceptable_type(value);
  settings.single_active_consumer = value.boolean();
  return {};
}

Complaint check_text(const FieldValue& value, QueueSettings&) {
  return value.is_string() ? Complaint() : unacceptable_type(value);
}

Complaint check_number(const FieldValue& value, QueueSettings&) {
  std::int64_t number = 0;
  return take_number(value, 0, INT64_MAX, number);
}

Complaint check_queue_mode(const FieldValue& value, QueueSettings&) {
  if (!value.is_string()) return unacceptable_type(value);
  if (value.bytes == "lazy" || value.bytes == "default") return {};
  return "\"unsupported queue mode '" + std::string(value.bytes) + "'\"";
}

// x-queue-type is not here: it is looked at first, since it decides which of these apply. Those
// with only a check are accepted for compatibility and change nothing on one node.
constexpr auto kKnownArguments = std::to_array<KnownArgument>({
    {"x-message-ttl", kOnBoth,
     [](const FieldValue& v, QueueSettings& s) { return take_duration(v, 0, s.message_ttl); }},
    {"x-expires", kOnBoth,
     [](const FieldValue& v, QueueSettings& s) { return take_duration(v, 1, s.expires); }},
    {"x-max-length", kOnBoth,
     [](const FieldValue& v, QueueSettings& s) { return take_count(v, s.max_length); }},
    {"x-max-length-bytes", kOnBoth,
     [](const FieldValue& v, QueueSettings& s) { return take_count(v, s.max_length_bytes); }},
    {"x-overflow", kOnBoth, apply_overflow},
    {kDeadLetterExchange, kOnBoth,
     [](const FieldValue& v, QueueSettings& s) { return take_text(v, s.dead_letter_exchange); }},
    {"x-dead-letter-routing-key", kOnBoth,
     [](const FieldValue& v, QueueSettings& s) { return take_text(v, s.dead_letter_routing_key); }},
    {"x-max-priority", kOnClassic, apply_max_priority},
    {"x-single-active-consumer", kOnBoth, apply_single_active},
    {"x-delivery-limit", kOnQuorum, apply_delivery_limit},
    {"x-consumer-timeout", kOnBoth,
     [](const FieldValue& v, QueueSettings& s) { return take_duration(v, 0, s.consumer_timeout); }},
    {"x-queue-mode", kOnClassic, check_queue_mode},
    {"x-queue-version", kOnClassic, check_number},
    {"x-queue-master-locator", kOnClassic, check_text},
    {"x-queue-leader-locator", kOnBoth, check_text},
    {"x-dead-letter-strategy", kOnQuorum, check_text},
    {"x-quorum-initial-group-size", kOnQuorum, check_number},
    {"x-max-in-memory-length", kOnQuorum, check_number},
    {"x-max-in-memory-bytes", kOnQuorum, check_number},
});

std::string in_virtual_host(std::string_view name, std::string_view virtual_host) {
  std::string text = "queue '";
  text.append(name).append("' in vhost '").append(virtual_host).append("'");
  return text;
}

amqp::Checked<QueueType> parse_type(const QueueDeclaration& declaration,
                                    std::string_view virtual_host) {
  const auto value = declaration.arguments.view().find("x-queue-type");
  if (!value) return QueueType::kClassic;
  if (value->is_string() && value->bytes == "classic") return QueueType::kClassic;
  if (value->is_string() && value->bytes == "quorum") return QueueType::kQuorum;
  return amqp::refuse(ReplyCode::kPreconditionFailed,
                      "invalid arg 'x-queue-type' for " +
                          in_virtual_host(declaration.name, virtual_host) +
                          ": \"unsupported queue type '" + std::string(value->bytes) + "'\"");
}

amqp::CheckedStatus check_quorum_properties(const QueueDeclaration& declaration,
                                            std::string_view virtual_host) {
  std::string_view property;
  if (!declaration.durable) property = "non-durable";
  if (declaration.auto_delete) property = "auto-delete";
  if (declaration.exclusive) property = "exclusive-owner";
  if (property.empty()) return base::Done{};
  return amqp::refuse(ReplyCode::kPreconditionFailed,
                      "invalid property '" + std::string(property) + "' for " +
                          in_virtual_host(declaration.name, virtual_host));
}

// A queue without a type is a classic queue.
std::optional<FieldValue> type_argument(const QueueDeclaration& declaration) {
  auto value = declaration.arguments.view().find("x-queue-type");
  if (value && value->is_string() && value->bytes == "classic") return std::nullopt;
  return value;
}

}  // namespace

amqp::Checked<QueueSettings> parse_queue_arguments(const QueueDeclaration& declaration,
                                                   std::string_view virtual_host) {
  QueueSettings settings;
  const auto type = parse_type(declaration, virtual_host);
  if (!type.ok()) return base::fail(type.error());
  settings.type = *type;
  if (settings.type == QueueType::kQuorum) {
    if (const auto status = check_quorum_properties(declaration, virtual_host); !status.ok())
      return base::fail(status.error());
  }
  const std::uint8_t wanted = settings.type == QueueType::kClassic ? kOnClassic : kOnQuorum;
  for (const KnownArgument& known : kKnownArguments) {
    const auto value = declaration.arguments.view().find(known.name);
    if (!value) continue;
    std::string refusal = "invalid arg '" + std::string(known.name) + "' for " +
                          in_virtual_host(declaration.name, virtual_host);
    if ((known.types & wanted) == 0) {
      refusal += settings.type == QueueType::kQuorum ? " of queue type rabbit_quorum_queue"
                                                     : " of queue type rabbit_classic_queue";
      return amqp::refuse(ReplyCode::kPreconditionFailed, std::move(refusal));
    }
    if (known.name == kDeadLetterExchange && !value->is_string()) {
      return amqp::refuse(ReplyCode::kPreconditionFailed,
                          "invalid type '" + std::string(value->type_name()) + "' for arg '" +
                              std::string(known.name) + "' in " +
                              in_virtual_host(declaration.name, virtual_host));
    }
    if (Complaint complaint = known.apply(*value, settings); !complaint.empty())
      return amqp::refuse(ReplyCode::kPreconditionFailed, refusal + ": " + complaint);
  }
  // RabbitMQ's quorum queues know no reject-publish-dlx and fall back to the default.
  if (settings.type == QueueType::kQuorum &&
      settings.overflow == Overflow::kRejectPublishDeadLetter)
    settings.overflow = Overflow::kDropHead;
  if (settings.dead_letter_routing_key && !settings.dead_letter_exchange) {
    return amqp::refuse(ReplyCode::kPreconditionFailed,
                        "invalid arg 'x-dead-letter-routing-key' for " +
                            in_virtual_host(declaration.name, virtual_host) +
                            ": routing_key_but_no_dlx_defined");
  }
  return settings;
}

amqp::CheckedStatus check_equivalent(const QueueDeclaration& current,
                                     const QueueDeclaration& redeclared,
                                     std::string_view virtual_host) {
  const Redeclared what{"queue", current.name, virtual_host};
  // A durable exclusive queue is a transient one.
  auto status = check_same(what, "durable", redeclared.durable && !redeclared.exclusive,
                           current.durable && !current.exclusive);
  if (status.ok())
    status = check_same(what, "auto_delete", redeclared.auto_delete, current.auto_delete);
  if (status.ok())
    status = check_same(what, "x-queue-type", type_argument(redeclared), type_argument(current));
  for (const KnownArgument& known : kKnownArguments) {
    if (!status.ok()) break;
    status = check_same(what, known.name, redeclared.arguments.view().find(known.name),
                        current.arguments.view().find(known.name));
  }
  return status;
}

std::shared_ptr<const QueueSettings> SharedSettings::share(QueueSettings settings) {
  for (const auto& kind : kinds_)
    if (kind && *kind == settings) return kind;
  auto& place = kinds_[next_++ % kKinds];
  place = std::make_shared<const QueueSettings>(std::move(settings));
  return place;
}

}  // namespace harrier::broker

#include "broker/dead_letter.h"

#include "amqp/properties.h"
#include "base/check.h"

namespace harrier::broker {
namespace {

using amqp::ArrayView;
using amqp::FieldArray;
using amqp::FieldTable;
using amqp::FieldValue;
using amqp::TableView;

constexpr std::string_view kDeaths = "x-death";
constexpr std::string_view kCarbonCopy = "CC";

bool is_text(const std::optional<FieldValue>& value, std::string_view text) {
  return value && value->is_string() && value->bytes == text;
}

// The x-death array, or an empty one.
ArrayView deaths_in(TableView headers) {
  const auto deaths = headers.find(kDeaths);
  return deaths && deaths->type == 'A' ? deaths->array() : ArrayView();
}

bool same_death(const FieldValue& entry, std::string_view queue, std::string_view reason) {
  if (entry.type != 'F') return false;
  return is_text(entry.table().find("queue"), queue) &&
         is_text(entry.table().find("reason"), reason);
}

FieldArray routing_keys_of(const Message& message, TableView headers) {
  FieldArray keys;
  keys.add_string(message.routing_key());
  if (const auto copies = headers.find(kCarbonCopy); copies && copies->type == 'A') {
    for (const FieldValue& key : copies->array())
      if (key.is_string()) keys.add_string(key.bytes);
  }
  return keys;
}

FieldTable first_death(const Message& message, const Death& death, TableView headers,
                       const amqp::Properties& properties) {
  FieldTable entry;
  entry.add_long("count", 1)
      .add_string("reason", death_reason(death.reason))
      .add_string("queue", death.queue)
      .add_timestamp("time", static_cast<std::uint64_t>(death.time.time_since_epoch() /
                                                        std::chrono::seconds(1)))
      .add_string("exchange", message.exchange())
      .add_array("routing-keys", routing_keys_of(message, headers));
  if (properties.has(amqp::kExpiration))
    entry.add_string("original-expiration", properties.expiration);
  return entry;
}

FieldTable counted_again(TableView entry) {
  FieldTable again;
  for (const amqp::Field& field : entry) {
    if (field.name == "count" && field.value.is_integer()) {
      again.add_long("count", field.value.integer() + 1);
    } else {
      again.add(field.name, field.value);
    }
  }
  return again;
}

// The new death first, then the others in their order.
FieldArray next_deaths(const Message& message, const Death& death, TableView headers,
                       const amqp::Properties& properties) {
  const std::string_view reason = death_reason(death.reason);
  FieldArray deaths;
  // Also what a client sent on: programs that retry by publishing again count their tries with it.
  const ArrayView earlier = deaths_in(headers);
  for (const FieldValue& entry : earlier)
    if (same_death(entry, death.queue, reason)) deaths.add_table(counted_again(entry.table()));
  if (deaths.empty()) deaths.add_table(first_death(message, death, headers, properties));
  for (const FieldValue& entry : earlier)
    if (!same_death(entry, death.queue, reason)) deaths.add(entry);
  return deaths;
}

bool is_replaced(std::string_view name, const Death& death) {
  return name == kDeaths || name.starts_with("x-last-death-") ||
         (death.routing_key && name == kCarbonCopy);
}

FieldTable next_headers(const Message& message, const Death& death,
                        const amqp::Properties& properties) {
  const TableView headers = properties.headers;
  FieldTable next;
  for (const amqp::Field& field : headers)
    if (!is_replaced(field.name, death)) next.add(field.name, field.value);
  next.add_array(kDeaths, next_deaths(message, death, headers, properties));
  const std::string_view reason = death_reason(death.reason);
  if (!headers.find("x-first-death-reason")) {
    next.add_string("x-first-death-reason", reason)
        .add_string("x-first-death-queue", death.queue)
        .add_string("x-first-death-exchange", message.exchange());
  }
  next.add_string("x-last-death-reason", reason)
      .add_string("x-last-death-queue", death.queue)
      .add_string("x-last-death-exchange", message.exchange());
  return next;
}

}  // namespace

std::string_view death_reason(SettleReason reason) {
  switch (reason) {
    case SettleReason::kRejected: return "rejected";
    case SettleReason::kExpired: return "expired";
    case SettleReason::kMaxLength: return "maxlen";
    case SettleReason::kDeliveryLimit: return "delivery_limit";
    default: break;
  }
  CHECK(false && "not a reason to dead-letter");
  return {};
}

MessageRef dead_letter_message(const Message& message, const Death& death,
                               std::string_view exchange) {
  const amqp::Properties properties = amqp::parse_properties(message.property_bytes());
  const FieldTable headers = next_headers(message, death, properties);
  const std::string property_bytes =
      amqp::with_headers(message.property_bytes(), headers, /*drop_expiration=*/true);
  MessageParts parts;
  parts.exchange = exchange;
  parts.routing_key = death.routing_key.value_or(message.routing_key());
  parts.property_bytes = property_bytes;
  parts.body = message.body();
  parts.persistent = message.persistent();
  parts.priority = message.priority();
  parts.dead_lettered = true;
  parts.traced = message.traced();
  parts.ingress = message.ingress();
  return Message::create(parts);
}

std::vector<Bytes> dead_letter_keys(const Message& dead_letter) {
  std::vector<Bytes> keys{dead_letter.routing_key()};
  const auto copies =
      amqp::parse_properties(dead_letter.property_bytes()).headers.find(kCarbonCopy);
  if (copies && copies->type == 'A') {
    for (const FieldValue& key : copies->array())
      if (key.is_string()) keys.push_back(key.bytes);
  }
  return keys;
}

bool is_dead_letter_cycle(TableView headers, std::string_view queue, bool trusted) {
  for (const FieldValue& entry : deaths_in(headers)) {
    if (entry.type != 'F') continue;
    if (is_text(entry.table().find("reason"), "rejected")) return false;
    if (is_text(entry.table().find("queue"), queue)) return true;
    // Behind the newest entry, which is ours, stands what a client may have made up.
    if (!trusted) return false;
  }
  return false;
}

}  // namespace harrier::broker

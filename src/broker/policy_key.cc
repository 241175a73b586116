#include "broker/policy_key.h"

#include <algorithm>
#include <array>
#include <vector>

#include "broker/expiration.h"

namespace harrier::broker {
namespace {

using amqp::Field;
using amqp::FieldValue;
using amqp::TableView;

enum Types : std::uint8_t { kOnAny = 0, kNotOnClassic = 1, kNotOnQuorum = 2, kOnNone = 3 };

struct PolicyKey {
  std::string_view name;
  // "5 is not a valid …".
  std::string_view meaning;
  bool (*good)(const FieldValue&);
  Types types = kOnAny;
  bool for_operators = false;
};

template <std::int64_t kLowest, std::int64_t kHighest = INT64_MAX>
bool is_number(const FieldValue& value) {
  return value.is_integer() && value.integer() >= kLowest && value.integer() <= kHighest;
}

// It is going to be a short string on the wire.
bool is_name(const FieldValue& value) { return value.is_string() && value.bytes.size() <= 255; }

bool is_anything(const FieldValue&) { return true; }

template <std::size_t kCount>
bool is_one_of(const FieldValue& value, const std::array<std::string_view, kCount>& words) {
  return value.is_string() && std::find(words.begin(), words.end(), value.bytes) != words.end();
}

bool is_overflow(const FieldValue& value) {
  return is_one_of<3>(value, {"drop-head", "reject-publish", "reject-publish-dlx"});
}

bool is_strategy(const FieldValue& value) {
  return is_one_of<2>(value, {"at-most-once", "at-least-once"});
}

bool is_queue_mode(const FieldValue& value) { return is_one_of<2>(value, {"default", "lazy"}); }

bool is_leader_locator(const FieldValue& value) {
  return is_one_of<4>(value, {"client-local", "balanced", "random", "least-leaders"});
}

// In the order in which RabbitMQ looks at them: by name.
constexpr auto kKeys = std::to_array<PolicyKey>({
    {policy_keys::kAlternateExchange, "alternate exchange name", is_name},
    {policy_keys::kConsumerTimeout, "consumer timeout", is_number<0, kTimeToLiveMaxMs>, kOnAny,
     true},
    {policy_keys::kDeadLetterExchange, "dead letter exchange name", is_name},
    {policy_keys::kDeadLetterRoutingKey, "dead letter routing key", is_name},
    {"dead-letter-strategy", "dead letter strategy", is_strategy, kNotOnClassic},
    {policy_keys::kDeliveryLimit, "delivery limit", is_number<0>, kNotOnClassic, true},
    {policy_keys::kExpires, "queue expiry", is_number<1, kTimeToLiveMaxMs>, kOnAny, true},
    {"ha-mode", "ha-mode", is_anything, kNotOnQuorum},
    {"ha-params", "ha-params", is_anything, kNotOnQuorum},
    {"ha-promote-on-failure", "ha-promote-on-failure", is_anything, kNotOnQuorum},
    {"ha-promote-on-shutdown", "ha-promote-on-shutdown", is_anything, kNotOnQuorum},
    {"ha-sync-batch-size", "ha-sync-batch-size", is_anything},
    {"ha-sync-mode", "ha-sync-mode", is_anything, kNotOnQuorum},
    {"initial-cluster-size", "cluster size", is_number<0>, kOnNone},
    {"max-age", "max age", is_anything, kOnNone},
    {"max-in-memory-bytes", "maximum memory in bytes", is_number<0>, kOnAny, true},
    {"max-in-memory-length", "maximum memory in bytes", is_number<0>, kOnAny, true},
    {policy_keys::kMaxLength, "maximum length", is_number<0>, kOnAny, true},
    {policy_keys::kMaxLengthBytes, "maximum length in bytes", is_number<0>, kOnAny, true},
    {policy_keys::kMessageTtl, "message TTL", is_number<0, kTimeToLiveMaxMs>, kOnAny, true},
    {policy_keys::kOverflow, "overflow value", is_overflow, kOnAny, true},
    {"queue-leader-locator", "queue leader locator value", is_leader_locator, kNotOnClassic},
    {"queue-master-locator", "queue-master-locator", is_anything, kNotOnQuorum},
    {"queue-mode", "queue-mode value", is_queue_mode, kNotOnQuorum},
    {"queue-version", "queue-version value", is_number<1, 2>},
    {"stream-max-segment-size-bytes", "segment size", is_number<0, 3'000'000'000>, kOnNone},
});

const PolicyKey* find_key(std::string_view name) {
  const auto found = std::lower_bound(
      kKeys.begin(), kKeys.end(), name,
      [](const PolicyKey& key, std::string_view wanted) { return key.name < wanted; });
  return found != kKeys.end() && found->name == name ? found : nullptr;
}

std::string quoted(std::string_view bytes) {
  return std::string("<<\"").append(bytes.substr(0, 255)).append("\">>");
}

// As RabbitMQ shows its Erlang term.
std::string term(const FieldValue& value) {
  if (value.is_string()) return quoted(value.bytes);
  if (value.type != 'A') return value.display();
  std::string text = "[";
  for (const FieldValue& item : value.array()) {
    if (text.size() > 255) break;
    text.append(text.size() == 1 ? "" : ",");
    text.append(item.is_string() ? quoted(item.bytes) : item.display());
  }
  return text + "]";
}

FieldValue merged(std::string_view key, const FieldValue& user, const FieldValue& from_operator) {
  if (!user.is_integer() || !from_operator.is_integer()) return from_operator;
  const std::int64_t lower = lower_limit(key, user.integer(), from_operator.integer());
  return lower == user.integer() ? user : from_operator;
}

}  // namespace

std::string check_definition(PolicyKind kind, TableView definition) {
  if (definition.empty()) return "no policy provided";
  const std::vector<Field> fields = amqp::fields_by_name(definition);
  std::string unknown;
  for (std::size_t i = 0; i != fields.size(); ++i) {
    const Field& field = fields[i];
    if (i != 0 && fields[i - 1].name == field.name)
      return "[" + quoted(field.name) + "] duplicate keys not allowed";
    const PolicyKey* key = find_key(field.name);
    if (key == nullptr || (kind == PolicyKind::kOperator && !key->for_operators)) {
      if (unknown.size() > 255) continue;
      unknown.append(unknown.empty() ? "{" : ",{").append(quoted(field.name)).append(",");
      unknown.append(term(field.value)).append("}");
    } else if (!key->good(field.value)) {
      return term(field.value) + " is not a valid " + std::string(key->meaning);
    }
  }
  if (!unknown.empty()) return "[" + unknown + "] are not recognised policy settings";
  if (!definition.find("ha-mode")) {
    for (const Field& field : fields)
      if (field.name.starts_with("ha-"))
        return "ha-mode must be specified to specify ha-params, ha-sync-mode or "
               "ha-promote-on-shutdown";
  }
  return {};
}

bool may_apply(TableView definition, PolicySubject subject) {
  if (subject == PolicySubject::kExchange) return true;
  const Types lacking = subject == PolicySubject::kClassicQueue ? kNotOnClassic : kNotOnQuorum;
  for (const Field& field : definition) {
    const PolicyKey* key = find_key(field.name);
    if (key != nullptr && (key->types & lacking) != 0) return false;
  }
  return true;
}

std::int64_t lower_limit(std::string_view key, std::int64_t a, std::int64_t b) {
  const bool zero_is_none = key == policy_keys::kConsumerTimeout;
  const auto none = [&](std::int64_t limit) { return limit < 0 || (zero_is_none && limit == 0); };
  if (none(a)) return b;
  if (none(b)) return a;
  return std::min(a, b);
}

amqp::FieldTable merge_definitions(TableView user, TableView from_operator) {
  amqp::FieldTable merge;
  std::vector<Field> fields = amqp::fields_by_name(user);
  for (const Field& field : from_operator)
    if (!user.find(field.name)) fields.push_back(field);
  std::stable_sort(fields.begin(), fields.end(),
                   [](const Field& a, const Field& b) { return a.name < b.name; });
  for (const Field& field : fields) {
    const auto other = from_operator.find(field.name);
    merge.add(field.name, other ? merged(field.name, field.value, *other) : field.value);
  }
  return merge;
}

}  // namespace harrier::broker

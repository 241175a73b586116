#include "server/definitions_values.h"

#include <bit>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "base/hex.h"
#include "base/utf8.h"

namespace harrier::server {
namespace {

using amqp::FieldValue;
using nlohmann::json;

constexpr std::size_t kNameMax = 255;

// A value that keeps its octets.
struct OwnedValue {
  char type = 'V';
  std::string bytes;

  FieldValue view() const { return {type, bytes}; }
};

template <class Number>
std::string big_endian(Number number) {
  std::string bytes(sizeof number, '\0');
  for (std::size_t at = 0; at != bytes.size(); ++at)
    bytes[at] = static_cast<char>(number >> (8 * (bytes.size() - 1 - at)));
  return bytes;
}

std::uint64_t number_in(base::Bytes bytes) {
  std::uint64_t number = 0;
  for (const char octet : bytes)
    number = number << 8 | static_cast<unsigned char>(octet);
  return number;
}

base::Result<OwnedValue> value_of_json(const json& value);

base::Result<OwnedValue> array_of_json(const json& items) {
  amqp::FieldArray array;
  for (const json& item : items) {
    auto value = value_of_json(item);
    if (!value.ok()) return value;
    array.add(value->view());
  }
  return OwnedValue{'A', std::string(amqp::ArrayView(array).bytes())};
}

base::Result<OwnedValue> value_of_json(const json& value) {
  switch (value.type()) {
    case json::value_t::null: return OwnedValue{};
    case json::value_t::boolean: return OwnedValue{'t', std::string(1, value.get<bool>() ? 1 : 0)};
    case json::value_t::string: return OwnedValue{'S', value.get<std::string>()};
    case json::value_t::number_integer:
      return OwnedValue{'l', big_endian(static_cast<std::uint64_t>(value.get<std::int64_t>()))};
    case json::value_t::number_unsigned: {
      const auto number = value.get<std::uint64_t>();
      if (number > static_cast<std::uint64_t>(INT64_MAX)) return base::fail("too large a number");
      return OwnedValue{'l', big_endian(number)};
    }
    case json::value_t::number_float:
      return OwnedValue{'d', big_endian(std::bit_cast<std::uint64_t>(value.get<double>()))};
    case json::value_t::array: return array_of_json(value);
    case json::value_t::object: {
      auto table = table_of_json(value);
      if (!table.ok()) return base::fail(std::move(table).error());
      return OwnedValue{'F', std::string(table->view().bytes())};
    }
    case json::value_t::binary:
    case json::value_t::discarded: break;
  }
  return base::fail("no value");
}

// "Not a number" and its kin JSON does not have.
json json_of_double(double number) {
  if (number != number || number > std::numeric_limits<double>::max() ||
      number < std::numeric_limits<double>::lowest())
    return nullptr;
  return number;
}

json json_of_value(const FieldValue& value) {
  if (value.is_integer()) return value.integer();
  switch (value.type) {
    case 't': return value.boolean();
    case 'S':
    case 'x': return std::string(value.bytes);
    case 'T': return value.timestamp();
    case 'd': return json_of_double(std::bit_cast<double>(number_in(value.bytes)));
    case 'f':
      return json_of_double(
          std::bit_cast<float>(static_cast<std::uint32_t>(number_in(value.bytes))));
    case 'F': return json_of_table(value.table());
    case 'A': {
      json array = json::array();
      for (const FieldValue& item : value.array())
        array.push_back(json_of_value(item));
      return array;
    }
    default: return nullptr;
  }
}

bool is_text(const FieldValue& value) {
  if (value.is_string()) return base::is_utf8(value.bytes);
  if (value.type == 'F') return server::is_text(value.table());
  if (value.type != 'A') return true;
  for (const FieldValue& item : value.array())
    if (!is_text(item)) return false;
  return true;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void put(json& object, const char* name, const std::optional<std::uint64_t>& limit) {
  if (limit) object[name] = *limit;
}

}  // namespace

json object_of(const json& value) {
  if (!value.is_array()) return value;
  json object = json::object();
  for (const json& pair : value) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string()) return value;
    object[pair[0].get<std::string>()] = pair[1];
  }
  return object;
}

base::Result<amqp::FieldTable> table_of_json(const json& object) {
  amqp::FieldTable table;
  if (!object.is_object()) return base::fail("no object");
  for (const auto& [name, item] : object.items()) {
    if (name.size() > kNameMax) return base::fail("a key of more than 255 octets");
    auto value = value_of_json(item);
    if (!value.ok()) return base::fail("'" + name + "' is " + value.error().message);
    table.add(name, value->view());
  }
  // The encoder's widths are the decoder's; how many and how deep is the limit of any table.
  if (auto valid = amqp::validate_table(table.view().bytes()); !valid.ok())
    return base::fail("a table with too many fields, or too deep");
  return table;
}

json json_of_table(amqp::TableView table) {
  json object = json::object();
  // Of fields of one name the first counts.
  for (const amqp::Field& field : table)
    object.emplace(std::string(field.name), json_of_value(field.value));
  return object;
}

bool is_text(amqp::TableView table) {
  for (const amqp::Field& field : table)
    if (!base::is_utf8(field.name) || !is_text(field.value)) return false;
  return true;
}

bool is_exact(const json& json, amqp::TableView table) {
  if (!is_text(table)) return false;
  const auto again = table_of_json(json);
  return again.ok() && again->view().bytes() == table.bytes();
}

std::string hex_of_table(amqp::TableView table) {
  std::string text;
  for (const char octet : table.bytes())
    base::append_hex(text, octet);
  return text;
}

base::Result<amqp::FieldTable> table_of_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    const int high = digit_of(hex[at]);
    const int low = digit_of(hex[at + 1]);
    if (high < 0 || low < 0) return base::fail("no hexadecimal digits");
    bytes.push_back(static_cast<char>(high << 4 | low));
  }
  if (hex.size() % 2 != 0) return base::fail("half an octet");
  const auto table = amqp::validate_table(bytes);
  if (!table.ok()) return base::fail("no field table");
  return amqp::FieldTable(*table);
}

json json_of(const broker::UserLimits& limits) {
  json object = json::object();
  put(object, "max-connections", limits.connections_max);
  put(object, "max-channels", limits.channels_max);
  put(object, "max-consumers", limits.consumers_max);
  put(object, "max-message-size", limits.message_size_max);
  put(object, "max-publish-rate", limits.publish_rate.messages);
  put(object, "max-publish-byte-rate", limits.publish_rate.bytes);
  return object;
}

json json_of(const broker::TenantLimits& limits) {
  json object = json::object();
  put(object, "max-connections", limits.connections_max);
  put(object, "max-queues", limits.queues_max);
  put(object, "max-channels", limits.channels_max);
  put(object, "max-consumers", limits.consumers_max);
  put(object, "max-exchanges", limits.exchanges_max);
  put(object, "max-bindings", limits.bindings_max);
  put(object, "max-message-size", limits.message_size_max);
  put(object, "max-stored-bytes", limits.stored_bytes_max);
  put(object, "max-publish-rate", limits.publish_rate.messages);
  put(object, "max-publish-byte-rate", limits.publish_rate.bytes);
  if (limits.quota_action == broker::QuotaAction::kReject) object["quota-action"] = "reject";
  return object;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    while (word.starts_with(' '))
      word.remove_prefix(1);
    while (word.ends_with(' '))
      word.remove_suffix(1);
    if (!word.empty()) words.emplace_back(word);
  }
  return words;
}

}  // namespace harrier::server

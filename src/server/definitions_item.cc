#include "server/definitions_item.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "server/definitions_values.h"

namespace harrier::server {
namespace {

using nlohmann::json;

constexpr std::size_t kShortMax = 255;
constexpr std::size_t kUnknownMax = 100;

}  // namespace

DefinitionsItem::DefinitionsItem(const json& object, std::string_view section, std::string place,
                                 DefinitionsFindings& findings)
    : object_(object), section_(section), place_(std::move(place)), findings_(findings) {
  if (!object_.is_object()) complain("is no object");
}

DefinitionsItem::~DefinitionsItem() {
  if (!object_.is_object()) return;
  for (const auto& [key, value] : object_.items())
    if (!asked_.contains(key) && findings_.unknown.size() < kUnknownMax)
      findings_.unknown.insert(section_.empty() ? key : section_ + "." + key);
}

void DefinitionsItem::complain(const std::string& what) {
  if (findings_.error.empty()) findings_.error = place_ + " " + what;
}

const json* DefinitionsItem::find(const char* key) {
  asked_.insert(key);
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::string DefinitionsItem::name(const char* key) {
  std::string text = short_text(key);
  if (text.empty()) complain(std::string("has no ") + key);
  return text;
}

std::string DefinitionsItem::short_text(const char* key, const char* fallback) {
  std::string text = this->text(key, fallback);
  if (text.size() <= kShortMax) return text;
  complain(std::string("has a ") + key + " of more than 255 octets");
  return {};
}

std::string DefinitionsItem::text(const char* key, const char* fallback) {
  const json* const value = find(key);
  if (value == nullptr) return fallback;
  if (value->is_string()) return value->get<std::string>();
  complain(std::string("has a ") + key + " that is no text");
  return {};
}

bool DefinitionsItem::flag(const char* key, bool fallback) {
  const json* const value = find(key);
  if (value == nullptr) return fallback;
  if (value->is_boolean()) return value->get<bool>();
  if (*value == "true" || *value == "false") return *value == "true";
  complain(std::string("has a ") + key + " that is neither true nor false");
  return fallback;
}

std::int64_t DefinitionsItem::number(const char* key, std::int64_t fallback) {
  const json* const value = find(key);
  if (value == nullptr) return fallback;
  const bool fits = !value->is_number_unsigned() ||
                    value->get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX);
  if (value->is_number_integer() && fits) return value->get<std::int64_t>();
  if (value->is_string()) {
    const auto text = value->get<std::string>();
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [at, status] = std::from_chars(text.data(), end, number);
    if (status == std::errc() && at == end) return number;
  }
  complain(std::string("has a ") + key + " that is no whole number");
  return fallback;
}

std::optional<std::uint64_t> DefinitionsItem::limit(const char* key) {
  const std::int64_t value = number(key, -1);
  if (value < 0) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

std::vector<std::string> DefinitionsItem::words(const char* key) {
  const json* const value = find(key);
  if (value == nullptr) return {};
  if (value->is_string()) return words_of(value->get<std::string>());
  std::vector<std::string> words;
  if (value->is_array()) {
    for (const json& word : *value) {
      if (!word.is_string()) {
        complain(std::string("has ") + key + " that are no texts");
        return {};
      }
      words.push_back(word.get<std::string>());
    }
    return words;
  }
  complain(std::string("has ") + key + " that are neither a list nor a text");
  return words;
}

amqp::FieldTable DefinitionsItem::table(const char* key) {
  const std::string exact = std::string(key) + "_hex";
  const json* const value = find(key);
  if (const json* const hex = find(exact.c_str())) {
    auto table = table_of_hex(hex->is_string() ? hex->get<std::string>() : "?");
    if (table.ok()) return std::move(table).value();
    complain("has " + exact + " that is " + table.error().message);
    return {};
  }
  if (value == nullptr) return {};
  auto table = table_of_json(object_of(*value));
  if (table.ok()) return std::move(table).value();
  complain(std::string("has ") + key + ": " + table.error().message);
  return {};
}

void DefinitionsItem::pass(std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    asked_.insert(key);
}

}  // namespace harrier::server

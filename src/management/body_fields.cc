#include "management/body_fields.h"

#include <charconv>

#include "management/api_error.h"
#include "server/definitions_values.h"

namespace harrier::management {
namespace {

using nlohmann::json;

[[noreturn]] void complain(const char* name, const char* what) {
  throw bad_request("'" + std::string(name) + "' is not " + what);
}

}  // namespace

void BodyFields::need(std::initializer_list<const char*> names) const {
  std::string missing;
  for (const char* name : names)
    if (!object_.contains(name))
      missing.append(missing.empty() ? "" : ",").append("{key_missing,").append(name).append("}");
  if (!missing.empty()) throw bad_request("[" + missing + "]");
}

const json* BodyFields::find(const char* name) const {
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::string BodyFields::text(const char* name, const char* fallback) const {
  const json* const value = find(name);
  if (value == nullptr) return fallback;
  if (!value->is_string()) complain(name, "a text");
  return value->get<std::string>();
}

bool BodyFields::flag(const char* name, bool fallback) const {
  const json* const value = find(name);
  if (value == nullptr) return fallback;
  if (value->is_boolean()) return value->get<bool>();
  if (value->is_string()) {
    const auto& text = value->get_ref<const std::string&>();
    if (text == "true") return true;
    if (text == "false") return false;
  }
  complain(name, "true or false");
}

std::int64_t BodyFields::number(const char* name, std::int64_t fallback) const {
  const json* const value = find(name);
  if (value == nullptr) return fallback;
  const bool fits = value->is_number_unsigned() ? value->get<std::uint64_t>() <= INT64_MAX
                                                : value->is_number_integer();
  if (fits) return value->get<std::int64_t>();
  if (value->is_string()) {
    const auto& text = value->get_ref<const std::string&>();
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (read.ec == std::errc() && read.ptr == end) return number;
  }
  complain(name, "a whole number");
}

std::vector<std::string> BodyFields::words(const char* name) const {
  std::vector<std::string> words;
  const json* const value = find(name);
  if (value == nullptr) return words;
  if (value->is_array()) {
    for (const json& word : *value) {
      if (!word.is_string()) complain(name, "a list of texts");
      words.push_back(word.get<std::string>());
    }
    return words;
  }
  if (!value->is_string()) complain(name, "a list of texts");
  return server::words_of(value->get_ref<const std::string&>());
}

amqp::FieldTable BodyFields::table(const char* name) const {
  const json* const value = find(name);
  if (value == nullptr) return {};
  const json object = server::object_of(*value);
  if (!object.is_object()) complain(name, "an object");
  auto table = server::table_of_json(object);
  if (!table.ok()) throw bad_request("'" + std::string(name) + "': " + table.error().message);
  return std::move(table).value();
}

}  // namespace harrier::management

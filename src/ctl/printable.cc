#include "ctl/printable.h"

#include <cstdio>

#include "base/utf8.h"

namespace harrier::ctl {
namespace {

using Json = nlohmann::ordered_json;

char32_t code_point(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  switch (character.size()) {
    case 1: return byte(0);
    case 2: return (byte(0) & 0x1fu) << 6 | (byte(1) & 0x3fu);
    case 3: return (byte(0) & 0x0fu) << 12 | (byte(1) & 0x3fu) << 6 | (byte(2) & 0x3fu);
    default:
      return (byte(0) & 0x07u) << 18 | (byte(1) & 0x3fu) << 12 | (byte(2) & 0x3fu) << 6 |
             (byte(3) & 0x3fu);
  }
}

// Moves the cursor, ends a line, or changes the direction of what follows.
bool is_control(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200e && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

void append_escaped(std::string& out, char32_t c) {
  char text[16];
  if (c == '\n' || c == '\r' || c == '\t') {
    out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    return;
  }
  std::snprintf(text, sizeof text, c < 0x100 ? "\\x%02x" : "\\u%04x", static_cast<unsigned>(c));
  out += text;
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string scalar_text(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>();
  if (value.is_null()) return {};
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// REQUIRES: the nesting of `value` is bounded, as that of every answer is.
std::string term(const Json& value) {
  if (value.is_string()) return in_quotes(value.get_ref<const std::string&>());
  if (value.is_null()) return "undefined";
  if (!value.is_structured()) return scalar_text(value);
  std::string out = "[";
  for (auto item = value.begin(); item != value.end(); ++item) {
    if (out.size() > 1) out += ',';
    out += value.is_object() ? "{" + in_quotes(item.key()) + "," + term(*item) + "}" : term(*item);
  }
  return out + "]";
}

// Tags and the like: names that RabbitMQ shows without quotes.
std::string plain_list(const Json& value) {
  std::string out = "[";
  for (const Json& item : value) {
    if (out.size() > 1) out += ", ";
    out += item.is_structured() ? term(item) : scalar_text(item);
  }
  return out + "]";
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = base::utf8_character_size(base::Bytes(text));
    const std::string_view character = text.substr(0, size == 0 ? 1 : size);
    if (const char32_t c = size == 0 ? static_cast<unsigned char>(text[0]) : code_point(character);
        size == 0 || is_control(c))
      append_escaped(out, c);
    else
      out += character;
    text.remove_prefix(character.size());
  }
  return out;
}

std::string table_text(const Json& value) {
  if (value.is_array()) return printable(plain_list(value));
  return printable(value.is_object() ? term(value) : scalar_text(value));
}

}  // namespace harrier::ctl

// How values of tables read in error texts and logs.

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <charconv>

#include "amqp/field_table.h"
#include "base/utf8.h"

namespace harrier::amqp {
namespace {

// What is displayed stays this short whatever a peer sent; a reply text has 255 octets in all.
constexpr std::size_t kDisplaySizeMax = 255;

bool contains_ignoring_case(std::string_view text, std::string_view lower_case) {
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  return std::search(text.begin(), text.end(), lower_case.begin(), lower_case.end(), same) !=
         text.end();
}

bool names_a_secret(std::string_view name) {
  return contains_ignoring_case(name, "password") || contains_ignoring_case(name, "passwd") ||
         contains_ignoring_case(name, "passphrase") || contains_ignoring_case(name, "secret") ||
         contains_ignoring_case(name, "token") || contains_ignoring_case(name, "credential");
}

void append_value(std::string& out, const FieldValue& value);

void append_quoted(std::string& out, Bytes text) {
  out.append("'").append(base::cut_text(text, kDisplaySizeMax)).append("'");
}

void append_double(std::string& out, double number) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  out.append(text.data(), end);
}

void append_decimal(std::string& out, Bytes bytes) {
  const auto scale = static_cast<std::uint8_t>(bytes[0]);
  out.append(std::to_string(base::load_big_endian<std::uint32_t>(bytes.data() + 1)));
  out.append("e-").append(std::to_string(scale));
}

void append_table(std::string& out, TableView table) {
  out.push_back('{');
  const char* separator = "";
  for (const Field& field : table) {
    if (out.size() > kDisplaySizeMax) return;
    out.append(separator).append(base::cut_text(field.name, kDisplaySizeMax)).push_back('=');
    if (names_a_secret(field.name)) {
      out.append("(hidden)");
    } else {
      append_value(out, field.value);
    }
    separator = ", ";
  }
  out.push_back('}');
}

void append_array(std::string& out, ArrayView array) {
  out.push_back('[');
  const char* separator = "";
  for (const FieldValue& value : array) {
    if (out.size() > kDisplaySizeMax) return;
    out.append(separator);
    append_value(out, value);
    separator = ", ";
  }
  out.push_back(']');
}

void append_value(std::string& out, const FieldValue& value) {
  if (value.is_integer()) {
    out.append(std::to_string(value.integer()));
    return;
  }
  switch (value.type) {
    case 'S':
    case 'x': append_quoted(out, value.bytes); break;
    case 't': out.append(value.boolean() ? "true" : "false"); break;
    case 'T': out.append(std::to_string(value.timestamp())); break;
    case 'D': append_decimal(out, value.bytes); break;
    case 'f':
      append_double(out,
                    std::bit_cast<float>(base::load_big_endian<std::uint32_t>(value.bytes.data())));
      break;
    case 'd':
      append_double(
          out, std::bit_cast<double>(base::load_big_endian<std::uint64_t>(value.bytes.data())));
      break;
    case 'F': append_table(out, value.table()); break;
    case 'A': append_array(out, value.array()); break;
    default: out.append("undefined"); break;
  }
}

std::string cut(std::string text) {
  if (text.size() > kDisplaySizeMax) {
    text.resize(base::cut_text(text, kDisplaySizeMax - 3).size());
    text.append("...");
  }
  return text;
}

}  // namespace

std::string FieldValue::display() const {
  std::string text;
  append_value(text, *this);
  return cut(std::move(text));
}

std::string_view FieldValue::type_name() const {
  switch (type) {
    case 't': return "bool";
    case 'b': return "byte";
    case 'B': return "unsignedbyte";
    case 's': return "short";
    case 'u': return "unsignedshort";
    case 'I': return "signedint";
    case 'i': return "unsignedint";
    case 'l':
    case 'L': return "long";
    case 'f': return "float";
    case 'd': return "double";
    case 'D': return "decimal";
    case 'S': return "longstr";
    case 'A': return "array";
    case 'T': return "timestamp";
    case 'F': return "table";
    case 'x': return "binary";
    default: return "void";
  }
}

std::string display(TableView table) {
  std::string text;
  append_table(text, table);
  return cut(std::move(text));
}

}  // namespace harrier::amqp

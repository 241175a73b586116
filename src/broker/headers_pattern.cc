#include "broker/headers_pattern.h"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <iterator>
#include <optional>
#include <string>

#include "base/check.h"
#include "broker/mix_hash.h"

namespace harrier::broker {
namespace {

using amqp::Field;
using amqp::FieldValue;
using amqp::ReplyCode;

constexpr std::string_view kMatchArgument = "x-match";
// By HeadersMatch.
constexpr std::array<std::string_view, 4> kMatchNames = {"all", "any", "all-with-x", "any-with-x"};

std::optional<HeadersMatch> match_named(std::string_view name) {
  for (std::size_t i = 0; i < kMatchNames.size(); ++i) {
    if (kMatchNames[i] == name) return static_cast<HeadersMatch>(i);
  }
  return std::nullopt;
}

// A string as Erlang shows a binary: <<"text">>, or its octets where they are no text.
std::string shown_as_binary(amqp::Bytes bytes) {
  constexpr std::size_t kShownMax = 128;
  bytes = bytes.substr(0, kShownMax);
  const bool printable =
      std::all_of(bytes.begin(), bytes.end(), [](char c) { return c >= ' ' && c <= '~'; });
  std::string text = "<<";
  if (bytes.empty() || !printable) {
    for (const char c : bytes) {
      if (text.size() > 2) text.push_back(',');
      text.append(std::to_string(static_cast<unsigned char>(c)));
    }
    return bytes.empty() ? "<<>>" : text + ">>";
  }
  text.push_back('"');
  for (const char c : bytes) {
    if (c == '"' || c == '\\') text.push_back('\\');
    text.push_back(c);
  }
  return text + "\">>";
}

bool is_text(const FieldValue& value) { return value.type == 'S' || value.type == 'x'; }
bool is_float(const FieldValue& value) { return value.type == 'f' || value.type == 'd'; }

// REQUIRES is_float().
double float_of(const FieldValue& value) {
  if (value.type == 'f')
    return std::bit_cast<float>(base::load_big_endian<std::uint32_t>(value.bytes.data()));
  return std::bit_cast<double>(base::load_big_endian<std::uint64_t>(value.bytes.data()));
}

bool fulfils(const FieldValue& header, const FieldValue& wanted) {
  if (wanted.type == 'V') return true;
  if (is_text(header) && is_text(wanted)) return header.bytes == wanted.bytes;
  if (is_float(header) && is_float(wanted)) return float_of(header) == float_of(wanted);
  return same_value(header, wanted);
}

// Each class of values that may be equal has its number.
enum ValueClass : std::uint64_t { kPresent = 1, kInteger, kText, kFloat, kBoolean, kOther };

std::uint64_t hash_of_name(std::string_view name) { return std::hash<std::string_view>{}(name); }

}  // namespace

amqp::Checked<HeadersMatch> check_headers_arguments(amqp::TableView arguments) {
  std::size_t count = 0;
  for (const Field& field : arguments)
    count += field.name != kMatchArgument;
  if (count > kHeadersArgumentsMax) {
    return amqp::refuse(ReplyCode::kPreconditionFailed,
                        "a binding of a headers exchange has at most " +
                            std::to_string(kHeadersArgumentsMax) + " arguments, not " +
                            std::to_string(count));
  }
  const auto wanted = arguments.find(kMatchArgument);
  if (!wanted) return HeadersMatch::kAll;
  if (!wanted->is_string()) {
    const std::string value = is_text(*wanted) ? shown_as_binary(wanted->bytes) : wanted->display();
    return amqp::refuse(ReplyCode::kPreconditionFailed,
                        "Invalid x-match field type " + std::string(wanted->type_name()) +
                            " (value " + value + "); expected longstr");
  }
  if (const auto match = match_named(wanted->bytes)) return *match;
  return amqp::refuse(ReplyCode::kPreconditionFailed,
                      "Invalid x-match field value " + shown_as_binary(wanted->bytes) +
                          "; expected all, any, all-with-x, or any-with-x");
}

std::uint64_t hash_of_condition(std::string_view name, const FieldValue& value) {
  const std::uint64_t named = hash_of_name(name);
  if (value.is_integer())
    return mix_hash(mix_hash(named, kInteger), static_cast<std::uint64_t>(value.integer()));
  if (is_text(value))
    return mix_hash(mix_hash(named, kText), std::hash<std::string_view>{}(value.bytes));
  if (is_float(value))
    return mix_hash(mix_hash(named, kFloat), std::hash<double>{}(float_of(value)));
  if (value.type == 't') return mix_hash(mix_hash(named, kBoolean), value.boolean());
  // Tables and arrays may be equal without having the same bytes; what is left is rare.
  return mix_hash(mix_hash(named, kOther), static_cast<unsigned char>(value.type));
}

std::uint64_t hash_of_presence(std::string_view name) {
  return mix_hash(hash_of_name(name), kPresent);
}

void HeaderSet::load(amqp::TableView headers) {
  headers_.clear();
  for (const Field& field : headers) {
    const auto position = static_cast<std::uint32_t>(headers_.size());
    headers_.push_back(Header{field.name, field.value, position});
  }
  if (!sorted()) return;
  std::sort(headers_.begin(), headers_.end(), [](const Header& a, const Header& b) {
    return a.name != b.name ? a.name < b.name : a.position < b.position;
  });
}

const FieldValue* HeaderSet::find(std::string_view name) const {
  if (!sorted()) {
    const auto last = std::find_if(headers_.rbegin(), headers_.rend(),
                                   [name](const Header& header) { return header.name == name; });
    return last == headers_.rend() ? nullptr : &last->value;
  }
  const auto behind =
      std::upper_bound(headers_.begin(), headers_.end(), name,
                       [](std::string_view wanted, const Header& h) { return wanted < h.name; });
  if (behind == headers_.begin() || std::prev(behind)->name != name) return nullptr;
  return &std::prev(behind)->value;
}

HeadersPattern::HeadersPattern(amqp::TableView arguments) {
  const auto match = check_headers_arguments(arguments);
  CHECK(match.ok());
  any_ = *match == HeadersMatch::kAny || *match == HeadersMatch::kAnyWithX;
  const bool with_x = *match == HeadersMatch::kAllWithX || *match == HeadersMatch::kAnyWithX;
  for (const Field& field : arguments) {
    if (with_x ? field.name == kMatchArgument : field.name.starts_with("x-")) continue;
    const std::uint64_t hash = field.value.type == 'V' ? hash_of_presence(field.name)
                                                       : hash_of_condition(field.name, field.value);
    conditions_.push_back(Condition{field.name, field.value, hash});
  }
}

bool HeadersPattern::matches(const HeaderSet& headers) const {
  for (const Condition& condition : conditions_) {
    const FieldValue* header = headers.find(condition.name);
    const bool fulfilled = header != nullptr && fulfils(*header, condition.value);
    if (fulfilled == any_) return any_;
  }
  return !any_;
}

}  // namespace harrier::broker

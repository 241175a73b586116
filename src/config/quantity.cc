#include "config/quantity.h"

#include <charconv>
#include <span>

namespace harrier::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

// Largest first, so that the first that divides evenly is the shortest form. Only the powers of two
// are written.
constexpr std::size_t kWrittenSizeUnits = 4;
constexpr Unit kSizeUnits[] = {{"TiB", 1LL << 40},
                               {"GiB", 1LL << 30},
                               {"MiB", 1LL << 20},
                               {"KiB", 1LL << 10},
                               {"TB", 1'000'000'000'000},
                               {"GB", 1'000'000'000},
                               {"MB", 1'000'000},
                               {"KB", 1000},
                               {"B", 1},
                               {"", 1}};
constexpr Unit kTimeUnits[] = {
    {"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}};

std::optional<std::int64_t> parse_with_unit(std::string_view text, std::span<const Unit> units) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  const std::string_view unit_name = digits == text.npos ? "" : text.substr(digits);
  const auto number = parse_integer(text.substr(0, digits));
  if (!number) return std::nullopt;
  for (const Unit& unit : units) {
    if (unit.name != unit_name) continue;
    std::int64_t product = 0;
    if (__builtin_mul_overflow(*number, unit.factor, &product)) return std::nullopt;
    return product;
  }
  return std::nullopt;
}

std::string text_with_unit(std::int64_t number, std::span<const Unit> units) {
  if (number == 0) return "0";
  for (const Unit& unit : units)
    if (number % unit.factor == 0) return std::to_string(number / unit.factor).append(unit.name);
  return std::to_string(number);
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, number);
  if (text.empty() || code != std::errc() || stop != end) return std::nullopt;
  return number;
}

std::optional<double> parse_decimal(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789.") != text.npos) return std::nullopt;
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (code != std::errc() || stop != end) return std::nullopt;
  return number;
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  return parse_with_unit(text, kSizeUnits);
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  if (text == "0") return std::chrono::milliseconds(0);
  const auto span = parse_with_unit(text, kTimeUnits);
  if (!span) return std::nullopt;
  return std::chrono::milliseconds(*span);
}

std::string size_text(std::int64_t bytes) {
  return text_with_unit(bytes, std::span(kSizeUnits).first(kWrittenSizeUnits));
}

std::string duration_text(std::chrono::milliseconds span) {
  return text_with_unit(span.count(), kTimeUnits);
}

std::string span_text(std::chrono::milliseconds span) {
  for (const Unit& unit : kTimeUnits)
    if (span.count() == unit.factor && unit.factor > 1000)
      return text_with_unit(
          span.count(),
          std::span(kTimeUnits).subspan(1 + static_cast<std::size_t>(&unit - kTimeUnits)));
  return duration_text(span);
}

std::string decimal_text(double number) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number, std::chars_format::fixed);
  std::string text(digits, end.ptr);
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

}  // namespace harrier::config

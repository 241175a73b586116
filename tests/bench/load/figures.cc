#include "bench/load/figures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace harrier::bench {

void JsonLine::add(std::string_view name, std::string_view encoded) {
  if (!fields_.empty()) fields_ += ", ";
  fields_ += "\"" + std::string(name) + "\": " + std::string(encoded);
}

JsonLine& JsonLine::text(std::string_view name, std::string_view value) {
  std::string encoded = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') encoded += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) encoded += c;
  }
  add(name, encoded + "\"");
  return *this;
}

JsonLine& JsonLine::count(std::string_view name, std::uint64_t value) {
  add(name, std::to_string(value));
  return *this;
}

JsonLine& JsonLine::count(std::string_view name, std::optional<std::uint64_t> value) {
  if (value) return count(name, *value);
  add(name, "null");
  return *this;
}

JsonLine& JsonLine::real(std::string_view name, double value) {
  char encoded[40] = "null";
  if (std::isfinite(value)) std::snprintf(encoded, sizeof encoded, "%.6g", value);
  add(name, encoded);
  return *this;
}

JsonLine& JsonLine::real(std::string_view name, std::optional<double> value) {
  return real(name, value ? *value : std::nan(""));
}

JsonLine& JsonLine::flag(std::string_view name, bool value) {
  add(name, value ? "true" : "false");
  return *this;
}

void JsonLine::print() const {
  std::printf("{%s}\n", fields_.c_str());
  std::fflush(stdout);
}

double percentile_us(const std::vector<std::uint64_t>& sorted_nanoseconds, double percent) {
  const auto last = static_cast<double>(sorted_nanoseconds.size() - 1);
  const auto index = static_cast<std::size_t>(std::lround(last * percent / 100));
  return static_cast<double>(sorted_nanoseconds[index]) / 1000;
}

void add_distribution(JsonLine& line, const std::string& prefix,
                      std::vector<std::uint64_t> nanoseconds) {
  std::sort(nanoseconds.begin(), nanoseconds.end());
  const auto add = [&](const char* suffix, double percent) {
    std::optional<double> value;
    if (!nanoseconds.empty()) value = percentile_us(nanoseconds, percent);
    line.real(prefix + suffix, value);
  };
  add("_p50_us", 50);
  add("_p95_us", 95);
  add("_p99_us", 99);
  add("_max_us", 100);
  line.count(prefix + "_count", nanoseconds.size());
}

}  // namespace harrier::bench

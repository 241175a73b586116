#include "perf/figures.h"

#include <cmath>
#include <cstdio>

namespace harrier::perf {

void Figures::add(std::string_view name, std::string encoded) {
  fields_.emplace_back(std::string(name), std::move(encoded));
}

Figures& Figures::text(std::string_view name, std::string_view value) {
  std::string encoded = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') encoded += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) encoded += c;
  }
  add(name, encoded + "\"");
  return *this;
}

Figures& Figures::count(std::string_view name, std::uint64_t value) {
  add(name, std::to_string(value));
  return *this;
}

Figures& Figures::count(std::string_view name, std::optional<std::uint64_t> value) {
  if (value) return count(name, *value);
  add(name, "null");
  return *this;
}

Figures& Figures::real(std::string_view name, double value) {
  char encoded[40] = "null";
  if (std::isfinite(value)) std::snprintf(encoded, sizeof encoded, "%.6g", value);
  add(name, encoded);
  return *this;
}

Figures& Figures::real(std::string_view name, std::optional<double> value) {
  return real(name, value ? *value : std::nan(""));
}

Figures& Figures::flag(std::string_view name, bool value) {
  add(name, value ? "true" : "false");
  return *this;
}

Figures& Figures::distribution(const std::string& prefix, const Histogram& times) {
  const auto add_one = [&](const char* suffix, std::uint64_t value) {
    std::optional<double> microseconds;
    if (!times.empty()) microseconds = static_cast<double>(value) / 1000;
    real(prefix + suffix, microseconds);
  };
  add_one("_min_us", times.min());
  add_one("_p50_us", times.percentile(50));
  add_one("_p75_us", times.percentile(75));
  add_one("_p95_us", times.percentile(95));
  add_one("_p99_us", times.percentile(99));
  add_one("_p999_us", times.percentile(99.9));
  add_one("_max_us", times.max());
  return count(prefix + "_count", times.count());
}

std::string Figures::json() const {
  std::string text = "{";
  for (const auto& [name, value] : fields_) {
    if (text.size() > 1) text += ", ";
    text += "\"" + name + "\": " + value;
  }
  return text + "}";
}

std::string Figures::lines() const {
  std::string text;
  for (const auto& [name, value] : fields_) {
    if (value != "null") text += name + ": " + value + "\n";
  }
  return text;
}

}  // namespace harrier::perf

// Numbers with units, as an operator writes them.
//
// Thread: compatible (pure functions).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace harrier::config {

// Decimal digits with an optional minus sign, nothing else; nullopt also beyond 64 bits.
std::optional<std::int64_t> parse_integer(std::string_view text);
// Bytes: a number and one of nothing, B, KiB, MiB, GiB, KB, MB, GB.
std::optional<std::int64_t> parse_size(std::string_view text);
// A number and one of ms, s, min, h, d; "0" alone is fine.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// A decimal number such as 0.6, without sign or exponent.
std::optional<double> parse_decimal(std::string_view text);
// As parse_decimal() reads it.
std::string decimal_text(double number);

// The shortest exact form with a unit: "128KiB", "30min".
std::string size_text(std::int64_t bytes);
std::string duration_text(std::chrono::milliseconds span);
// The same as a value that people compare: a single minute, hour or day in the smaller unit, "60s".
std::string span_text(std::chrono::milliseconds span);

}  // namespace harrier::config

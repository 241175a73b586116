#include "broker/trace_context.h"

#include <algorithm>
#include <span>

namespace harrier::broker {
namespace {

constexpr std::string_view kTraceparent = "traceparent";
constexpr std::size_t kSize = 55;  // of version 00: "00-<32>-<16>-<2>"
constexpr std::uint8_t kSampledFlag = 1;

std::optional<std::uint8_t> digit(char letter) {
  if (letter >= '0' && letter <= '9') return static_cast<std::uint8_t>(letter - '0');
  if (letter >= 'a' && letter <= 'f') return static_cast<std::uint8_t>(letter - 'a' + 10);
  return std::nullopt;
}

// REQUIRES two letters for each octet.
bool read_octets(base::Bytes letters, std::span<std::uint8_t> octets) {
  for (std::size_t i = 0; i != octets.size(); ++i) {
    const auto high = digit(letters[2 * i]);
    const auto low = digit(letters[2 * i + 1]);
    if (!high || !low) return false;
    octets[i] = static_cast<std::uint8_t>(*high << 4 | *low);
  }
  return true;
}

bool is_zero(std::span<const std::uint8_t> octets) {
  return std::all_of(octets.begin(), octets.end(), [](std::uint8_t octet) { return octet == 0; });
}

}  // namespace

std::optional<TraceContext> parse_traceparent(base::Bytes text) {
  if (text.size() < kSize || text[2] != '-' || text[35] != '-' || text[52] != '-')
    return std::nullopt;
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  TraceContext context;
  if (!read_octets(text.substr(0, 2), version) || !read_octets(text.substr(3, 32), context.trace) ||
      !read_octets(text.substr(36, 16), context.parent) || !read_octets(text.substr(53, 2), flags))
    return std::nullopt;
  if (version[0] == 0xff || is_zero(context.trace) || is_zero(context.parent)) return std::nullopt;
  if (text.size() != kSize && (version[0] == 0 || text[kSize] != '-')) return std::nullopt;
  context.sampled = (flags[0] & kSampledFlag) != 0;
  return context;
}

std::optional<TraceContext> trace_context(amqp::TableView headers) {
  const auto value = headers.find(kTraceparent);
  if (!value || !value->is_string()) return std::nullopt;
  return parse_traceparent(value->bytes);
}

}  // namespace harrier::broker

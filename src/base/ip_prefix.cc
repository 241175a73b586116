#include "base/ip_prefix.h"

#include <algorithm>
#include <charconv>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace harrier::base {
namespace {

bool is_v6(std::string_view text) { return text.find(':') != std::string_view::npos; }

// Its first `bits` bits, the others zero.
IpOctets masked(const IpOctets& address, unsigned bits) {
  IpOctets result{};
  for (std::size_t i = 0; i != result.size() && bits != 0; ++i) {
    const unsigned kept = std::min(bits, 8U);
    result[i] = static_cast<std::uint8_t>(address[i] & (0xFF00U >> kept));
    bits -= kept;
  }
  return result;
}

}  // namespace

std::optional<IpOctets> parse_ip(std::string_view text) {
  char terminated[INET6_ADDRSTRLEN] = "";
  // inet_pton() would not see what follows a zero octet.
  if (text.size() >= sizeof terminated || text.find('\0') != std::string_view::npos)
    return std::nullopt;
  std::copy(text.begin(), text.end(), terminated);
  IpOctets octets{};
  if (is_v6(text)) {
    if (::inet_pton(AF_INET6, terminated, octets.data()) != 1) return std::nullopt;
    return octets;
  }
  if (::inet_pton(AF_INET, terminated, octets.data() + 12) != 1) return std::nullopt;
  octets[10] = octets[11] = 0xFF;
  return octets;
}

Result<IpPrefix> IpPrefix::parse(std::string_view text) {
  const std::string quoted = "'" + std::string(text) + "' ";
  const std::size_t slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return fail(quoted + "is no IP address, such as 192.0.2.1 or 2001:db8::/32");
  const unsigned width = is_v6(text) ? 128 : 32;
  unsigned bits = width;
  if (slash != std::string_view::npos) {
    const std::string_view length = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
    if (error != std::errc() || end != length.data() + length.size() || bits > width)
      return fail(quoted + "has a prefix that is not from 0 to " + std::to_string(width));
  }
  bits += 128 - width;
  if (masked(*address, bits) != *address) return fail(quoted + "has bits set beyond its prefix");
  return IpPrefix(*address, bits);
}

bool IpPrefix::contains(const IpOctets& address) const {
  return masked(address, bits_) == address_;
}

}  // namespace harrier::base

// A range of IP addresses as operators write it: "10.0.0.0/8", "2001:db8::/32", "::1".
//
// Role:   config checks what was written, listeners ask whether a peer belongs to it.
// Model:  an address is 16 octets, IPv4 as it is mapped into IPv6: "10.0.0.0/8" has 104 bits. So
//         "::/0" is every address of both kinds, "0.0.0.0/0" every one of IPv4.
// Thread: immutable value.
// Errors: parse() says what is wrong. Bits set beyond the prefix are an error, not rounded off:
//         whom to trust is no place for a guess.
// Spec:   RFC 4632 and RFC 4291 section 2.3 (notation), section 2.5.5.2 (mapped addresses).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace harrier::base {

using IpOctets = std::array<std::uint8_t, 16>;

// Dotted decimal or IPv6's notation; no name, no port, no zone.
std::optional<IpOctets> parse_ip(std::string_view text);

class IpPrefix {
 public:
  static Result<IpPrefix> parse(std::string_view text);

  bool contains(const IpOctets& address) const;

 private:
  IpPrefix(const IpOctets& address, unsigned bits) : address_(address), bits_(bits) {}

  IpOctets address_;
  unsigned bits_;
};

}  // namespace harrier::base

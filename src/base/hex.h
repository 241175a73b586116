// Octets as hexadecimal digits.
//
// Thread: immutable.
#pragma once

#include <string>

namespace harrier::base {

// Two digits, lower case.
inline void append_hex(std::string& text, char octet) {
  static constexpr char kDigits[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(octet);
  text.push_back(kDigits[byte >> 4]);
  text.push_back(kDigits[byte & 15]);
}

}  // namespace harrier::base

// Bytes for the codec's tests, in memory of exactly their size so that AddressSanitizer sees the
// first octet read behind them.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace harrier::amqp {

class ExactBytes {
 public:
  explicit ExactBytes(std::string_view bytes)
      : size_(bytes.size()), storage_(new char[bytes.size()]) {
    if (size_ != 0) std::memcpy(storage_.get(), bytes.data(), size_);
  }

  operator base::Bytes() const { return {storage_.get(), size_}; }  // NOLINT: it is its bytes

 private:
  std::size_t size_;
  std::unique_ptr<char[]> storage_;
};

// "01 0203 'text'" as bytes: hexadecimal octets, quoted text, spaces ignored.
inline std::string from_hex(std::string_view description) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  std::string bytes;
  for (std::size_t at = 0; at < description.size(); ++at) {
    if (description[at] == ' ') continue;
    if (description[at] == '\'') {
      const std::size_t end = description.find('\'', at + 1);
      bytes.append(description.substr(at + 1, end - at - 1));
      at = end;
      continue;
    }
    bytes.push_back(static_cast<char>(digit(description[at]) << 4 | digit(description[at + 1])));
    ++at;
  }
  return bytes;
}

}  // namespace harrier::amqp

#include "base/utf8.h"

#include <cstdint>

namespace harrier::base {
namespace {

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// The size a character with this first octet has; 0 for octets that start none.
std::size_t announced_size(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return 2;
  if (first < 0xF0) return 3;
  return first < 0xF5 ? 4 : 0;
}

}  // namespace

std::size_t utf8_character_size(Bytes bytes) {
  if (bytes.empty()) return 0;
  const auto first = static_cast<unsigned char>(bytes[0]);
  const std::size_t size = announced_size(first);
  if (size == 1) return 1;
  if (size == 0 || bytes.size() < size) return 0;
  for (std::size_t index = 1; index < size; ++index) {
    if (!is_continuation(bytes[index])) return 0;
  }
  // The second octet tells overlong forms, surrogates and what lies above U+10FFFF.
  const auto second = static_cast<unsigned char>(bytes[1]);
  if (first == 0xE0 && second < 0xA0) return 0;
  if (first == 0xED && second >= 0xA0) return 0;
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second >= 0x90) return 0;
  return size;
}

bool is_utf8(Bytes bytes) {
  while (!bytes.empty()) {
    const std::size_t size = utf8_character_size(bytes);
    if (size == 0) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

Bytes cut_text(Bytes text, std::size_t size_max) {
  if (text.size() <= size_max) return text;
  // A character has at most three continuation octets.
  for (std::size_t back = 0; back < 4 && back <= size_max; ++back) {
    if (!is_continuation(text[size_max - back])) return text.substr(0, size_max - back);
  }
  return text.substr(0, size_max);
}

}  // namespace harrier::base

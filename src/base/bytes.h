// Views of bytes and the big-endian numbers in them.
//
// Model:  Bytes is a std::string_view: it never owns. ByteReader walks a view and remembers the
//         first read past the end; callers read several fields, then ask ok() once.
// Thread: compatible.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace harrier::base {

using Bytes = std::string_view;

// Reads a big-endian number at `from`. REQUIRES sizeof(Number) readable bytes.
template <class Number>
inline Number load_big_endian(const char* from) {
  Number number;
  std::memcpy(&number, from, sizeof number);
  if constexpr (sizeof number == 2) return static_cast<Number>(__builtin_bswap16(number));
  if constexpr (sizeof number == 4) return static_cast<Number>(__builtin_bswap32(number));
  if constexpr (sizeof number == 8) return static_cast<Number>(__builtin_bswap64(number));
  return number;
}

// Writes a big-endian number at `to` and returns the place behind it.
template <class Number>
inline char* store_big_endian(char* to, Number number) {
  if constexpr (sizeof number == 2) number = static_cast<Number>(__builtin_bswap16(number));
  if constexpr (sizeof number == 4) number = static_cast<Number>(__builtin_bswap32(number));
  if constexpr (sizeof number == 8) number = static_cast<Number>(__builtin_bswap64(number));
  std::memcpy(to, &number, sizeof number);
  return to + sizeof number;
}

// Copies `bytes` to where there is room for them and answers the place behind. Names, keys and
// small bodies take a call less than with memcpy. Told to be inline, because the checks that
// _FORTIFY_SOURCE adds make it look larger than it becomes.
[[gnu::always_inline]] inline char* put_bytes(char* to, Bytes bytes) {
  const std::size_t size = bytes.size();
  const char* const from = bytes.data();
  const auto both_ends = [&]<class Word>(Word) {
    Word first, last;
    std::memcpy(&first, from, sizeof first);
    std::memcpy(&last, from + size - sizeof last, sizeof last);
    std::memcpy(to, &first, sizeof first);
    std::memcpy(to + size - sizeof last, &last, sizeof last);
  };
  if (size > 16) {
    std::memcpy(to, from, size);
  } else if (size >= 8) {
    both_ends(std::uint64_t{});
  } else if (size >= 4) {
    both_ends(std::uint32_t{});
  } else if (size >= 2) {
    both_ends(std::uint16_t{});
  } else if (size == 1) {
    *to = *from;
  }
  return to + size;
}

class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) : cursor_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  // False once a read asked for more than there was; every later read then gives zero or empty.
  bool ok() const { return ok_; }
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - cursor_); }
  const char* position() const { return cursor_; }

  template <class Number>
  Number number() {
    if (remaining() < sizeof(Number)) return exhaust(), Number{};
    Number result = load_big_endian<Number>(cursor_);
    cursor_ += sizeof(Number);
    return result;
  }
  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint16_t u16() { return number<std::uint16_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }

  Bytes take(std::size_t count) {
    if (remaining() < count) return exhaust(), Bytes{};
    Bytes result(cursor_, count);
    cursor_ += count;
    return result;
  }
  // A length octet and so many bytes.
  Bytes short_string() { return take(u8()); }
  // A 32-bit length and so many bytes.
  Bytes long_string() { return take(u32()); }

 private:
  void exhaust() {
    ok_ = false;
    cursor_ = end_;
  }

  const char* cursor_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace harrier::base

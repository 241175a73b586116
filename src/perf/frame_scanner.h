// Finds whole frames in what a socket delivers, and copies only a frame that was cut in two.
//
// Role:   every connection has one; the buffer is read into once and shared by all connections of a
//         thread, so that an idle connection holds no buffer.
// Model:  receive at space(), then scan(): bytes of a frame that is not whole yet are kept and come
//         first next time.
// Thread: compatible; one thread at a time, with one ReadBuffer.
// Errors: LoadError for a frame larger than agreed or without its end octet.
// Limits: keeps at most one frame of kFrameMax.
// Spec:   AMQP 0-9-1 section 4.2.3.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "perf/load_error.h"

namespace harrier::perf {

inline constexpr std::uint32_t kFrameMax = 131072;
inline constexpr std::size_t kReadBytes = 512 << 10;

class ReadBuffer {
 public:
  ReadBuffer() : bytes_(kReadBytes) {}
  char* begin() { return bytes_.data(); }
  std::size_t size() const { return bytes_.size(); }

 private:
  std::vector<char> bytes_;
};

class FrameScanner {
 public:
  // Where to receive; what was kept is put before it.
  std::span<char> space(ReadBuffer& buffer) const {
    std::memcpy(buffer.begin(), kept_.data(), kept_.size());
    return {buffer.begin() + kept_.size(), buffer.size() - kept_.size()};
  }

  // Calls visit(type, channel, payload) for each whole frame; `received` bytes are at space().
  template <class Visit>
  void scan(ReadBuffer& buffer, std::size_t received, Visit&& visit) {
    const char* at = buffer.begin();
    const char* const end = at + kept_.size() + received;
    while (static_cast<std::size_t>(end - at) >= kOverhead) {
      const auto size = base::load_big_endian<std::uint32_t>(at + 3);
      if (size > kFrameMax) throw LoadError("the broker sent a frame larger than agreed");
      const std::size_t whole = size + kOverhead;
      if (static_cast<std::size_t>(end - at) < whole) break;
      if (at[whole - 1] != kEnd) throw LoadError("the broker sent a frame without its end");
      const auto channel = base::load_big_endian<std::uint16_t>(at + 1);
      visit(static_cast<unsigned char>(*at), channel, std::string_view(at + 7, size));
      at += whole;
    }
    kept_.assign(at, static_cast<std::size_t>(end - at));
  }

  std::size_t kept_bytes() const { return kept_.size(); }

 private:
  static constexpr std::size_t kOverhead = 8;
  static constexpr char kEnd = '\xCE';

  std::string kept_;
};

}  // namespace harrier::perf

// A connection to an AMQP broker with one channel, made to carry load cheaply.
//
// Role:   used by everything here that talks to a broker. Control methods go through call(); load
//         goes out as bytes encoded before and comes in through scan(), which looks at frame
//         headers and copies nothing.
// Model:  connect, handshake as guest, channel 1 open, all in the constructor.
// Thread: compatible; one thread at a time.
// Errors: LoadError: refused, closed by the broker (with its reply text), silent for kPatience.
//         The connection is of no use after it.
// Limits: kBufferBytes holds the largest frame we agree to.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/arguments.h"
#include "support/wire.h"
#include "support/wire_methods.h"

namespace harrier::bench {

using Clock = std::chrono::steady_clock;

inline constexpr std::uint32_t kFrameMax = 131072;
inline constexpr std::size_t kBufferBytes = 512 << 10;
// Only a broker that hangs is silent for so long.
inline constexpr std::chrono::seconds kPatience{60};

// What kind of wait a receive() is.
enum class Wait { kNone, kBriefly };  // briefly: 100 ms

class Connection {
 public:
  explicit Connection(std::uint16_t port);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  void send(std::string_view bytes);
  void send(const test::Method& method) { send(test::method_frame(1, method)); }
  // Frames that are not the reply are dropped: nobody calls while load is running on it.
  test::Reader call(const test::Method& method, test::MethodId reply);
  test::Reader expect(unsigned channel, test::MethodId reply);

  // Reads once. False if nothing came.
  bool receive(Wait wait);
  // Calls visit(type, payload) for each complete frame received and forgets it.
  template <typename Visit>
  void scan(Visit&& visit);

  int socket() const { return socket_; }

 private:
  void handshake();
  static void refuse_close(std::string_view payload);

  int socket_ = -1;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

inline std::uint64_t big_endian(std::string_view octets) {
  std::uint64_t value = 0;
  for (const char octet : octets)
    value = value << 8 | static_cast<unsigned char>(octet);
  return value;
}

template <typename Visit>
void Connection::scan(Visit&& visit) {
  while (end_ - begin_ >= 8) {
    const char* frame = buffer_.data() + begin_;
    std::uint32_t size;
    std::memcpy(&size, frame + 3, 4);
    size = __builtin_bswap32(size);
    if (size > kFrameMax) throw LoadError("the broker sent a frame larger than agreed");
    if (end_ - begin_ < size + std::size_t{8}) break;
    if (static_cast<unsigned char>(frame[7 + size]) != test::kFrameEnd)
      throw LoadError("the broker sent a frame without its end");
    const std::string_view payload(frame + 7, size);
    begin_ += size + std::size_t{8};
    if (frame[0] == test::kMethodFrame) refuse_close(payload);
    visit(frame[0], payload);
  }
}

// Durable; queue_version 0 leaves x-queue-version out. Returns what is in it.
std::uint32_t declare_queue(Connection& connection, const std::string& queue,
                            unsigned queue_version);
std::uint32_t ready_count(Connection& connection, const std::string& queue);

}  // namespace harrier::bench

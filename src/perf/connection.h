// A connection to an AMQP broker with one channel, made to carry load cheaply.
//
// Role:   used by everything here that talks to a broker. Control methods go through call(); load
//         goes out as bytes encoded before and comes in through receive(), which looks at frame
//         headers and copies nothing.
// Model:  connect, handshake, channel 1 open, all in the constructor. No heartbeats are agreed.
// Thread: compatible; one thread at a time.
// Errors: LoadError: refused, closed by the broker (with its reply text), silent for kPatience.
//         The connection is of no use after it.
// Limits: waits at most kPatience; close() until its deadline.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "amqp/methods.h"
#include "perf/clock.h"
#include "perf/frame_scanner.h"
#include "perf/socket.h"

namespace harrier::perf {

inline constexpr std::chrono::seconds kCloseLimit{5};
inline constexpr amqp::ChannelNumber kChannel{1};

// Class and method of a method frame's payload; 0 if it is too short for one.
inline std::uint32_t method_of(std::string_view payload) {
  return payload.size() < 4 ? 0 : base::load_big_endian<std::uint32_t>(payload.data());
}
template <class Method>
inline constexpr std::uint32_t kMethod = Method::kTraits.id.packed();

std::string method_frame(const amqp::Method& method, amqp::ChannelNumber channel = kChannel);

// The reply of a call(): what was received stays with it, since the fields are views.
template <class Reply>
class Received {
 public:
  explicit Received(std::string payload) : payload_(std::move(payload)) {}
  Reply fields() const {
    const auto method = amqp::decode_method(payload_);
    if (!method.ok() || !std::holds_alternative<Reply>(*method))
      throw LoadError("the broker's answer cannot be read");
    return std::get<Reply>(*method);
  }

 private:
  std::string payload_;
};

class Connection {
 public:
  explicit Connection(const Endpoint& endpoint);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Waits until all is sent.
  void send(std::string_view bytes);
  void send(const amqp::Method& method) { send(method_frame(method)); }
  // Frames that are not the reply are dropped: nobody calls while load is running on it.
  template <class Reply>
  Received<Reply> call(const amqp::Method& method, amqp::ChannelNumber channel = kChannel) {
    send(method_frame(method, channel));
    return expect<Reply>(channel);
  }
  template <class Reply>
  Received<Reply> expect(amqp::ChannelNumber channel = kChannel) {
    return Received<Reply>(await_method(channel, kMethod<Reply>));
  }
  // Says good-bye; whatever else comes is dropped. Never throws: the run is over.
  void close(Clock::time_point deadline = Clock::now() + kCloseLimit) noexcept;

  // As much as the socket takes now.
  Transfer send_some(std::string_view bytes);
  // Reads once, at most so many bytes, and calls visit(type, channel, payload) for each frame.
  template <class Visit>
  Transfer receive(ReadBuffer& buffer, Visit&& visit, std::size_t bytes_max = kReadBytes) {
    const std::span<char> space = scanner_.space(buffer);
    const Transfer transfer = socket_.receive(space.first(std::min(space.size(), bytes_max)));
    if (transfer.bytes > 0) scanner_.scan(buffer, transfer.bytes, visit);
    return transfer;
  }
  // Waits for something to read and visits it. False after `limit` without anything.
  template <class Visit>
  bool receive_within(Clock::duration limit, Visit&& visit) {
    ReadBuffer& buffer = control_buffer();
    Transfer transfer = receive(buffer, visit);
    if (transfer.bytes > 0) return true;
    if (limit.count() == 0 || !socket_.wait_readable(limit)) return false;
    return receive(buffer, visit).bytes > 0;
  }

  // For methods that no call() waits for: throws on a close, notes connection.blocked.
  void notice(std::string_view payload);
  bool is_blocked() const { return is_blocked_; }
  int descriptor() const { return socket_.descriptor(); }

 private:
  void handshake(const Endpoint& endpoint);
  std::string await_method(amqp::ChannelNumber channel, std::uint32_t method);
  static ReadBuffer& control_buffer();

  Socket socket_;
  FrameScanner scanner_;
  bool is_blocked_ = false;
};

// How many messages are ready in a queue; the declare is passive.
std::uint32_t ready_count(Connection& connection, const std::string& queue);

}  // namespace harrier::perf

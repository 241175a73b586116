// Frames: found in a byte stream, and appended to an output buffer.
//
// Model:     type (1) channel (2) size (4) payload (size) end (1, 0xCE).
// Role:      pure functions over bytes; which frame is allowed when is session's business.
// Limits:    a payload above frame_max is refused before any of it is awaited. As RabbitMQ,
//            payloads up to frame_max are accepted where the specification allows frame_max - 8.
// Errors:    unknown type, too large, bad end octet: FRAME_ERROR (501).
// Spec:      AMQP 0-9-1 section 4.2.3.
#pragma once

#include <cstdint>

#include "amqp/constants.h"
#include "amqp/methods.h"
#include "amqp/protocol_error.h"
#include "base/buffer.h"

namespace harrier::amqp {

struct Frame {
  FrameType type = FrameType::kHeartbeat;
  ChannelNumber channel;
  Bytes payload;
};

// The outcome of looking for a frame at the start of `bytes`.
struct FoundFrame {
  // 0: more bytes are needed (`wanted` says how many in all, if known, else the header size).
  std::size_t consumed = 0;
  std::size_t wanted = 0;
  Frame frame;
};

// Inline: it runs for every frame received.
inline Checked<FoundFrame> find_frame(Bytes bytes, std::uint32_t frame_max);

// Appends one method frame. That the payload fits frame_max of the peer is the caller's business:
// texts are cut and tables bounded before.
void append_method_frame(base::Buffer& out, ChannelNumber channel, const Method& method);
// The size of that frame, overhead included.
std::size_t method_frame_size(const Method& method);

// Appends header frame and body frames of a content; bodies are split to frame_max - 8 (frame_max
// 0: not split). A body of 0 bytes has no body frame. REQUIRES frame_max == 0 || frame_max > 8.
void append_content_frames(base::Buffer& out, ChannelNumber channel, std::uint32_t frame_max,
                           Bytes property_bytes, Bytes body);
std::size_t content_frames_size(std::uint32_t frame_max, std::size_t property_size,
                                std::size_t body_size);

void append_heartbeat(base::Buffer& out);
inline constexpr std::size_t kHeartbeatSize = 8;

// The hot path: basic.deliver and its content without building a Method, with one reservation.
// REQUIRES strings <= 255 bytes.
struct DeliverView {
  Bytes consumer_tag;
  DeliveryTag delivery_tag;
  bool redelivered = false;
  Bytes exchange;
  Bytes routing_key;
};
void append_deliver(base::Buffer& out, ChannelNumber channel, std::uint32_t frame_max,
                    const DeliverView& deliver, Bytes property_bytes, Bytes body);
std::size_t deliver_size(std::uint32_t frame_max, const DeliverView& deliver,
                         std::size_t property_size, std::size_t body_size);

// The texts of find_frame's refusals, kept out of its inlined code.
namespace frame_faults {
base::Failure<ProtocolError> unknown_type(std::uint8_t type);
base::Failure<ProtocolError> too_large(std::uint32_t size, std::uint32_t frame_max);
base::Failure<ProtocolError> no_end();
}  // namespace frame_faults

inline Checked<FoundFrame> find_frame(Bytes bytes, std::uint32_t frame_max) {
  FoundFrame found;
  if (bytes.size() < kFrameHeaderSize) {
    found.wanted = kFrameHeaderSize;
    // Reject garbage on its first octet: waiting for seven would hang on a peer that sends one.
    if (bytes.empty()) return found;
  }
  const auto type = static_cast<std::uint8_t>(bytes[0]);
  if (type != 1 && type != 2 && type != 3 && type != 8) [[unlikely]]
    return frame_faults::unknown_type(type);
  if (bytes.size() < kFrameHeaderSize) return found;
  const auto size = base::load_big_endian<std::uint32_t>(bytes.data() + 3);
  if (frame_max != 0 && size > frame_max) [[unlikely]]
    return frame_faults::too_large(size, frame_max);
  found.wanted = std::size_t{size} + kFrameOverhead;
  if (bytes.size() < found.wanted) return found;
  if (static_cast<std::uint8_t>(bytes[kFrameHeaderSize + size]) != kFrameEnd) [[unlikely]]
    return frame_faults::no_end();
  found.consumed = found.wanted;
  found.frame.type = static_cast<FrameType>(type);
  found.frame.channel = ChannelNumber(base::load_big_endian<std::uint16_t>(bytes.data() + 1));
  found.frame.payload = bytes.substr(kFrameHeaderSize, size);
  return found;
}

}  // namespace harrier::amqp

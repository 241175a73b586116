#include "amqp/frame.h"

#include "amqp/properties.h"
#include "base/check.h"

namespace harrier::amqp {
namespace {

constexpr std::uint32_t kDeliverId = BasicDeliver::kTraits.id.packed();
// Method id, delivery tag, redelivered and three length octets.
constexpr std::size_t kDeliverFixedSize = 4 + 8 + 1 + 3;

char* put_short_string(char* at, Bytes text) {
  *at++ = static_cast<char>(text.size());
  return base::put_bytes(at, text);
}

// In one store, which reaches an octet further: every frame has an end octet there or behind.
char* put_frame_header(char* at, FrameType type, ChannelNumber channel, std::size_t payload_size) {
  base::store_big_endian(at, std::uint64_t{static_cast<std::uint8_t>(type)} << 56 |
                                 std::uint64_t{channel.value} << 40 |
                                 std::uint64_t{static_cast<std::uint32_t>(payload_size)} << 8);
  return at + kFrameHeaderSize;
}

char* put_frame_end(char* at) {
  *at++ = static_cast<char>(kFrameEnd);
  return at;
}

// The largest payload of a body frame; all of the body when the peer knows no limit.
std::size_t body_frame_size_max(std::uint32_t frame_max, std::size_t body_size) {
  return frame_max == 0 ? body_size : frame_max - kFrameOverhead;
}

char* put_content_frames(char* at, ChannelNumber channel, std::uint32_t frame_max,
                         Bytes property_bytes, Bytes body) {
  const std::size_t header_size = kContentHeaderSize + property_bytes.size();
  at = put_frame_header(at, FrameType::kHeader, channel, header_size);
  at = base::store_big_endian(at, kBasicClassAndWeight);
  at = base::store_big_endian(at, static_cast<std::uint64_t>(body.size()));
  at = put_frame_end(base::put_bytes(at, property_bytes));
  const std::size_t size_max = body_frame_size_max(frame_max, body.size());
  while (body.size() > size_max) {
    at = put_frame_header(at, FrameType::kBody, channel, size_max);
    at = put_frame_end(base::put_bytes(at, body.substr(0, size_max)));
    body.remove_prefix(size_max);
  }
  if (body.empty()) return at;
  at = put_frame_header(at, FrameType::kBody, channel, body.size());
  return put_frame_end(base::put_bytes(at, body));
}

std::size_t deliver_payload_size(const DeliverView& deliver) {
  return kDeliverFixedSize + deliver.consumer_tag.size() + deliver.exchange.size() +
         deliver.routing_key.size();
}

}  // namespace

namespace frame_faults {

base::Failure<ProtocolError> unknown_type(std::uint8_t type) {
  return refuse(ReplyCode::kFrameError, "unknown frame type " + std::to_string(type));
}

base::Failure<ProtocolError> too_large(std::uint32_t size, std::uint32_t frame_max) {
  return refuse(ReplyCode::kFrameError, "frame payload of " + std::to_string(size) +
                                            " bytes exceeds the maximum of " +
                                            std::to_string(frame_max));
}

base::Failure<ProtocolError> no_end() {
  return refuse(ReplyCode::kFrameError, "frame end octet is missing");
}

}  // namespace frame_faults

void append_method_frame(base::Buffer& out, ChannelNumber channel, const Method& method) {
  const std::size_t payload_size = encoded_size(method);
  char* at = out.reserve(payload_size + kFrameOverhead);
  put_frame_header(at, FrameType::kMethod, channel, payload_size);
  out.commit(kFrameHeaderSize);
  encode_method(out, method);
  out.append_number(kFrameEnd);
}

std::size_t method_frame_size(const Method& method) {
  return encoded_size(method) + kFrameOverhead;
}

void append_content_frames(base::Buffer& out, ChannelNumber channel, std::uint32_t frame_max,
                           Bytes property_bytes, Bytes body) {
  const std::size_t size = content_frames_size(frame_max, property_bytes.size(), body.size());
  char* at = out.reserve(size);
  const char* end = put_content_frames(at, channel, frame_max, property_bytes, body);
  DCHECK(end == at + size);
  out.commit(static_cast<std::size_t>(end - at));
}

std::size_t content_frames_size(std::uint32_t frame_max, std::size_t property_size,
                                std::size_t body_size) {
  CHECK(frame_max == 0 || frame_max > kFrameOverhead);
  const std::size_t header_size = kFrameOverhead + kContentHeaderSize + property_size;
  if (body_size == 0) return header_size;
  const std::size_t size_max = body_frame_size_max(frame_max, body_size);
  std::size_t frame_count = 1;
  if (body_size > size_max) [[unlikely]]
    frame_count = (body_size + size_max - 1) / size_max;
  return header_size + body_size + frame_count * kFrameOverhead;
}

void append_heartbeat(base::Buffer& out) {
  char* at = out.reserve(kHeartbeatSize);
  put_frame_end(put_frame_header(at, FrameType::kHeartbeat, ChannelNumber(), 0));
  out.commit(kHeartbeatSize);
}

void append_deliver(base::Buffer& out, ChannelNumber channel, std::uint32_t frame_max,
                    const DeliverView& deliver, Bytes property_bytes, Bytes body) {
  DCHECK(deliver.consumer_tag.size() <= 255 && deliver.exchange.size() <= 255 &&
         deliver.routing_key.size() <= 255);
  const std::size_t method_size = deliver_payload_size(deliver);
  const std::size_t size = method_size + kFrameOverhead +
                           content_frames_size(frame_max, property_bytes.size(), body.size());
  char* const begin = out.reserve(size);
  char* at = put_frame_header(begin, FrameType::kMethod, channel, method_size);
  at = base::store_big_endian(at, kDeliverId);
  at = put_short_string(at, deliver.consumer_tag);
  at = base::store_big_endian(at, deliver.delivery_tag.value);
  *at++ = deliver.redelivered ? 1 : 0;
  at = put_short_string(at, deliver.exchange);
  at = put_frame_end(put_short_string(at, deliver.routing_key));
  at = put_content_frames(at, channel, frame_max, property_bytes, body);
  DCHECK(at == begin + size);
  out.commit(size);
}

std::size_t deliver_size(std::uint32_t frame_max, const DeliverView& deliver,
                         std::size_t property_size, std::size_t body_size) {
  return deliver_payload_size(deliver) + kFrameOverhead +
         content_frames_size(frame_max, property_size, body_size);
}

}  // namespace harrier::amqp

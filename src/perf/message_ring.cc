#include "perf/message_ring.h"

#include <algorithm>

#include "amqp/frame.h"
#include "amqp/properties.h"
#include "base/crc32c.h"
#include "perf/connection.h"

namespace harrier::perf {
namespace {

constexpr std::size_t kMarkAt = kStampBytes;
constexpr std::size_t kChecksumAt = kMarkAt + 8;

char pattern_at(std::size_t offset) {
  // A prime: a piece that is shifted by a frame or a block does not fit.
  return static_cast<char>('!' + offset % 89);
}

std::string encode_message(const MessageShape& shape, const Route& route, unsigned priority) {
  amqp::Properties properties;
  properties.flags = amqp::kDeliveryMode;
  properties.delivery_mode = shape.persistent ? 2 : 1;
  if (shape.priorities > 0) properties.flags |= amqp::kPriority;
  properties.priority = static_cast<std::uint8_t>(priority);
  if (!shape.content_type.empty()) properties.flags |= amqp::kContentType;
  properties.content_type = shape.content_type;
  if (!shape.expiration.empty()) properties.flags |= amqp::kExpiration;
  properties.expiration = shape.expiration;
  properties.headers = route.headers;
  if (!properties.headers.empty()) properties.flags |= amqp::kHeaders;
  std::string body(shape.body_bytes, '\0');
  fill_pattern(body.data(), 0, body.size());
  base::Buffer buffer;
  amqp::append_method_frame(
      buffer, kChannel,
      amqp::BasicPublish{
          .exchange = shape.exchange, .routing_key = route.key, .mandatory = shape.mandatory});
  amqp::append_content_frames(buffer, kChannel, kFrameMax, amqp::encode_properties(properties),
                              body);
  return std::string(buffer.bytes());
}

// Where the body of an encoded message begins: behind its method frame and its header frame.
std::size_t body_offset(std::string_view frames) {
  std::size_t at = 0;
  for (int frame = 0; frame < 2; ++frame)
    at += base::load_big_endian<std::uint32_t>(frames.data() + at + 3) + amqp::kFrameOverhead;
  return at + amqp::kFrameHeaderSize;
}

}  // namespace

std::uint64_t BodyMark::mixed() const {
  std::uint64_t value = packed() + 0x9E3779B97F4A7C15u;
  value = (value ^ value >> 31) * 0xBF58476D1CE4E5B9u;
  return value ^ value >> 29;
}

void write_mark(char* body, const BodyMark& mark) {
  base::store_big_endian(body + kMarkAt, mark.packed());
  base::store_big_endian(body + kChecksumAt, base::crc32c({body, kChecksumAt}));
}

bool read_mark(std::string_view body, BodyMark& mark) {
  const auto packed = base::load_big_endian<std::uint64_t>(body.data() + kMarkAt);
  mark.producer = static_cast<std::uint16_t>(packed >> 48);
  mark.sequence = packed & ((std::uint64_t{1} << 48) - 1);
  return base::load_big_endian<std::uint32_t>(body.data() + kChecksumAt) ==
         base::crc32c(body.substr(0, kChecksumAt));
}

void fill_pattern(char* to, std::size_t offset, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    to[i] = pattern_at(offset + i);
}

bool matches_pattern(std::string_view piece, std::size_t offset) {
  for (std::size_t i = 0; i < piece.size(); ++i) {
    if (piece[i] != pattern_at(offset + i)) return false;
  }
  return true;
}

MessageRing::MessageRing(const MessageShape& shape, std::size_t bytes_wanted)
    : is_uniform_(shape.routes.size() == 1 && shape.priorities <= 1) {
  append(shape, shape.routes[0], 0);
  const std::size_t size = bytes_.size();
  const std::size_t fits = std::max<std::size_t>(1, kRingBytesMax / size);
  const std::size_t routes = std::min(shape.routes.size(), fits);
  std::size_t messages = std::max<std::size_t>({routes, bytes_wanted / size, shape.priorities, 1});
  messages = (messages + routes - 1) / routes * routes;
  bytes_.reserve(size * messages);
  for (std::size_t i = 1; i < messages; ++i) {
    const std::size_t route = i % routes * shape.routes.size() / routes;
    const std::size_t priority = shape.priorities > 0 ? i % shape.priorities : 0;
    append(shape, shape.routes[route], static_cast<unsigned>(priority));
  }
  slots_.push_back({static_cast<std::uint32_t>(bytes_.size()), 0});
}

void MessageRing::append(const MessageShape& shape, const Route& route, unsigned priority) {
  const std::string frames = encode_message(shape, route, priority);
  const std::size_t begin = bytes_.size();
  // A message without a body has nothing to be written to; its offset is not used.
  const std::size_t body = shape.body_bytes == 0 ? begin : begin + body_offset(frames);
  slots_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(body)});
  bytes_ += frames;
}

std::size_t MessageRing::run(std::size_t first, std::size_t wanted) const {
  const std::size_t last = std::min(first + wanted, messages());
  std::size_t count = last - first;
  if (slots_[last].begin - slots_[first].begin > kBatchBytes) {
    const auto behind =
        std::upper_bound(slots_.begin() + static_cast<std::ptrdiff_t>(first), slots_.end(),
                         slots_[first].begin + kBatchBytes,
                         [](std::size_t end, const Slot& slot) { return end < slot.begin; });
    count = static_cast<std::size_t>(behind - slots_.begin()) - first;
    count = count > 1 ? count - 1 : 1;
  }
  return std::max<std::size_t>(count, 1);
}

}  // namespace harrier::perf

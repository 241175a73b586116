#include "store/message_codec.h"

#include "base/check.h"
#include "broker/expiration.h"

namespace harrier::store {
namespace {

constexpr std::uint8_t kPersistent = 1;
constexpr std::uint8_t kDeadLettered = 2;
constexpr std::uint8_t kHasExpiration = 4;
constexpr std::uint8_t kKnownFlags = kPersistent | kDeadLettered | kHasExpiration;
constexpr std::size_t kFixedBytes = 4 + 8 + 1 + 1 + 4 + 4 + 2;

std::uint8_t flags_of(const broker::Message& message) {
  return static_cast<std::uint8_t>((message.persistent() ? kPersistent : 0) |
                                   (message.dead_lettered() ? kDeadLettered : 0) |
                                   (message.has_expiration() ? kHasExpiration : 0));
}

}  // namespace

std::size_t encoded_size(const broker::Message& message) {
  return kFixedBytes + (message.has_expiration() ? 8 : 0) + message.exchange().size() +
         message.routing_key().size() + message.property_bytes().size() + message.body_size();
}

void encode_message(base::Buffer& to, const broker::Message& message) {
  const std::size_t size = encoded_size(message);
  char* const begin = to.reserve(size);
  char* at = base::store_big_endian(begin, static_cast<std::uint8_t>(message.format()));
  at = base::store_big_endian(at, flags_of(message));
  at = base::store_big_endian(at, message.priority());
  at = base::store_big_endian(at, std::uint8_t{0});
  at = base::store_big_endian(
      at, static_cast<std::uint64_t>(message.ingress().time_since_epoch().count()));
  if (message.has_expiration())
    at = base::store_big_endian(at, static_cast<std::uint64_t>(message.expiration().count()));
  at = base::store_big_endian(at, static_cast<std::uint8_t>(message.exchange().size()));
  at = base::put_bytes(at, message.exchange());
  at = base::store_big_endian(at, static_cast<std::uint8_t>(message.routing_key().size()));
  at = base::put_bytes(at, message.routing_key());
  at = base::store_big_endian(at, static_cast<std::uint32_t>(message.property_bytes().size()));
  at = base::put_bytes(at, message.property_bytes());
  at = base::store_big_endian(at, static_cast<std::uint32_t>(message.body_size()));
  at = base::put_bytes(at, message.body());
  at = base::store_big_endian(at, std::uint16_t{0});
  DCHECK(at == begin + size);
  to.commit(size);
}

std::optional<broker::MessageParts> decode_message(base::ByteReader& reader) {
  const std::uint8_t format = reader.u8();
  const std::uint8_t flags = reader.u8();
  broker::MessageParts parts;
  parts.priority = reader.u8();
  const std::uint8_t zero = reader.u8();
  parts.persistent = (flags & kPersistent) != 0;
  parts.dead_lettered = (flags & kDeadLettered) != 0;
  parts.has_expiration = (flags & kHasExpiration) != 0;
  parts.ingress = base::WallTime(base::Milliseconds(static_cast<std::int64_t>(reader.u64())));
  const std::uint64_t expiration = parts.has_expiration ? reader.u64() : 0;
  parts.exchange = reader.short_string();
  parts.routing_key = reader.short_string();
  parts.property_bytes = reader.long_string();
  parts.body = reader.long_string();
  reader.take(reader.u16());
  const bool known = format == static_cast<std::uint8_t>(broker::MessageFormat::kAmqp091) &&
                     (flags & ~kKnownFlags) == 0 && zero == 0;
  // No publish gets in with more: later arithmetic relies on it.
  if (!reader.ok() || !known || expiration > std::uint64_t{broker::kTimeToLiveMaxMs})
    return std::nullopt;
  parts.expiration = base::Milliseconds(static_cast<std::int64_t>(expiration));
  return parts;
}

}  // namespace harrier::store

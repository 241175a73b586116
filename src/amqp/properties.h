// The content header: body size, and the fourteen basic properties.
//
// Model:     ContentHeader is what a header frame's payload says: class, body size, and the
//            *property bytes* (flags and values exactly as received). Messages keep these bytes and
//            re-emit them; Properties is a parsed view of them, made where a feature needs a value.
// Lifetimes: views live as long as the payload.
// Errors:    malformed flags, lengths or tables are SYNTAX_ERROR (502); a class other than basic is
//            UNEXPECTED_FRAME (505).
// Thread:    immutable values.
// Spec:      AMQP 0-9-1 section 4.2.6.1; basic class properties 1.8.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "amqp/constants.h"
#include "amqp/field_table.h"

namespace harrier::amqp {

// Flag bits from the highest: the order on the wire.
enum PropertyFlag : std::uint16_t {
  kContentType = 1 << 15,
  kContentEncoding = 1 << 14,
  kHeaders = 1 << 13,
  kDeliveryMode = 1 << 12,
  kPriority = 1 << 11,
  kCorrelationId = 1 << 10,
  kReplyTo = 1 << 9,
  kExpiration = 1 << 8,
  kMessageId = 1 << 7,
  kTimestamp = 1 << 6,
  kType = 1 << 5,
  kUserId = 1 << 4,
  kAppId = 1 << 3,
  kClusterId = 1 << 2,
};

// All views; a property is present when its flag is set.
struct Properties {
  std::uint16_t flags = 0;
  std::uint8_t delivery_mode = 0;
  std::uint8_t priority = 0;
  std::uint64_t timestamp = 0;
  Bytes content_type;
  Bytes content_encoding;
  TableView headers;
  Bytes correlation_id;
  Bytes reply_to;
  Bytes expiration;
  Bytes message_id;
  Bytes type;
  Bytes user_id;
  Bytes app_id;
  Bytes cluster_id;

  bool has(PropertyFlag flag) const { return (flags & flag) != 0; }
  bool persistent() const { return has(kDeliveryMode) && delivery_mode == 2; }
};

inline constexpr std::uint16_t kBasicClass = 60;
// Every content header begins with these, then comes the body's size.
inline constexpr std::uint32_t kBasicClassAndWeight = std::uint32_t{kBasicClass} << 16;
// Class, weight and body size: what stands before the properties.
inline constexpr std::size_t kContentHeaderSize = 12;

struct ContentHeader {
  std::uint16_t class_id = kBasicClass;
  std::uint64_t body_size = 0;
  // From the flags to the end of the payload.
  Bytes property_bytes;
  Properties properties;
};

// Reads property bytes that may be anything into `properties`, which is as good as new. Answers
// whether they are well-formed; parse_content_header() says what is wrong with them.
bool read_properties(Bytes property_bytes, const TableLimits& limits, Properties& properties);
// Parses and validates a header frame's payload.
Checked<ContentHeader> parse_content_header(Bytes payload, const TableLimits& limits = {});
// Parses property bytes that passed parse_content_header once (CHECK).
Properties parse_properties(Bytes property_bytes);
// The property bytes of `properties`: flags and values in wire order.
std::string encode_properties(const Properties& properties);
// The same property bytes with the headers replaced (an empty table removes them) and, when
// `drop_expiration`, without the expiration. What is not named is copied byte for byte.
std::string with_headers(Bytes property_bytes, TableView headers, bool drop_expiration = false);
// The same property bytes with another reply-to; REQUIRES reply_to.size() <= 255.
std::string with_reply_to(Bytes property_bytes, std::string_view reply_to);

}  // namespace harrier::amqp

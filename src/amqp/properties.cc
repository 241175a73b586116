#include "amqp/properties.h"

#include <array>
#include <utility>

#include "base/check.h"

namespace harrier::amqp {
namespace {

// Bit 0 would announce a second flag word, which the basic class has no use for; bit 1 is no
// property.
constexpr std::uint16_t kUndefinedFlags = 0b11;
constexpr std::size_t kFlagsSize = sizeof(std::uint16_t);
constexpr std::size_t kPropertyCount = 14;
constexpr std::size_t kHeadersIndex = 2;
constexpr std::size_t kReplyToIndex = 6;
constexpr std::size_t kExpirationIndex = 7;

enum class Kind : std::uint8_t { kShortString, kTable, kOctet, kTimestamp };

// In wire order: the property of index i has the flag 1 << (15 - i).
constexpr std::array<Kind, kPropertyCount> kKinds{
    Kind::kShortString,  // content_type
    Kind::kShortString,  // content_encoding
    Kind::kTable,        // headers
    Kind::kOctet,        // delivery_mode
    Kind::kOctet,        // priority
    Kind::kShortString,  // correlation_id
    Kind::kShortString,  // reply_to
    Kind::kShortString,  // expiration
    Kind::kShortString,  // message_id
    Kind::kTimestamp,    // timestamp
    Kind::kShortString,  // type
    Kind::kShortString,  // user_id
    Kind::kShortString,  // app_id
    Kind::kShortString,  // cluster_id
};

constexpr std::uint16_t flag_at(std::size_t index) {
  return static_cast<std::uint16_t>(1u << (15 - index));
}

// Reads what `properties.flags` announces. The headers are taken as they are, not validated.
void read_values(base::ByteReader& reader, Properties& properties) {
  const std::uint16_t flags = properties.flags;
  if (flags & kContentType) properties.content_type = reader.short_string();
  if (flags & kContentEncoding) properties.content_encoding = reader.short_string();
  if (flags & kHeaders) properties.headers = TableView(reader.long_string());
  if (flags & kDeliveryMode) properties.delivery_mode = reader.u8();
  // Most messages end here.
  if ((flags & (kDeliveryMode - 1)) == 0) return;
  if (flags & kPriority) properties.priority = reader.u8();
  if (flags & kCorrelationId) properties.correlation_id = reader.short_string();
  if (flags & kReplyTo) properties.reply_to = reader.short_string();
  if (flags & kExpiration) properties.expiration = reader.short_string();
  if (flags & kMessageId) properties.message_id = reader.short_string();
  if (flags & kTimestamp) properties.timestamp = reader.u64();
  if (flags & kType) properties.type = reader.short_string();
  if (flags & kUserId) properties.user_id = reader.short_string();
  if (flags & kAppId) properties.app_id = reader.short_string();
  if (flags & kClusterId) properties.cluster_id = reader.short_string();
}

ProtocolError syntax_error(std::string detail) {
  return protocol_error(ReplyCode::kSyntaxError, std::move(detail));
}

ProtocolError wrong_header(const ContentHeader& header, std::uint16_t weight) {
  if (header.class_id == kBasicClass)
    return protocol_error(ReplyCode::kUnexpectedFrame,
                          "content header with a weight of " + std::to_string(weight));
  return protocol_error(ReplyCode::kUnexpectedFrame,
                        "expected content header for class 60, got one for class " +
                            std::to_string(header.class_id) + " instead");
}

std::optional<ProtocolError> read_header(Bytes payload, const TableLimits& limits,
                                         ContentHeader& header) {
  base::ByteReader reader(payload);
  header.class_id = reader.u16();
  const std::uint16_t weight = reader.u16();
  header.body_size = reader.u64();
  header.property_bytes = Bytes(reader.position(), reader.remaining());
  header.properties.flags = reader.u16();
  if (!reader.ok()) [[unlikely]]
    return protocol_error(
        payload.size() < kContentHeaderSize ? ReplyCode::kFrameError : ReplyCode::kSyntaxError,
        "content header of " + std::to_string(payload.size()) + " bytes is too short");
  if (header.class_id != kBasicClass || weight != 0) [[unlikely]]
    return wrong_header(header, weight);
  if ((header.properties.flags & kUndefinedFlags) != 0) [[unlikely]]
    return syntax_error("content header with undefined property flags");
  read_values(reader, header.properties);
  if (!reader.ok()) [[unlikely]]
    return syntax_error("content header ends inside its properties");
  if (reader.remaining() != 0) [[unlikely]]
    return syntax_error("content header has " + std::to_string(reader.remaining()) +
                        " bytes behind its properties");
  if (header.properties.headers.empty()) return std::nullopt;
  auto headers = validate_table(header.properties.headers.bytes(), limits);
  if (!headers.ok()) [[unlikely]]
    return std::move(headers).error();
  return std::nullopt;
}

// Property bytes cut into their values as encoded, lengths included. An absent value is empty,
// which no present one is.
class EncodedProperties {
 public:
  // REQUIRES property bytes that were validated.
  explicit EncodedProperties(Bytes property_bytes) : reader_(property_bytes) {
    const std::uint16_t flags = reader_.u16();
    for (std::size_t index = 0; index < kPropertyCount; ++index) {
      if ((flags & flag_at(index)) != 0) values_[index] = take_value(kKinds[index]);
    }
    CHECK(reader_.ok() && reader_.remaining() == 0 && (flags & kUndefinedFlags) == 0);
  }

  void replace(std::size_t index, Bytes encoded) { values_[index] = encoded; }

  std::string join() const {
    std::uint16_t flags = 0;
    std::size_t size = kFlagsSize;
    for (std::size_t index = 0; index < kPropertyCount; ++index) {
      if (!values_[index].empty()) flags |= flag_at(index);
      size += values_[index].size();
    }
    std::string joined(kFlagsSize, '\0');
    base::store_big_endian(joined.data(), flags);
    joined.reserve(size);
    for (Bytes value : values_)
      joined.append(value);
    return joined;
  }

 private:
  Bytes take_value(Kind kind) {
    const char* begin = reader_.position();
    switch (kind) {
      case Kind::kShortString: reader_.short_string(); break;
      case Kind::kTable: reader_.long_string(); break;
      case Kind::kOctet: reader_.take(sizeof(std::uint8_t)); break;
      case Kind::kTimestamp: reader_.take(sizeof(std::uint64_t)); break;
    }
    return Bytes(begin, static_cast<std::size_t>(reader_.position() - begin));
  }

  base::ByteReader reader_;
  std::array<Bytes, kPropertyCount> values_;
};

std::string encode_short_string(Bytes text) {
  CHECK(text.size() <= 255);
  std::string encoded(1, static_cast<char>(text.size()));
  encoded.append(text);
  return encoded;
}

std::string encode_table(TableView table) {
  const Bytes contents = table.bytes();
  std::string encoded(sizeof(std::uint32_t), '\0');
  base::store_big_endian(encoded.data(), static_cast<std::uint32_t>(contents.size()));
  encoded.append(contents);
  return encoded;
}

}  // namespace

Checked<ContentHeader> parse_content_header(Bytes payload, const TableLimits& limits) {
  // Filled in place: a ContentHeader is too large to be moved about for every message.
  Checked<ContentHeader> result(std::in_place);
  if (auto error = read_header(payload, limits, *result)) [[unlikely]]
    result = base::fail(*std::move(error));
  return result;
}

bool read_properties(Bytes property_bytes, const TableLimits& limits, Properties& properties) {
  base::ByteReader reader(property_bytes);
  properties.flags = reader.u16();
  if ((properties.flags & kUndefinedFlags) != 0) return false;
  if (properties.flags != 0) read_values(reader, properties);
  if (!reader.ok() || reader.remaining() != 0) return false;
  return properties.headers.empty() || validate_table(properties.headers.bytes(), limits).ok();
}

Properties parse_properties(Bytes property_bytes) {
  Properties properties;
  base::ByteReader reader(property_bytes);
  properties.flags = reader.u16();
  read_values(reader, properties);
  CHECK(reader.ok() && reader.remaining() == 0);
  return properties;
}

std::string encode_properties(const Properties& properties) {
  std::string encoded(kFlagsSize, '\0');
  base::store_big_endian(encoded.data(),
                         static_cast<std::uint16_t>(properties.flags & ~kUndefinedFlags));
  const auto add_text = [&](PropertyFlag flag, Bytes text) {
    if (properties.has(flag)) encoded.append(encode_short_string(text));
  };
  const auto add_octet = [&](PropertyFlag flag, std::uint8_t octet) {
    if (properties.has(flag)) encoded.push_back(static_cast<char>(octet));
  };
  add_text(kContentType, properties.content_type);
  add_text(kContentEncoding, properties.content_encoding);
  if (properties.has(kHeaders)) encoded.append(encode_table(properties.headers));
  add_octet(kDeliveryMode, properties.delivery_mode);
  add_octet(kPriority, properties.priority);
  add_text(kCorrelationId, properties.correlation_id);
  add_text(kReplyTo, properties.reply_to);
  add_text(kExpiration, properties.expiration);
  add_text(kMessageId, properties.message_id);
  if (properties.has(kTimestamp)) {
    char timestamp[sizeof properties.timestamp];
    base::store_big_endian(timestamp, properties.timestamp);
    encoded.append(timestamp, sizeof timestamp);
  }
  add_text(kType, properties.type);
  add_text(kUserId, properties.user_id);
  add_text(kAppId, properties.app_id);
  add_text(kClusterId, properties.cluster_id);
  return encoded;
}

std::string with_headers(Bytes property_bytes, TableView headers, bool drop_expiration) {
  EncodedProperties properties(property_bytes);
  const std::string encoded = headers.empty() ? std::string() : encode_table(headers);
  properties.replace(kHeadersIndex, encoded);
  if (drop_expiration) properties.replace(kExpirationIndex, {});
  return properties.join();
}

std::string with_reply_to(Bytes property_bytes, std::string_view reply_to) {
  EncodedProperties properties(property_bytes);
  const std::string encoded = encode_short_string(reply_to);
  properties.replace(kReplyToIndex, encoded);
  return properties.join();
}

}  // namespace harrier::amqp

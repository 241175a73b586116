// The numbers of AMQP 0-9-1: frame types, reply codes, sizes.
//
// Spec: AMQP 0-9-1 section 1.2 (constants), 2.3.5 (frame layout); RabbitMQ's additions are marked.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/strong_id.h"

namespace harrier::amqp {

using base::Bytes;

// A channel's number inside its connection; 0 is the connection itself.
using ChannelNumber = base::StrongId<struct ChannelNumberTag, std::uint16_t>;
// A delivery's, or with publisher confirms a publish's, number inside its channel; starts at 1.
using DeliveryTag = base::StrongId<struct DeliveryTagTag, std::uint64_t>;

enum class FrameType : std::uint8_t { kMethod = 1, kHeader = 2, kBody = 3, kHeartbeat = 8 };

inline constexpr std::uint8_t kFrameEnd = 0xCE;
// Type, channel, payload size before the payload, and the end octet behind it.
inline constexpr std::size_t kFrameHeaderSize = 7;
inline constexpr std::size_t kFrameOverhead = 8;
// RabbitMQ tolerates payloads that ignore the overhead: frame_max bytes of payload pass.
inline constexpr std::uint32_t kFrameMaxFloor = 4096;
inline constexpr std::size_t kProtocolHeaderSize = 8;
inline constexpr std::string_view kProtocolHeader091{"AMQP\0\0\x09\x01", 8};
// The header of AMQP 0-9 clients, whose method layout is the same.
inline constexpr std::string_view kProtocolHeader09{"AMQP\x01\x01\0\x09", 8};

enum class ReplyCode : std::uint16_t {
  kReplySuccess = 200,
  kContentTooLarge = 311,
  kNoRoute = 312,
  kNoConsumers = 313,
  kConnectionForced = 320,
  kInvalidPath = 402,
  kAccessRefused = 403,
  kNotFound = 404,
  kResourceLocked = 405,
  kPreconditionFailed = 406,
  kFrameError = 501,
  kSyntaxError = 502,
  kCommandInvalid = 503,
  kChannelError = 504,
  kUnexpectedFrame = 505,
  kResourceError = 506,
  kNotAllowed = 530,
  kNotImplemented = 540,
  kInternalError = 541,
};

// "NOT_FOUND" for kNotFound: the first word of every reply text.
std::string_view reply_name(ReplyCode code);

}  // namespace harrier::amqp

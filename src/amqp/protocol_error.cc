#include "amqp/protocol_error.h"

#include <utility>

#include "base/utf8.h"

namespace harrier::amqp {
namespace {

constexpr std::size_t kReplyTextSizeMax = 255;
constexpr std::string_view kCut = "...";

}  // namespace

std::string ProtocolError::reply_text() const {
  std::string text(reply_name(code));
  text.append(" - ").append(detail);
  if (text.size() <= kReplyTextSizeMax) return text;
  // RabbitMQ marks what it cuts.
  text.resize(base::cut_text(text, kReplyTextSizeMax - kCut.size()).size());
  return text.append(kCut);
}

ErrorScope scope_of(ReplyCode code) {
  switch (code) {
    case ReplyCode::kContentTooLarge:
    case ReplyCode::kNoRoute:
    case ReplyCode::kNoConsumers:
    case ReplyCode::kAccessRefused:
    case ReplyCode::kNotFound:
    case ReplyCode::kResourceLocked:
    case ReplyCode::kPreconditionFailed: return ErrorScope::kChannel;
    default: return ErrorScope::kConnection;
  }
}

ProtocolError protocol_error(ReplyCode code, std::string detail, MethodId method) {
  return {scope_of(code), code, std::move(detail), method};
}

base::Failure<ProtocolError> refuse(ReplyCode code, std::string detail, MethodId method) {
  return {protocol_error(code, std::move(detail), method)};
}

}  // namespace harrier::amqp

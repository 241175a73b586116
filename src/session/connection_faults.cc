#include "session/connection_faults.h"

#include <string>

namespace harrier::session {

amqp::CheckedStatus check_heartbeat(const amqp::Frame& frame) {
  if (!frame.payload.empty())
    return amqp::refuse(
        amqp::ReplyCode::kFrameError,
        "heartbeat frame with a payload of " + std::to_string(frame.payload.size()) + " bytes");
  if (frame.channel.value != 0)
    return amqp::refuse(amqp::ReplyCode::kUnexpectedFrame,
                        "heartbeat frame on channel " + std::to_string(frame.channel.value));
  return base::Done{};
}

amqp::ProtocolError unexpected_method(std::string_view state, amqp::MethodId method) {
  std::string detail = "unexpected method in connection state ";
  detail.append(state);
  return amqp::protocol_error(amqp::ReplyCode::kChannelError, std::move(detail), method);
}

}  // namespace harrier::session

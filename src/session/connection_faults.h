// The mistakes that both the handshake and an open connection can meet, in RabbitMQ's words.
//
// Thread: pure functions.
#pragma once

#include <string_view>

#include "amqp/frame.h"
#include "amqp/protocol_error.h"

namespace harrier::session {

// A heartbeat is empty (501) and on channel 0 (505). REQUIRES a heartbeat frame.
amqp::CheckedStatus check_heartbeat(const amqp::Frame& frame);

// A method that the connection's state has no use for: 504, as RabbitMQ answers, where the
// specification would say 503. `state` is RabbitMQ's name for it.
amqp::ProtocolError unexpected_method(std::string_view state, amqp::MethodId method);

}  // namespace harrier::session

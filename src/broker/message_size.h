// What whoever publishes a body that is too large is told, whoever's limit it is.
//
// Thread: any.
// Spec:   RabbitMQ's words.
#pragma once

#include <cstdint>
#include <string>

#include "amqp/protocol_error.h"

namespace harrier::broker {

inline amqp::ProtocolError message_too_large(std::uint64_t body_size, std::uint64_t limit,
                                             amqp::MethodId method = {}) {
  return amqp::protocol_error(amqp::ReplyCode::kPreconditionFailed,
                              "message size " + std::to_string(body_size) +
                                  " is larger than configured max size " + std::to_string(limit),
                              method);
}

}  // namespace harrier::broker

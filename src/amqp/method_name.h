// The name of a method by its numbers, for logs.
//
// Thread: pure functions.
#pragma once

#include <string_view>

#include "amqp/protocol_error.h"

namespace harrier::amqp {

// "queue.declare"; empty if there is no such method.
std::string_view method_name(MethodId id);

}  // namespace harrier::amqp

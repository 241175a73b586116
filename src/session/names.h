// Names of queues and exchanges as clients send them.
//
// Thread: pure functions.
// Spec:   conformance.md S13: RabbitMQ strips carriage returns and line feeds from names.
#pragma once

#include <string>
#include <string_view>

#include "amqp/protocol_error.h"

namespace harrier::session {

std::string without_line_breaks(std::string_view name);
// A name about to be declared: also UTF-8, else FRAME_ERROR (501), and free of NUL, else
// SYNTAX_ERROR (502).
amqp::Checked<std::string> declared_name(std::string_view name);

}  // namespace harrier::session

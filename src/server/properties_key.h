// RabbitMQ's name of one binding among those of its two ends.
//
// Model:  the routing key, percent-encoded; with arguments, `~` and a hash of them; `~` alone for
//         neither. Opaque to clients, but for the key before the `~`.
// Thread: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "amqp/field_table.h"

namespace harrier::server {

std::string properties_key(std::string_view routing_key, amqp::TableView arguments);

}  // namespace harrier::server

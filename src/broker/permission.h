// The three permissions of RabbitMQ's model.
#pragma once

#include <cstdint>

namespace harrier::broker {

enum class Permission : std::uint8_t { kConfigure, kWrite, kRead };

}  // namespace harrier::broker

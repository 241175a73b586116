// Names that only the broker may give.
#pragma once

#include <string_view>

namespace harrier::broker {

inline constexpr std::string_view kReservedPrefix = "amq.";
inline constexpr std::string_view kReplyTo = "amq.rabbitmq.reply-to";
inline constexpr std::string_view kReplyToPrefix = "amq.rabbitmq.reply-to.";

}  // namespace harrier::broker

// The two version numbers of HarrierMQ.
#pragma once

#include <string_view>

namespace harrier {

// Our own version, as in CMakeLists.txt and `harriermq --version`.
inline constexpr std::string_view kVersion = "0.1.0";

// The RabbitMQ release whose behaviour clients may expect; what server-properties call `version`.
// Purely numeric, because client libraries parse it.
inline constexpr std::string_view kCompatibleVersion = "3.13.7";

}  // namespace harrier

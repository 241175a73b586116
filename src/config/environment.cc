#include "config/environment.h"

#include <unistd.h>

namespace harrier::config {
namespace {

constexpr std::string_view kPrefix = "HARRIERMQ_";
constexpr std::string_view kRabbitmqPrefix = "RABBITMQ_";
// What harrierctl alone reads; a container sets it for both.
constexpr std::string_view kOfHarrierctl = "HARRIERMQ_CTL_SOCKET=";

}  // namespace

Environment read_environment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    const std::size_t equals = variable.find('=');
    const bool known = variable.starts_with(kPrefix) || variable.starts_with(kRabbitmqPrefix);
    if (!known || equals == variable.npos || variable.starts_with(kOfHarrierctl)) continue;
    environment.emplace(variable.substr(0, equals), variable.substr(equals + 1));
  }
  return environment;
}

std::string environment_name(std::string_view path) {
  std::string name(kPrefix);
  for (const char c : path) {
    if (c >= 'a' && c <= 'z') {
      name.push_back(static_cast<char>(c - 'a' + 'A'));
    } else if (c == '.' || c == '[') {
      name.push_back('_');
    } else if (c != ']') {
      name.push_back(c);
    }
  }
  return name;
}

}  // namespace harrier::config

#include "management/time_text.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace harrier::management {

std::string text_of(base::WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  const auto rest = time.time_since_epoch().count() % 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text.data() + size, text.size() - size, ".%03d+00:00",
                static_cast<int>(rest < 0 ? 0 : rest));
  return text.data();
}

}  // namespace harrier::management

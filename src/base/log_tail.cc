#include "base/log_tail.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace harrier::base {

void LogTail::add(LogLevel level, std::string members) {
  if (members.size() > kLineMax) return;
  const auto now = std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
  const std::lock_guard lock(mutex_);
  if (lines_.size() == kLinesMax) lines_.pop_front();
  lines_.push_back({++last_, now, level, std::move(members)});
}

std::vector<LogTail::Line> LogTail::behind(std::uint64_t number, std::size_t max) const {
  const std::lock_guard lock(mutex_);
  const auto first = std::find_if(lines_.begin(), lines_.end(),
                                  [number](const Line& line) { return line.number > number; });
  const auto count = std::min<std::size_t>(max, static_cast<std::size_t>(lines_.end() - first));
  return {first, first + static_cast<std::ptrdiff_t>(count)};
}

std::uint64_t LogTail::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

LogTail& log_tail() {
  static LogTail tail;
  return tail;
}

}  // namespace harrier::base

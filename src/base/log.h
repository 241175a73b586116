// The log facade: what an operator reads. Hides spdlog so that only log.cc includes it.
//
// Role:   one line per decision worth an operator's time, at the layer that decides. Never
//         credentials, never message bodies.
// Thread: synchronized (spdlog's logger).
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace harrier::base {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };
enum class LogFormat { kText, kJson };

// REQUIRES: called before other threads log. Lines go to standard output, one each.
void configure_log(LogLevel level, LogFormat format);
// Any thread.
void set_log_level(LogLevel level);
bool log_enabled(LogLevel level);

// One structured value beside the text: "peer=127.0.0.1:4711", or a JSON member.
struct LogField {
  std::string_view name;
  std::string value;
};

// `category` is the part of the broker that speaks: "connection", "queue", "server" …
void log(LogLevel level, std::string_view category, std::string_view text,
         std::initializer_list<LogField> fields = {});

inline void log_info(std::string_view category, std::string_view text,
                     std::initializer_list<LogField> fields = {}) {
  log(LogLevel::kInfo, category, text, fields);
}
inline void log_warning(std::string_view category, std::string_view text,
                        std::initializer_list<LogField> fields = {}) {
  log(LogLevel::kWarning, category, text, fields);
}
inline void log_error(std::string_view category, std::string_view text,
                      std::initializer_list<LogField> fields = {}) {
  log(LogLevel::kError, category, text, fields);
}

}  // namespace harrier::base

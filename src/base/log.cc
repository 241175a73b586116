#include "base/log.h"

#include <algorithm>
#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/hex.h"
#include "base/log_tail.h"
#include "base/utf8.h"

namespace harrier::base {
namespace {

LogFormat format = LogFormat::kText;

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarning: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
    case LogLevel::kOff: break;
  }
  return spdlog::level::off;
}

// A control character of one octet, or of the two octets U+0080 to U+009F, which terminals obey
// too.
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  return first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

// How many octets at the start of `text` are written as they are in every format.
std::size_t plain_size(std::string_view text) {
  const auto special = [](char c) {
    return static_cast<unsigned char>(c) >= 0x7F || c < ' ' || c == '"' || c == '\\';
  };
  return static_cast<std::size_t>(std::find_if(text.begin(), text.end(), special) - text.begin());
}

// Calls visit(octets, whether they are one character of UTF-8, or several plain ones) until `text`
// is used up.
template <class Visit>
void each_character(std::string_view text, Visit&& visit) {
  while (!text.empty()) {
    if (const std::size_t plain = plain_size(text); plain != 0) {
      visit(text.substr(0, plain), true);
      text.remove_prefix(plain);
      continue;
    }
    const std::size_t size = utf8_character_size(text);
    visit(text.substr(0, size == 0 ? 1 : size), size != 0);
    text.remove_prefix(size == 0 ? 1 : size);
  }
}

// Names come from peers: a line break in one must not forge a second log line.
void append_printable(std::string& line, std::string_view text) {
  each_character(text, [&line](std::string_view octets, bool character) {
    if (character && !is_control(octets)) {
      line.append(octets);
      return;
    }
    for (char c : octets) {
      line.append("\\x");
      append_hex(line, c);
    }
  });
}

// Peers' bytes need not be UTF-8, but a JSON line must be: what is no character becomes U+FFFD.
void append_json_string(std::string& line, std::string_view text) {
  line.push_back('"');
  each_character(text, [&line](std::string_view octets, bool character) {
    if (!character) {
      line.append("\\ufffd");
    } else if (is_control(octets)) {
      line.append("\\u00");
      append_hex(line, octets.back());
    } else {
      if (octets == "\"" || octets == "\\") line.push_back('\\');
      line.append(octets);
    }
  });
  line.push_back('"');
}

std::string text_line(std::string_view category, std::string_view text,
                      std::initializer_list<LogField> fields) {
  std::string line;
  line.append(category).append(": ");
  append_printable(line, text);
  for (const LogField& field : fields) {
    line.append(" ").append(field.name).append("=");
    append_printable(line, field.value);
  }
  return line;
}

// The members behind those that the pattern writes, and the closing brace.
std::string json_members(std::string_view category, std::string_view text,
                         std::initializer_list<LogField> fields) {
  std::string line = "\"domain\":";
  append_json_string(line, std::string("harriermq.").append(category));
  line.append(",\"msg\":");
  append_json_string(line, text);
  for (const LogField& field : fields) {
    line.push_back(',');
    append_json_string(line, field.name);
    line.push_back(':');
    append_json_string(line, field.value);
  }
  line.push_back('}');
  return line;
}

}  // namespace

void configure_log(LogLevel level, LogFormat log_format) {
  format = log_format;
  auto logger = std::make_shared<spdlog::logger>("harriermq",
                                                 std::make_shared<spdlog::sinks::stdout_sink_mt>());
  logger->set_pattern(log_format == LogFormat::kJson
                          ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","pid":%P,%v)"
                          : "%Y-%m-%d %H:%M:%S.%e%z [%l] %v");
  logger->set_level(spdlog_level(level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void set_log_level(LogLevel level) { spdlog::default_logger_raw()->set_level(spdlog_level(level)); }

bool log_enabled(LogLevel level) { return spdlog::should_log(spdlog_level(level)); }

void log(LogLevel level, std::string_view category, std::string_view text,
         std::initializer_list<LogField> fields) {
  if (level == LogLevel::kOff || !log_enabled(level)) return;
  std::string members = json_members(category, text, fields);
  spdlog::log(spdlog_level(level), "{}",
              format == LogFormat::kJson ? members : text_line(category, text, fields));
  log_tail().add(level, std::move(members));
}

}  // namespace harrier::base

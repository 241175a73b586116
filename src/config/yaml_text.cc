#include "config/yaml_text.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <yaml-cpp/yaml.h>

namespace harrier::config {
namespace {

bool is_plain(std::string_view text) {
  constexpr std::string_view kSafe = "_./%+-";
  const auto safe = [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || kSafe.find(c) != kSafe.npos;
  };
  if (text.empty() || !std::all_of(text.begin(), text.end(), safe)) return false;
  if (text.front() == '-' || text.front() == '%') return false;
  std::string word(text);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  // What YAML has meanings for. Numbers are fine: who wants a text reads them as written.
  const auto words = std::to_array<std::string_view>(
      {"null", "true", "false", "yes", "no", "on", "off", "y", "n"});
  return std::find(words.begin(), words.end(), word) == words.end();
}

bool is_printable(char c) { return c >= ' ' && c != '\x7F' && static_cast<signed char>(c) >= 0; }

}  // namespace

std::string yaml_quoted(std::string_view text) {
  YAML::Emitter out;
  // Single quotes leave patterns readable; what they cannot hold is escaped in double ones.
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_printable)) {
    out << YAML::SingleQuoted;
  } else {
    out << YAML::DoubleQuoted;
  }
  out << std::string(text);
  return out.c_str();
}

std::string yaml_text(std::string_view text) {
  return is_plain(text) ? std::string(text) : yaml_quoted(text);
}

std::string yaml_list(const std::vector<std::string>& texts) {
  std::string list = "[";
  for (const std::string& text : texts)
    list.append(list.size() == 1 ? "" : ", ").append(yaml_text(text));
  return list.append("]");
}

}  // namespace harrier::config

#include "config/pattern_row.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace harrier::config {
namespace {

// What other YAML files mean yes or no by. As patterns these would silently be parts of names.
bool is_other_boolean(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto words = std::to_array<std::string_view>({"true", "false", "yes", "no", "on", "off"});
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

void check_pattern(Section& section, const char* key, const std::string& pattern,
                   std::span<const base::PatternVariable> variables) {
  if (is_other_boolean(pattern))
    return section.error(key, "'" + pattern + "' is neither true nor false, nor a pattern: ^" +
                                  pattern + "$ is one");
  const auto expanded = base::expand_pattern(pattern, variables);
  if (!expanded) return section.error(key, expanded.error().message);
  if (const auto compiled = base::Pattern::compile(*expanded); !compiled)
    section.error(key, compiled.error().message);
}

std::string pattern_text(const std::string& pattern) {
  if (pattern == ".*") return "true";
  return pattern == "^$" ? "false" : yaml_text(pattern);
}

}  // namespace harrier::config

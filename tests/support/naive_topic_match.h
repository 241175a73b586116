// Topic matching word by word, as its definition says: what the trie is compared with.
#pragma once

#include <string_view>
#include <vector>

namespace harrier::broker {

inline std::vector<std::string_view> words_of(std::string_view key) {
  std::vector<std::string_view> words;
  if (key.empty()) return words;
  for (;;) {
    const std::size_t dot = key.find('.');
    words.push_back(key.substr(0, dot));
    if (dot == std::string_view::npos) return words;
    key.remove_prefix(dot + 1);
  }
}

// Whether the first i words of the pattern match the first j words of the key, for all i and j.
inline bool naive_topic_match(std::string_view pattern_key, std::string_view routing_key) {
  const std::vector<std::string_view> pattern = words_of(pattern_key);
  const std::vector<std::string_view> key = words_of(routing_key);
  std::vector<std::vector<bool>> matches(pattern.size() + 1,
                                         std::vector<bool>(key.size() + 1, false));
  matches[0][0] = true;
  for (std::size_t i = 1; i <= pattern.size(); ++i) {
    const std::string_view word = pattern[i - 1];
    for (std::size_t j = 0; j <= key.size(); ++j) {
      if (word == "#") {
        matches[i][j] = matches[i - 1][j] || (j > 0 && matches[i][j - 1]);
      } else if (j > 0 && (word == "*" || word == key[j - 1])) {
        matches[i][j] = matches[i - 1][j - 1];
      }
    }
  }
  return matches[pattern.size()][key.size()];
}

}  // namespace harrier::broker

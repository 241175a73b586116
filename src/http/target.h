// The target of a request: a path of segments, and the fields of its query.
//
// Role:   parsed once per request; routes are compared with the segments.
// Model:  split first, decoded then, so that %2F is part of a name and never a separator. In a path
//         + is a plus, in a query a space. Slashes in front count as one, and one at the end for
//         nothing.
// Thread: plain value.
// Errors: a % without two hexadecimal digits, a target that is no path: nullopt.
// Limits: kSegmentsMax, kFieldsMax: nullopt.
// Spec:   RFC 3986, RFC 9112 section 3.2.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace harrier::http {

struct Target {
  static constexpr std::size_t kSegmentsMax = 32;
  static constexpr std::size_t kFieldsMax = 256;

  std::vector<std::string> segments;
  // In their order.
  std::vector<std::pair<std::string, std::string>> query;
  // As it was sent, without the query.
  std::string path;

  static std::optional<Target> parse(std::string_view text);
  // The last of this name; nullptr: there is none.
  const std::string* find(std::string_view field) const {
    const std::string* found = nullptr;
    for (const auto& [name, value] : query)
      if (name == field) found = &value;
    return found;
  }
};

// nullopt: a % that begins nothing.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space = false);
// So that it is one segment of a path, whatever it holds.
std::string percent_encoded(std::string_view text);

}  // namespace harrier::http

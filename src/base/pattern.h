// A regular expression over names: compiled once, searched for anywhere in a text.
//
// Role:   permissions ask it about names that clients choose, so what one question may cost is
//         bounded, and a question that cannot be answered is answered no. Byte by byte unless the
//         pattern begins with (*UTF), as RabbitMQ matches.
// Thread: immutable, and cheap to copy: copies share what was compiled. A match uses memory of the
//         thread it runs on.
// Errors: compile() says what is wrong and at which byte; a match that fails is no match.
// Limits: kSourceMax; Limits for each match, of the whole process: beyond, no match.
// Spec:   PCRE2. Its interpreter only: the just-in-time compiler counts neither depth nor heap,
//         wants memory that is writable and executable, and patterns are asked too rarely to
//         need it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace harrier::base {

class Pattern {
 public:
  static constexpr std::size_t kSourceMax = 4096;  // bytes

  // Of one match, in PCRE2's terms.
  struct Limits {
    std::uint32_t steps = 50'000;
    std::uint32_t depth = 10'000;
    std::uint32_t heap_kib = 1024;
  };

  // Matches nothing.
  Pattern() = default;
  // An empty source stands for ^$, which only the empty text matches.
  static Result<Pattern> compile(std::string_view source);

  bool matches(std::string_view text) const;

  // Any thread: for every match of the process that begins from now on.
  static void set_limits(const Limits& limits);

 private:
  struct Code;

  std::shared_ptr<const Code> code_;
  // The source is ".*": nothing need be asked.
  bool everything_ = false;
};

// The name in braces, and what takes its place.
using PatternVariable = std::pair<std::string_view, std::string_view>;

// `source` with each {name} replaced by a pattern that matches the variable's text and nothing
// else, whatever that text holds. Refuses one behind a backslash: there it could not be literal.
Result<std::string> expand_pattern(std::string_view source,
                                   std::span<const PatternVariable> variables);

}  // namespace harrier::base

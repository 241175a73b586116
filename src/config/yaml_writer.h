// Writes an object as YAML, row by row of its table.
//
// Role:   --print-config (print_options.h) and the example file (reference.h).
// Thread: confined to its owner.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/key.h"

namespace harrier::config {

class YamlWriter {
 public:
  // The whole line of a secret, without indentation: "password: x", or of another key.
  using SecretLine =
      std::function<std::string(const Key& key, const std::string& path, const std::string& value)>;

  struct Style {
    // Above each key its meaning, reason and form; empty lists with an element as a comment.
    bool comments = false;
    SecretLine secret_line{};
  };

  explicit YamlWriter(Style style) : style_(std::move(style)) {}

  // REQUIRES that `owner` is of the table's type.
  std::string text(const Table& table, const void* owner) const;

 private:
  using Lines = std::vector<std::string>;

  Lines lines(const Table& table, const void* owner, const std::string& path,
              std::size_t indent) const;
  Lines list_lines(const Key& key, const void* owner, const std::string& path,
                   std::size_t indent) const;
  Lines element_lines(const Key& key, const void* element, const std::string& path,
                      std::size_t indent) const;
  void add_comment(Lines& lines, const Key& key, std::size_t indent) const;
  std::string leaf_line(const Key& key, const void* owner, const std::string& path) const;

  const Style style_;
};

// `text` in lines of at most `width` bytes, each with `prefix`, which counts.
std::vector<std::string> wrapped(std::string_view text, const std::string& prefix,
                                 std::size_t width);

}  // namespace harrier::config

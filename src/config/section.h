// A YAML mapping that is read key by key and remembers which keys were asked for.
//
// Role:      the rows of the table of keys (row.h) call it; read_table.h walks them.
// Model:     each call names a key. A variable of the environment wins over the document. Absent:
//            the target keeps its value. Wrong: an error is noted and the target keeps its value.
//            The destructor notes keys nobody asked for.
// Errors:    in Reading::errors, never thrown; yaml-cpp's exceptions end in load_options.cc.
// Thread:    compatible.
#pragma once

#include <chrono>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "config/environment.h"

namespace harrier::config {

// What one pass over a document is given and collects.
struct Reading {
  std::string file_name;
  // HARRIERMQ_… and its value; which of them were taken.
  Environment environment;
  std::set<std::string, std::less<>> environment_taken;
  // Another variable that stands for one of them, for errors: RabbitMQ's name.
  Environment environment_aliases;
  // Line (from 1, 0 unknown) and text.
  std::vector<std::pair<int, std::string>> errors;
  // Dotted key of a secret, and the file it was read from.
  std::map<std::string, std::string> secret_files;
  // Where a secret is the mask that stands for one: "harriermq.yaml:12: users[0].password".
  std::vector<std::string> masked;
};

class Section {
 public:
  // REQUIRES that `reading` outlives it. An undefined or null node is an empty mapping.
  Section(Reading& reading, const YAML::Node& node, std::string path);
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;
  ~Section();

  void text(const char* key, std::string& target, std::size_t size_max = 255);
  // A text that may also be given as `<key>_file`, or in the environment with _FILE: the contents
  // of a file, without the newline at its end.
  void secret(const char* key, std::string& target, std::size_t size_max);
  void boolean(const char* key, bool& target);
  void text_list(const char* key, std::vector<std::string>& target, std::size_t size_max = 255);
  // String keys and values, any keys.
  void text_map(const char* key, std::vector<std::pair<std::string, std::string>>& target);

  // Any keys; a plain number or truth value is one, what is quoted is a text.
  using Scalar = std::variant<std::int64_t, bool, std::string>;
  void scalar_map(const char* key, std::vector<std::pair<std::string, Scalar>>& target);

  // A whole number.
  template <class Number>
  void integer(const char* key, Number& target, std::int64_t min, std::int64_t max) {
    if (auto number = read_integer(key, min, max)) target = static_cast<Number>(*number);
  }
  // Bytes: "16MiB", "64KiB", "1GB" or a bare number.
  template <class Number>
  void size(const char* key, Number& target, std::int64_t min, std::int64_t max) {
    if (auto bytes = read_size(key, min, max)) target = static_cast<Number>(*bytes);
  }
  // A time span with its unit: "250ms", "60s", "30min", "2h"; 0 needs none.
  template <class Duration>
  void duration(const char* key, Duration& target, std::chrono::milliseconds min,
                std::chrono::milliseconds max) {
    const bool whole_seconds = Duration(1) == std::chrono::seconds(1);
    if (auto span = read_duration(key, min, max, whole_seconds))
      target = std::chrono::duration_cast<Duration>(*span);
  }
  // One of some words.
  template <class Value>
  void choice(const char* key, Value& target,
              const std::vector<std::pair<const char*, Value>>& choices) {
    const std::optional<std::string> word = read_word(key);
    if (!word) return;
    std::string expected;
    for (const auto& [name, value] : choices) {
      if (*word == name) {
        target = value;
        return;
      }
      expected.append(expected.empty() ? "" : ", ").append(name);
    }
    error(key, "'" + *word + "' is none of " + expected);
  }

  // The mapping below this one; empty if the key is absent.
  YAML::Node below(const char* key);
  // The elements of a list of mappings; nullopt if the key is absent.
  std::optional<std::vector<YAML::Node>> list(const char* key);

  // For checks beyond one key. `key` nullptr: the section itself.
  bool has(const char* key) const;
  void error(const char* key, const std::string& what);
  // "harriermq.yaml:12": where the section begins.
  std::string origin() const;
  // The same of a key, and its path.
  std::string place_of(const char* key) const;
  // "limits.connection"; with a key, that key's.
  std::string path_of(const char* key) const;
  Reading& reading() { return reading_; }

 private:
  // The node of a key, marked as asked for; nullopt if absent.
  std::optional<YAML::Node> find(const char* key);
  bool in_document(const char* key) const;
  // As whoever set it calls it.
  std::string variable_of(const std::string& path) const;
  const std::string* environment_value(const std::string& path) const;
  void note(const YAML::Node& node, const std::string& path, const std::string& what);
  // The file a secret is in; nullopt if it is not in a file, or is in the environment.
  std::optional<std::string> secret_file(const char* key);
  std::optional<std::string> scalar(const char* key, const char* expected);
  std::optional<std::string> read_word(const char* key) { return scalar(key, "a word"); }
  std::optional<std::int64_t> read_integer(const char* key, std::int64_t min, std::int64_t max);
  std::optional<std::int64_t> read_size(const char* key, std::int64_t min, std::int64_t max);
  std::optional<std::chrono::milliseconds> read_duration(const char* key,
                                                         std::chrono::milliseconds min,
                                                         std::chrono::milliseconds max,
                                                         bool whole_seconds);

  Reading& reading_;
  YAML::Node node_;
  std::string path_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace harrier::config

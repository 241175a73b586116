// YAML and environment to harrier::Options.
//
// Role:   the one reader of the configuration that docs/reference/configuration.md describes; what
//         it knows of keys is in options_table.h. It knows no other layer's types: server
//         translates Options.
// Errors: everything wrong with the document is found in one pass, one line each:
//         "harriermq.yaml:12: limits.connection.frame_max: 1024 is below 4096". Unknown and
//         repeated keys, wrong types and impossible values are errors. No exception leaves this
//         layer.
// Thread: compatible.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/environment.h"
#include "harrier/options.h"

namespace harrier::config {

// A file larger than this is no configuration.
inline constexpr std::size_t kFileSizeMax = 1 << 20;

struct Loaded {
  Options options;
  // Dotted key of a secret, and the file it was read from.
  std::map<std::string, std::string> secret_files;
  // Where the mask of --print-config stands for a secret: nothing to start a broker with.
  std::vector<std::string> masked;
  // What an operator should know, though nothing is wrong.
  std::vector<std::string> warnings;
};

// An empty path: the built-in defaults, and the environment.
base::Result<Loaded> load(const std::string& path, Environment environment);

// The same for text in memory; `file_name` is what errors name.
base::Result<Loaded> load_text(std::string_view text, const std::string& file_name,
                               Environment environment);

// The same without an environment.
base::Result<Options> parse(std::string_view text, const std::string& file_name);

}  // namespace harrier::config

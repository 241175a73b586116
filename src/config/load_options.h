// YAML to harrier::Options.
//
// Role:   the one reader of the configuration format that docs/reference/configuration.md
//         describes. It knows no other layer's types: server translates Options.
// Errors: everything wrong with the document is found in one pass, one line each:
//         "harriermq.yaml:12: limits.connection.frame_max: 1024 is below 4096". Unknown and
//         repeated keys, wrong types and impossible values are errors. No exception leaves this
//         layer.
// Thread: compatible.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "harrier/options.h"

namespace harrier::config {

// A file larger than this is no configuration.
inline constexpr std::size_t kFileSizeMax = 1 << 20;

base::Result<Options> load_file(const std::string& path);

// The same for text in memory; `file_name` is what errors name.
base::Result<Options> parse(std::string_view text, const std::string& file_name);

// Every key of the format in reading order, dotted; "users[].name" is the key `name` of each
// element.
std::vector<std::string> key_paths();

}  // namespace harrier::config

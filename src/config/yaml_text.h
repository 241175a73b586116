// Values as YAML in one line, in the form the reader takes back.
//
// Thread: compatible (pure functions).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace harrier::config {

// Plain where no reader of YAML could take it for anything else, else quoted.
std::string yaml_text(std::string_view text);
// Always quoted: a text even where a number would do.
std::string yaml_quoted(std::string_view text);
// "[a, b]"
std::string yaml_list(const std::vector<std::string>& texts);

}  // namespace harrier::config

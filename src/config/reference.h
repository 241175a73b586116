// The documents that are made from the table of keys.
//
// Role:   script/configuration writes them with them; tests compare the files with them.
// Thread: compatible.
#pragma once

#include <string>
#include <vector>

namespace harrier::config {

// docs/reference/configuration.md
std::string reference_markdown();
// config/harriermq.yaml
std::string example_yaml();

// Every key in reading order, dotted; "users[].name" is the key `name` of each element.
std::vector<std::string> key_paths();

}  // namespace harrier::config

// A list in the forms of rabbitmqadmin: table, tsv, long, kvp, bash, raw_json, pretty_json.
//
// Thread: pure functions.
// Errors: Trouble(kExitUsage) for a form there is none of; kExitSoftware for what is no list.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/management.h"

namespace harrier::ctl {

// `columns` empty: those of all objects that hold no list and no object, the naming ones first.
std::string admin_render(const Json& list, std::vector<std::string> columns, std::string_view form);

}  // namespace harrier::ctl

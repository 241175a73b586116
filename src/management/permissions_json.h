// Rules as JSON, for the nouns that show them.
//
// Thread: pure functions.
#pragma once

#include <nlohmann/json.hpp>

#include "broker/access_control.h"
#include "management/list_answer.h"
#include "server/definitions_values.h"

namespace harrier::management {

nlohmann::json json_of(const broker::PermissionRule& rule);
nlohmann::json json_of(const broker::TopicPermissionRule& rule);
using server::json_of;  // limits

}  // namespace harrier::management

// Rules and limits as JSON, for the nouns that show them.
//
// Thread: pure functions.
#pragma once

#include <nlohmann/json.hpp>

#include "broker/access_control.h"
#include "broker/tenant_limits.h"
#include "management/list_answer.h"

namespace harrier::management {

nlohmann::json json_of(const broker::PermissionRule& rule);
nlohmann::json json_of(const broker::TopicPermissionRule& rule);
// With RabbitMQ's names; what is not limited is not there.
nlohmann::json json_of(const broker::UserLimits& limits);
nlohmann::json json_of(const broker::TenantLimits& limits);

}  // namespace harrier::management

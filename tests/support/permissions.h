// Permissions for tests: snapshots of rules that are known to be right.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "broker/access_control.h"

namespace harrier::test {

inline broker::PermissionRule everything(std::string user, std::string virtual_host = "/") {
  return {std::move(user), std::move(virtual_host), ".*", ".*", ".*"};
}

inline broker::AccessControlRef permissions(
    const std::vector<broker::PermissionRule>& rules,
    const std::vector<broker::TopicPermissionRule>& topic_rules = {}) {
  return broker::AccessControl::create(rules, topic_rules).value();
}

}  // namespace harrier::test

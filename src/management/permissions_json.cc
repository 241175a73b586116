#include "management/permissions_json.h"

namespace harrier::management {

using nlohmann::json;

json json_of(const broker::PermissionRule& rule) {
  return {{"user", rule.user},
          {"vhost", rule.virtual_host},
          {"configure", rule.configure},
          {"write", rule.write},
          {"read", rule.read}};
}

json json_of(const broker::TopicPermissionRule& rule) {
  return {{"user", rule.user},
          {"vhost", rule.virtual_host},
          {"exchange", rule.exchange},
          {"write", rule.write},
          {"read", rule.read}};
}

}  // namespace harrier::management

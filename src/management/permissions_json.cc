#include "management/permissions_json.h"

namespace harrier::management {
namespace {

using nlohmann::json;

void put(json& object, const char* name, const std::optional<std::uint64_t>& limit) {
  if (limit) object[name] = *limit;
}

}  // namespace

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

json json_of(const broker::UserLimits& limits) {
  json object = json::object();
  put(object, "max-connections", limits.connections_max);
  put(object, "max-channels", limits.channels_max);
  put(object, "max-consumers", limits.consumers_max);
  put(object, "max-publish-rate", limits.publish_rate.messages);
  put(object, "max-publish-byte-rate", limits.publish_rate.bytes);
  return object;
}

json json_of(const broker::TenantLimits& limits) {
  json object = json::object();
  put(object, "max-connections", limits.connections_max);
  put(object, "max-queues", limits.queues_max);
  put(object, "max-channels", limits.channels_max);
  put(object, "max-consumers", limits.consumers_max);
  put(object, "max-exchanges", limits.exchanges_max);
  put(object, "max-bindings", limits.bindings_max);
  put(object, "max-message-size", limits.message_size_max);
  put(object, "max-stored-bytes", limits.stored_bytes_max);
  put(object, "max-publish-rate", limits.publish_rate.messages);
  put(object, "max-publish-byte-rate", limits.publish_rate.bytes);
  if (limits.quota_action == broker::QuotaAction::kReject) object["quota-action"] = "reject";
  return object;
}

}  // namespace harrier::management

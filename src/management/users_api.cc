// Users and their limits.
#include <algorithm>
#include <set>

#include "auth/stored_password.h"
#include "management/body_fields.h"
#include "management/list_answer.h"
#include "management/permissions_json.h"
#include "management/route.h"

namespace harrier::management {
namespace {

using nlohmann::json;
using server::NodeDefinitions;
using server::UserDefinition;

constexpr const char* kSha256 = "rabbit_password_hashing_sha256";
constexpr const char* kSha512 = "rabbit_password_hashing_sha512";
// Base64 of RabbitMQ's salt of 4 octets and a digest of 64.
constexpr std::size_t kSha512HashSize = 92;

json user_json(const UserDefinition& user, const NodeDefinitions& definitions) {
  const std::string& hash = user.password_hash;
  const char* algorithm = hash.size() == kSha512HashSize ? kSha512 : kSha256;
  if (hash.starts_with('$')) algorithm = "scram";
  json limits = json::object();
  if (const auto own = definitions.limits_of_user(user.name)) limits = json_of(*own);
  return {
      {"name", user.name}, {"password_hash", hash},       {"hashing_algorithm", algorithm},
      {"tags", user.tags}, {"limits", std::move(limits)}, {"loopback_only", user.loopback_only}};
}

http::Response list_users(const Call& call) {
  std::vector<json> rows;
  call.look_at_definitions([&](const NodeDefinitions& definitions) {
    for (const UserDefinition& user : definitions.users())
      rows.push_back(user_json(user, definitions));
  });
  return list_answer(call, std::move(rows));
}

http::Response list_users_without_permissions(const Call& call) {
  std::vector<json> rows;
  call.look_at_definitions([&](const NodeDefinitions& definitions) {
    std::set<std::string> with;
    for (const broker::PermissionRule& rule : definitions.permissions())
      with.insert(rule.user);
    for (const UserDefinition& user : definitions.users())
      if (!with.contains(user.name)) rows.push_back(user_json(user, definitions));
  });
  return list_answer(call, std::move(rows));
}

http::Response get_user(const Call& call) {
  json object;
  call.look_at_definitions([&](const NodeDefinitions& definitions) {
    if (const auto user = definitions.user(call.parameter(0)))
      object = user_json(*user, definitions);
  });
  if (object.is_null()) throw not_found();
  return object_answer(call, std::move(object));
}

bool user_exists(const Call& call, const std::string& name) {
  bool there = false;
  call.look_at_definitions([&](const NodeDefinitions& definitions) {
    there = definitions.contains(server::key_of_user(name));
  });
  return there;
}

void take_password(const BodyFields& fields, server::SetUser& user) {
  using Password = server::SetUser::Password;
  const bool clear = fields.has("password");
  const bool hash = fields.has("password_hash");
  if (clear && hash) throw bad_request("both_password_and_password_hash_are_provided");
  user.password_kind = Password::kNone;
  if (clear) {
    user.password = fields.text("password");
    if (!user.password.empty()) user.password_kind = Password::kClear;
  } else if (hash) {
    user.password = fields.text("password_hash");
    if (user.password.empty()) return;
    user.password_kind = Password::kHash;
    if (fields.text("hashing_algorithm") == "rabbit_password_hashing_md5")
      throw bad_request("rabbit_password_hashing_md5 is not taken");
  }
}

http::Response put_user(const Call& call) {
  const json body = call.object();
  const BodyFields fields(body);
  if (!fields.has("tags")) throw bad_request("tags_not_present");
  server::SetUser user;
  user.name = call.parameter(0);
  take_password(fields, user);
  user.tags = fields.words("tags");
  const bool there = user_exists(call, user.name);
  bool loopback_only = user.name == "guest" && !there;
  call.look_at_definitions([&](const NodeDefinitions& definitions) {
    if (const auto before = definitions.user(user.name)) loopback_only = before->loopback_only;
  });
  user.loopback_only = fields.flag("loopback_only", loopback_only);
  call.apply_one(std::move(user));
  return done_answer(!there);
}

http::Response delete_user(const Call& call) {
  call.apply_one(server::DeleteUser{call.parameter(0)});
  return done_answer();
}

http::Response delete_users(const Call& call) {
  const json body = call.object();
  std::vector<server::AdministrativeChange> changes;
  for (const std::string& name : BodyFields(body).words("users"))
    if (user_exists(call, name)) changes.emplace_back(server::DeleteUser{name});
  call.apply(std::move(changes));
  return done_answer();
}

// ---- limits

http::Response list_user_limits(const Call& call) {
  std::vector<json> rows;
  call.look_at_definitions([&](const NodeDefinitions& definitions) {
    for (const server::SetUserLimits& of : definitions.user_limits())
      if (json value = json_of(of.limits); !value.empty())
        rows.push_back({{"user", of.user}, {"value", std::move(value)}});
  });
  return list_answer(call, std::move(rows), "user");
}

http::Response get_user_limits(const Call& call) {
  const std::string& user = call.parameter(0);
  if (!user_exists(call, user)) throw not_found();
  std::vector<json> rows;
  call.look_at_definitions([&](const NodeDefinitions& definitions) {
    if (const auto limits = definitions.limits_of_user(user))
      if (json value = json_of(*limits); !value.empty())
        rows.push_back({{"user", user}, {"value", std::move(value)}});
  });
  return list_answer(call, std::move(rows), "user");
}

broker::UserLimits limits_of(const Call& call, const std::string& user) {
  broker::UserLimits limits;
  call.look_at_definitions([&](const NodeDefinitions& definitions) {
    if (const auto own = definitions.limits_of_user(user)) limits = *own;
  });
  return limits;
}

std::optional<std::uint64_t>& limit_named(broker::UserLimits& limits, const std::string& name) {
  if (name == "max-connections") return limits.connections_max;
  if (name == "max-channels") return limits.channels_max;
  if (name == "max-consumers") return limits.consumers_max;
  if (name == "max-message-size") return limits.message_size_max;
  if (name == "max-publish-rate") return limits.publish_rate.messages;
  if (name == "max-publish-byte-rate") return limits.publish_rate.bytes;
  throw bad_request("Unrecognised name: " + name);
}

http::Response put_user_limit(const Call& call) {
  const std::string& user = call.parameter(0);
  if (!user_exists(call, user)) throw not_found();
  const json body = call.object();
  const BodyFields fields(body);
  fields.need({"value"});
  const std::int64_t value = fields.number("value", -1);
  broker::UserLimits limits = limits_of(call, user);
  auto& limit = limit_named(limits, call.parameter(1));
  // Below nothing is without a limit, as in RabbitMQ.
  limit = value < 0 ? std::nullopt : std::optional<std::uint64_t>(value);
  call.apply_one(server::SetUserLimits{user, limits});
  return done_answer();
}

http::Response delete_user_limit(const Call& call) {
  const std::string& user = call.parameter(0);
  if (!user_exists(call, user)) throw not_found();
  broker::UserLimits limits = limits_of(call, user);
  limit_named(limits, call.parameter(1)) = std::nullopt;
  if (limits == broker::UserLimits()) {
    call.apply_one(server::ClearUserLimits{user});
  } else {
    call.apply_one(server::SetUserLimits{user, limits});
  }
  return done_answer();
}

}  // namespace

void add_users_routes(Routes& routes) {
  constexpr Need kAdmin = Need::kAdministrator;
  routes.insert(
      routes.end(),
      {{"GET", "/api/users", kAdmin, list_users, "All users.", "", "User[]"},
       {"GET", "/api/users/without-permissions", kAdmin, list_users_without_permissions,
        "Users that may enter no virtual host.", "", "User[]"},
       {"POST", "/api/users/bulk-delete", kAdmin, delete_users,
        "Deletes users; those that are not there count for nothing.", "UserNames", ""},
       {"GET", "/api/users/{user}", kAdmin, get_user, "One user.", "", "User"},
       {"PUT", "/api/users/{user}", kAdmin, put_user, "Makes a user, or replaces it.", "UserPut",
        ""},
       {"DELETE", "/api/users/{user}", kAdmin, delete_user,
        "Deletes a user and closes its connections.", "", ""},
       {"GET", "/api/user-limits", kAdmin, list_user_limits, "Limits of all users.", "",
        "UserLimits[]"},
       {"GET", "/api/user-limits/{user}", kAdmin, get_user_limits, "Limits of a user.", "",
        "UserLimits[]"},
       {"PUT", "/api/user-limits/{user}/{limit}", kAdmin, put_user_limit,
        "Sets max-connections, max-channels, max-consumers, max-message-size, max-publish-rate or "
        "max-publish-byte-rate.",
        "LimitValue", ""},
       {"DELETE", "/api/user-limits/{user}/{limit}", kAdmin, delete_user_limit, "Lifts one limit.",
        "", ""}});
}

}  // namespace harrier::management

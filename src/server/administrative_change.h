// What an administrator may ask for: the vocabulary of Administration.
//
// Role:   made by whoever speaks with administrators (configuration, definitions files, later HTTP
//         and harrierctl), judged by NodeDefinitions.
// Thread: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "broker/access_control.h"
#include "broker/policy.h"
#include "broker/tenant_limits.h"

namespace harrier::server {

// Replaces the user of that name, or makes it.
struct SetUser {
  enum class Password : std::uint8_t {
    kKept,   // of a new user: none, which no login matches
    kNone,   // nobody logs in by password
    kClear,  // hashed slowly before anything else happens
    kHash,   // RabbitMQ's base64 or SCRAM keys
  };
  std::string name;
  Password password_kind = Password::kKept;
  std::string password;
  std::vector<std::string> tags;
  bool loopback_only = false;
};
// With its permissions; its connections are closed.
struct DeleteUser {
  std::string name;
};

struct SetPermission {
  broker::PermissionRule rule;
};
struct ClearPermission {
  std::string user;
  std::string virtual_host;
};
struct SetTopicPermission {
  broker::TopicPermissionRule rule;
};
// An empty exchange: all of the user's in the virtual host.
struct ClearTopicPermission {
  std::string user;
  std::string virtual_host;
  std::string exchange;
};

// One that is there gets the description and the tags.
struct AddVirtualHost {
  std::string name;
  std::string description;
  std::vector<std::string> tags;
};
// With all that is in it and everybody's permissions; its connections are closed.
struct DeleteVirtualHost {
  std::string name;
};

struct SetPolicy {
  std::string virtual_host;
  broker::PolicyKind kind = broker::PolicyKind::kUser;
  broker::Policy policy;
};
struct ClearPolicy {
  std::string virtual_host;
  broker::PolicyKind kind = broker::PolicyKind::kUser;
  std::string name;
};

// In the place of the configuration's, whole.
struct SetVirtualHostLimits {
  std::string virtual_host;
  broker::TenantLimits limits;
};
// The configuration's count again.
struct ClearVirtualHostLimits {
  std::string virtual_host;
};
struct SetUserLimits {
  std::string user;
  broker::UserLimits limits;
};
struct ClearUserLimits {
  std::string user;
};

// What some plugin of RabbitMQ would read. Kept and given back; nothing here looks at it.
struct SetParameter {
  std::string component;
  std::string virtual_host;
  std::string name;
  std::string json;
};
struct ClearParameter {
  std::string component;
  std::string virtual_host;
  std::string name;
};
struct SetGlobalParameter {
  std::string name;
  std::string json;
};
struct ClearGlobalParameter {
  std::string name;
};

using AdministrativeChange =
    std::variant<SetUser, DeleteUser, SetPermission, ClearPermission, SetTopicPermission,
                 ClearTopicPermission, AddVirtualHost, DeleteVirtualHost, SetPolicy, ClearPolicy,
                 SetVirtualHostLimits, ClearVirtualHostLimits, SetUserLimits, ClearUserLimits,
                 SetParameter, ClearParameter, SetGlobalParameter, ClearGlobalParameter>;

// For the audit log: "user.set" of the "user" "ali". Views of the change.
struct ChangeDescription {
  std::string_view action;
  std::string_view kind;
  std::string_view name;
  std::string_view virtual_host;  // empty: the node
};
ChangeDescription describe(const AdministrativeChange& change);

enum class AdministrationFailure : std::uint8_t {
  kNotFound,    // what it is about, or something it needs, is not there
  kInvalid,     // it makes no sense, or is above a limit
  kNotDurable,  // made, in force, and not known to be on disk
  kStopping,
};
struct AdministrationError {
  AdministrationFailure kind = AdministrationFailure::kInvalid;
  std::string message;
};
using AdministrationStatus = base::Status<AdministrationError>;

}  // namespace harrier::server

// From what an operator set to what the layers below take.
#pragma once

#include <optional>

#include "amqp/field_table.h"
#include "audit/audit_log.h"
#include "auth/login_rules.h"
#include "auth/user_directory.h"
#include "base/result.h"
#include "broker/access_control.h"
#include "broker/limits.h"
#include "broker/policy.h"
#include "broker/tenant_limits.h"
#include "harrier/options.h"
#include "session/connection_session.h"
#include "session/session_limits.h"
#include "store/store.h"

namespace harrier::server {

session::ConnectionLimits connection_limits(const ConnectionLimitOptions& options);
session::SessionLimits session_limits(const SessionLimitOptions& options);
broker::VirtualHostLimits virtual_host_limits(const Options& options);
broker::PublishRateLimits connection_publish_rate(const ConnectionLimitOptions& options);
broker::UserLimits user_limits(const UserLimitOptions& options);
// Of a virtual host: its own entry in Options::tenants, filled up from the first of tenant_defaults
// that fits its name. The error names the pattern that is wrong.
base::Result<broker::TenantLimits> tenant_limits(const Options& options, const std::string& name);
// With the cache split over so many loops; `cache_bytes` is of all.
store::StoreOptions store_options(const Options& options, std::uint64_t cache_bytes,
                                  std::size_t loops);
base::Result<broker::AccessControlRef> access_control(const std::vector<UserOptions>& users);
// A policy of a virtual host that starts with it.
struct ConfiguredPolicy {
  std::string virtual_host;
  broker::PolicyKind kind = broker::PolicyKind::kUser;
  broker::Policy policy;
};
// Options::policies and Options::operator_policies, checked as if they were set at run time. The
// error says where it was written.
base::Result<std::vector<ConfiguredPolicy>> configured_policies(const Options& options);
std::vector<auth::UserSpecification> user_specifications(const std::vector<UserOptions>& users);
// None: no audit log is kept. The error is of the key's file.
base::Result<std::optional<audit::AuditLog::Settings>> audit_settings(const Options& options);
auth::LoginPolicy login_policy(const AuthOptions& options);
// What connection.start tells of us: capabilities, product, versions (S1, S2 of conformance.md).
amqp::FieldTable server_properties(const ServerPropertyOptions& options);
// Options::loops with 0 decided by the machine.
std::size_t loop_count(std::uint32_t loops, unsigned processors);

}  // namespace harrier::server

#include "server/translate.h"

#include <algorithm>
#include <map>
#include <optional>
#include <variant>

#include "base/pattern.h"
#include "broker/policies.h"
#include "harrier/version.h"

namespace harrier::server {
namespace {

base::Result<broker::Policy> policy_of(const PolicyOptions& options) {
  const auto apply_to = broker::parse_apply_to(options.apply_to);
  if (!apply_to.ok()) return base::fail(apply_to.error());
  broker::Policy policy{options.name, options.pattern, *apply_to, options.priority, {}};
  for (const auto& [key, value] : options.definition) {
    if (key.size() > 255) return base::fail("a key of its definition is longer than 255 octets");
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      policy.definition.add_long(key, *number);
    } else if (const auto* truth = std::get_if<bool>(&value)) {
      policy.definition.add_boolean(key, *truth);
    } else {
      policy.definition.add_string(key, std::get<std::string>(value));
    }
  }
  return policy;
}

using MaybeLimit = std::optional<std::int64_t>;

std::optional<std::uint64_t> limit_of(const MaybeLimit& wanted) {
  if (!wanted || *wanted < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*wanted);
}

// The first default whose pattern is found in the name. All patterns are looked at.
base::Result<const TenantLimitOptions*> default_limits(const Options& options,
                                                       const std::string& name) {
  const TenantLimitOptions* first = nullptr;
  for (const TenantDefaultOptions& fallback : options.tenant_defaults) {
    const auto pattern = base::Pattern::compile(fallback.vhost_pattern);
    if (!pattern)
      return base::fail("limits.defaults: the pattern '" + fallback.vhost_pattern +
                        "': " + pattern.error().message);
    if (first == nullptr && pattern->matches(name)) first = &fallback.limits;
  }
  return first;
}

}  // namespace

session::ConnectionLimits connection_limits(const ConnectionLimitOptions& options) {
  session::ConnectionLimits limits;
  limits.frame_max = options.frame_max;
  limits.initial_frame_max = options.initial_frame_max;
  limits.channel_max = options.channel_max;
  limits.heartbeat_s = static_cast<std::uint16_t>(options.heartbeat.count());
  limits.max_message_size = options.max_message_size;
  limits.assembly_bytes_max = options.assembly_bytes_max;
  limits.reply_bytes_max = options.reply_bytes_max;
  limits.handshake_timeout = options.handshake_timeout;
  limits.close_timeout = options.close_timeout;
  limits.refusal_delay = options.refusal_delay;
  limits.write_stall_timeout = options.write_stall_timeout;
  limits.partial_frame_timeout = options.partial_frame_timeout;
  limits.table_limits.depth = options.table_depth_max;
  limits.table_limits.elements = options.table_elements_max;
  return limits;
}

session::SessionLimits session_limits(const SessionLimitOptions& options) {
  session::SessionLimits limits;
  limits.output_credit_bytes = options.output_credit_bytes;
  limits.direct_reply_bytes_max = options.direct_reply_bytes_max;
  limits.consumers_per_channel_max = options.consumers_per_channel_max;
  limits.consumers_per_connection_max = options.consumers_per_connection_max;
  limits.unacked_per_channel_max = options.unacked_per_channel_max;
  limits.transaction_entries_max = options.transaction_entries_max;
  limits.transaction_bytes_max = options.transaction_bytes_max;
  return limits;
}

broker::VirtualHostLimits virtual_host_limits(const Options& options) {
  const VirtualHostLimitOptions& wanted = options.virtual_host;
  broker::VirtualHostLimits limits;
  limits.queues_max = wanted.queues_max;
  limits.exchanges_max = wanted.exchanges_max;
  limits.bindings_max = wanted.bindings_max;
  limits.policies_max = wanted.policies_max;
  limits.consumer_timeout = wanted.consumer_timeout;
  limits.default_delivery_limit = wanted.default_delivery_limit;
  limits.slice_entries = wanted.slice_entries;
  limits.pending_dead_letters_max = wanted.pending_dead_letters_max;
  limits.read_ahead_bytes = options.storage.read_ahead;
  return limits;
}

broker::PublishRateLimits connection_publish_rate(const ConnectionLimitOptions& options) {
  broker::PublishRateLimits limits;
  if (options.publish_rate_max != 0) limits.messages = options.publish_rate_max;
  if (options.publish_byte_rate_max != 0) limits.bytes = options.publish_byte_rate_max;
  return limits;
}

broker::UserLimits user_limits(const UserLimitOptions& options) {
  broker::UserLimits limits;
  limits.connections_max = limit_of(options.connections_max);
  limits.channels_max = limit_of(options.channels_max);
  limits.consumers_max = limit_of(options.consumers_max);
  limits.message_size_max = limit_of(options.message_size_max);
  limits.publish_rate = {limit_of(options.publish_rate_max),
                         limit_of(options.publish_byte_rate_max)};
  return limits;
}

base::Result<broker::TenantLimits> tenant_limits(const Options& options, const std::string& name) {
  const auto found = default_limits(options, name);
  if (!found) return base::fail(found.error());
  const TenantLimitOptions unlimited;
  const TenantLimitOptions& fallback = *found != nullptr ? **found : unlimited;
  const auto entry = std::find_if(options.tenants.begin(), options.tenants.end(),
                                  [&](const auto& tenant) { return tenant.name == name; });
  const TenantLimitOptions& own = entry != options.tenants.end() ? entry->limits : unlimited;
  const auto pick = [&](MaybeLimit TenantLimitOptions::*key) {
    return limit_of(own.*key ? own.*key : fallback.*key);
  };
  using O = TenantLimitOptions;
  broker::TenantLimits limits;
  limits.connections_max = pick(&O::connections_max);
  limits.channels_max = pick(&O::channels_max);
  limits.consumers_max = pick(&O::consumers_max);
  limits.queues_max = pick(&O::queues_max);
  limits.exchanges_max = pick(&O::exchanges_max);
  limits.bindings_max = pick(&O::bindings_max);
  limits.message_size_max = pick(&O::message_size_max);
  limits.publish_rate = {pick(&O::publish_rate_max), pick(&O::publish_byte_rate_max)};
  limits.stored_bytes_max = pick(&O::stored_bytes_max);
  const auto action = own.quota_action ? own.quota_action : fallback.quota_action;
  if (action == QuotaActionOption::kReject) limits.quota_action = broker::QuotaAction::kReject;
  return limits;
}

store::StoreOptions store_options(const Options& options, std::uint64_t cache_bytes,
                                  std::size_t loops) {
  store::StoreOptions store;
  store.journal.segment_bytes = options.journal.segment_size;
  store.journal.segments = options.journal.segments;
  store.pending_bytes_max = options.journal.pending_max;
  store.reserve_bytes = options.disk.reserve;
  store.loop.cache_bytes = cache_bytes / loops;
  // A spill for memory frees an eighth of the cache, within reason.
  store.loop.spill_bytes = std::clamp<std::uint64_t>(store.loop.cache_bytes / 8, 1 << 20, 32 << 20);
  store.loop.read_ahead_bytes = options.storage.read_ahead;
  return store;
}

base::Result<std::optional<audit::AuditLog::Settings>> audit_settings(const Options& options) {
  using Answer = std::optional<audit::AuditLog::Settings>;
  const AuditOptions& audit = options.audit;
  const bool by_itself = audit.file == "auto";
  if (audit.file.empty() || (by_itself && options.data_dir.empty())) return Answer();
  audit::AuditLog::Settings settings;
  settings.file.path = by_itself ? options.data_dir + "/audit.jsonl" : audit.file;
  settings.file.size_max = audit.size_max;
  settings.file.files_max = audit.files_max;
  if (!audit.key_file.empty()) {
    auto seal = audit::Seal::from_file(audit.key_file);
    if (!seal) return base::fail("audit.key_file: " + seal.error().message);
    settings.file.seal = std::move(seal).value();
  }
  settings.queue_max = audit.queue_max;
  settings.sync_interval = audit.sync_interval;
  settings.repeats = {.window = audit.repeat_window,
                      .entries_max = audit.repeat_events_max,
                      .per_source_max = audit.repeat_events_per_address_max};
  settings.groups.clear();
  for (const std::string& word : audit.events) {
    if (word == "logins") settings.groups.insert(audit::Group::kLogins);
    if (word == "refusals") settings.groups.insert(audit::Group::kRefusals);
    if (word == "definitions") settings.groups.insert(audit::Group::kDefinitions);
    if (word == "limits") settings.groups.insert(audit::Group::kLimits);
  }
  return Answer(std::move(settings));
}

base::Result<broker::AccessControlRef> access_control(const std::vector<UserOptions>& users) {
  std::vector<broker::PermissionRule> rules;
  std::vector<broker::TopicPermissionRule> topic_rules;
  for (const UserOptions& user : users) {
    for (const PermissionOptions& permission : user.permissions)
      rules.push_back({user.name, permission.virtual_host, permission.configure, permission.write,
                       permission.read});
    for (const TopicPermissionOptions& permission : user.topic_permissions)
      topic_rules.push_back({user.name, permission.virtual_host, permission.exchange,
                             permission.write, permission.read});
  }
  return broker::AccessControl::create(rules, topic_rules);
}

base::Result<std::vector<ConfiguredPolicy>> configured_policies(const Options& options) {
  using broker::PolicyKind;
  std::vector<ConfiguredPolicy> configured;
  std::map<std::string, broker::Policies> checked;  // by virtual host
  for (const PolicyKind kind : {PolicyKind::kUser, PolicyKind::kOperator}) {
    const bool of_users = kind == PolicyKind::kUser;
    for (const PolicyOptions& wanted : of_users ? options.policies : options.operator_policies) {
      auto policy = policy_of(wanted);
      auto& policies =
          checked.try_emplace(wanted.virtual_host, options.virtual_host.policies_max).first->second;
      const auto status =
          policy.ok() ? policies.set(kind, *policy) : base::Status<>(base::fail(policy.error()));
      if (!status.ok()) {
        return base::fail((wanted.origin.empty() ? "" : wanted.origin + ": ") +
                          (of_users ? "the policy '" : "the operator policy '") + wanted.name +
                          "': " + status.error().message);
      }
      configured.push_back({wanted.virtual_host, kind, std::move(policy).value()});
    }
  }
  return configured;
}

std::vector<auth::UserSpecification> user_specifications(const std::vector<UserOptions>& users) {
  std::vector<auth::UserSpecification> specifications;
  for (const UserOptions& user : users) {
    auth::UserSpecification& specification = specifications.emplace_back();
    specification.name = user.name;
    specification.password = user.password;
    specification.password_hash = user.password_hash;
    specification.tags = user.tags;
    specification.loopback_only = user.loopback_only;
  }
  return specifications;
}

auth::LoginPolicy login_policy(const AuthOptions& options) {
  auth::LoginPolicy policy;
  policy.cost = {options.hash_iterations_sha256, options.hash_iterations_sha512};
  policy.cache = {options.cache_lifetime, options.cache_entries_max};
  policy.throttle = {options.throttle_delay_max, options.throttle_entries_max};
  policy.plain_without_tls = options.plain_without_tls;
  switch (options.external_name_from) {
    using From = ExternalNameOption;
    using Name = auth::ExternalName;
    case From::kDistinguishedName: policy.external_name = Name::kDistinguishedName; break;
    case From::kCommonName: policy.external_name = Name::kCommonName; break;
    case From::kSanDns: policy.external_name = Name::kSanDns; break;
    case From::kSanEmail: policy.external_name = Name::kSanEmail; break;
    case From::kSanUri: policy.external_name = Name::kSanUri; break;
  }
  return policy;
}

amqp::FieldTable server_properties(const ServerPropertyOptions& options) {
  amqp::FieldTable capabilities;
  for (const char* name : {"publisher_confirms", "exchange_exchange_bindings", "basic.nack",
                           "consumer_cancel_notify", "connection.blocked", "consumer_priorities",
                           "authentication_failure_close", "per_consumer_qos", "direct_reply_to"})
    capabilities.add_boolean(name, true);
  amqp::FieldTable properties;
  properties.add_table("capabilities", capabilities);
  // The first field of a name counts: the operator's own come before ours.
  for (const auto& [name, value] : options.extra)
    if (name != "capabilities") properties.add_string(name, value);
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!properties.view().find(name)) properties.add_string(name, value);
  };
  add("product", options.product);
  add("version", options.version);
  add("harriermq_version", kVersion);
  add("platform", "C++20");
  add("information", std::string("HarrierMQ ").append(kVersion));
  add("copyright", "Copyright of the HarrierMQ contributors; Apache License 2.0");
  add("cluster_name", "harriermq");
  return properties;
}

std::size_t loop_count(std::uint32_t loops, unsigned processors) {
  if (loops != 0) return loops;
  return processors <= 2 ? 1 : std::min(processors - 1, 4U);
}

}  // namespace harrier::server

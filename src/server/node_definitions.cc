#include "server/node_definitions.h"

#include <algorithm>
#include <array>
#include <utility>

#include "auth/stored_password.h"

namespace harrier::server {
namespace {

using amqp::FieldTable;
using store::NodeDefinitionKind;

constexpr std::size_t kNameMax = 255;
constexpr std::string_view kRemoved = "removed";

FieldTable removal() {
  FieldTable table;
  table.add_boolean(kRemoved, true);
  return table;
}

bool is_removal(const FieldTable& value) { return value.view().find(kRemoved).has_value(); }

base::Failure<AdministrationError> refuse(AdministrationFailure kind, std::string message) {
  return base::fail(AdministrationError{kind, std::move(message)});
}
base::Failure<AdministrationError> missing(std::string_view what, const std::string& name) {
  return refuse(AdministrationFailure::kNotFound,
                std::string(what) + " '" + name + "' does not exist");
}

AdministrationStatus check_name(std::string_view what, const std::string& name) {
  if (!name.empty() && name.size() <= kNameMax) return base::Done{};
  return refuse(AdministrationFailure::kInvalid,
                std::string(what) + " must have a name of 1 to 255 octets");
}

}  // namespace

void NodeDefinitions::load(const std::vector<store::NodeDefinition>& stored) {
  for (const store::NodeDefinition& definition : stored) {
    const auto [entry, added] =
        values_.insert_or_assign(DefinitionKey{definition.kind, definition.key}, definition.value);
    if (added && !is_removal(entry->second)) ++counts_[definition.kind];
  }
}

// ---- the tables

const FieldTable* NodeDefinitions::find(const DefinitionKey& key) const {
  const auto entry = values_.find(key);
  return entry == values_.end() || is_removal(entry->second) ? nullptr : &entry->second;
}

void NodeDefinitions::set(const DefinitionKey& key, FieldTable value) {
  const FieldTable* before = find(key);
  if (before != nullptr && before->view().bytes() == value.view().bytes()) return;
  if (before == nullptr) ++counts_[key.kind];
  differences_.push_back({key, value});
  values_.insert_or_assign(key, std::move(value));
}

bool NodeDefinitions::remove(const DefinitionKey& key) {
  if (find(key) == nullptr) return false;
  --counts_[key.kind];
  if (configured_.contains(key)) {
    values_.insert_or_assign(key, removal());
    differences_.push_back({key, removal()});
  } else {
    values_.erase(key);
    differences_.push_back({key, std::nullopt});
  }
  return true;
}

template <class Condition>
void NodeDefinitions::remove_all(NodeDefinitionKind kind, Condition&& condition) {
  std::vector<DefinitionKey> keys;
  visit(kind, [&](const DefinitionKey& key, amqp::TableView) {
    if (condition(key)) keys.push_back(key);
  });
  for (const DefinitionKey& key : keys)
    remove(key);
}

template <class Each>
void NodeDefinitions::visit(NodeDefinitionKind kind, Each&& each) const {
  for (auto entry = values_.lower_bound(DefinitionKey{kind, {}});
       entry != values_.end() && entry->first.kind == kind; ++entry)
    if (!is_removal(entry->second)) each(entry->first, entry->second.view());
}

std::size_t NodeDefinitions::count(NodeDefinitionKind kind) const {
  const auto entry = counts_.find(kind);
  return entry == counts_.end() ? 0 : entry->second;
}

std::vector<NodeDefinitions::Difference> NodeDefinitions::take_differences() {
  return std::exchange(differences_, {});
}

// ---- what the configuration names

void NodeDefinitions::add_configured(const DefinitionKey& key, FieldTable value,
                                     std::vector<DefinitionKey>& kept) {
  configured_.insert(key);
  const auto entry = values_.find(key);
  if (entry == values_.end()) return set(key, std::move(value));
  if (key.kind == NodeDefinitionKind::kUser && !is_removal(entry->second)) {
    // Which form a hash has is not the configuration's.
    UserDefinition has = decode_user(key, entry->second.view());
    UserDefinition wanted = decode_user(key, value.view());
    if (has.configured_password == wanted.configured_password) {
      has.password_hash = wanted.password_hash;
      if (encode(has).view().bytes() == encode(wanted).view().bytes()) return;
    }
  } else if (entry->second.view().bytes() == value.view().bytes()) {
    return;
  }
  kept.push_back(key);
}

void NodeDefinitions::forget_removals() {
  for (auto entry = values_.begin(); entry != values_.end();) {
    if (is_removal(entry->second) && !configured_.contains(entry->first)) {
      differences_.push_back({entry->first, std::nullopt});
      entry = values_.erase(entry);
    } else {
      ++entry;
    }
  }
}

// ---- changes

AdministrationStatus NodeDefinitions::apply(const AdministrativeChange& change,
                                            ChangeEffects& effects) {
  return std::visit([&](const auto& wanted) { return make(wanted, effects); }, change);
}

bool NodeDefinitions::has_virtual_host(const std::string& name) const {
  const DefinitionKey key = key_of_virtual_host(name);
  const FieldTable* value = find(key);
  return value != nullptr && !decode_virtual_host(key, value->view()).deleting;
}

AdministrationStatus NodeDefinitions::check_subjects(const std::string& user,
                                                     const std::string& virtual_host) const {
  if (!has_virtual_host(virtual_host)) return missing("virtual host", virtual_host);
  if (!contains(key_of_user(user))) return missing("user", user);
  return base::Done{};
}

AdministrationStatus NodeDefinitions::check_room(const DefinitionKey& key,
                                                 std::uint32_t limit) const {
  if (contains(key) || count(key.kind) < limit) return base::Done{};
  return refuse(AdministrationFailure::kInvalid,
                "the node has as many of these as it may have: " + std::to_string(limit));
}

AdministrationStatus NodeDefinitions::make(const SetUser& change, ChangeEffects& effects) {
  using Password = SetUser::Password;
  if (auto status = check_name("a user", change.name); !status.ok()) return status;
  const DefinitionKey key = key_of_user(change.name);
  if (auto status = check_room(key, limits_.users_max); !status.ok()) return status;
  UserDefinition user;
  if (change.password_kind == Password::kKept)
    if (const auto before = this->user(change.name)) user = *before;
  if (change.password_kind == Password::kHash) {
    const auto parsed = auth::StoredPassword::parse(change.password);
    if (!parsed.ok()) return refuse(AdministrationFailure::kInvalid, parsed.error().message);
    user.password_hash = change.password;
  }
  if (change.password_kind == Password::kClear)
    return refuse(AdministrationFailure::kInvalid, "a password must be hashed before it is kept");
  user.tags = change.tags;
  user.loopback_only = change.loopback_only;
  set(key, encode(user));
  effects.users.insert(change.name);
  return base::Done{};
}

AdministrationStatus NodeDefinitions::make(const DeleteUser& change, ChangeEffects& effects) {
  if (!remove(key_of_user(change.name))) return missing("user", change.name);
  const auto of_user = [&](const DefinitionKey& key) { return key.parts[0] == change.name; };
  remove_all(NodeDefinitionKind::kPermission, of_user);
  remove_all(NodeDefinitionKind::kTopicPermission, of_user);
  if (remove(key_of_user_limits(change.name))) effects.limited_users.insert(change.name);
  effects.access = true;
  effects.users.insert(change.name);
  effects.deleted_users.insert(change.name);
  return base::Done{};
}

AdministrationStatus NodeDefinitions::make(const SetPermission& change, ChangeEffects& effects) {
  const broker::PermissionRule& rule = change.rule;
  if (auto status = check_subjects(rule.user, rule.virtual_host); !status.ok()) return status;
  const DefinitionKey key = key_of_permission(rule.user, rule.virtual_host);
  if (auto status = check_room(key, limits_.rules_max); !status.ok()) return status;
  set(key, encode(rule));
  effects.access = true;
  return base::Done{};
}

AdministrationStatus NodeDefinitions::make(const ClearPermission& change, ChangeEffects& effects) {
  if (auto status = check_subjects(change.user, change.virtual_host); !status.ok()) return status;
  // As in RabbitMQ, what is cleared already is no error.
  if (remove(key_of_permission(change.user, change.virtual_host)))
    effects.cleared.emplace(change.user, change.virtual_host);
  effects.access = true;
  return base::Done{};
}

AdministrationStatus NodeDefinitions::make(const SetTopicPermission& change,
                                           ChangeEffects& effects) {
  const broker::TopicPermissionRule& rule = change.rule;
  if (auto status = check_subjects(rule.user, rule.virtual_host); !status.ok()) return status;
  const DefinitionKey key = key_of_topic_permission(rule.user, rule.virtual_host, rule.exchange);
  if (auto status = check_room(key, limits_.rules_max); !status.ok()) return status;
  set(key, encode(rule));
  effects.access = true;
  return base::Done{};
}

AdministrationStatus NodeDefinitions::make(const ClearTopicPermission& change,
                                           ChangeEffects& effects) {
  if (auto status = check_subjects(change.user, change.virtual_host); !status.ok()) return status;
  remove_all(NodeDefinitionKind::kTopicPermission, [&](const DefinitionKey& key) {
    return key.parts[0] == change.user && key.parts[1] == change.virtual_host &&
           (change.exchange.empty() || key.parts[2] == change.exchange);
  });
  effects.access = true;
  return base::Done{};
}

AdministrationStatus NodeDefinitions::make(const AddVirtualHost& change, ChangeEffects& effects) {
  if (auto status = check_name("a virtual host", change.name); !status.ok()) return status;
  const DefinitionKey key = key_of_virtual_host(change.name);
  if (auto status = check_room(key, limits_.virtual_hosts_max); !status.ok()) return status;
  if (!has_virtual_host(change.name)) {
    if (contains(key))
      return refuse(AdministrationFailure::kInvalid,
                    "virtual host '" + change.name + "' is still being deleted");
    effects.added_hosts.push_back(change.name);
  }
  set(key, encode(VirtualHostDescription{change.name, change.description, change.tags, false}));
  return base::Done{};
}

AdministrationStatus NodeDefinitions::make(const DeleteVirtualHost& change,
                                           ChangeEffects& effects) {
  if (!has_virtual_host(change.name)) return missing("virtual host", change.name);
  mark_deleting(change.name);
  const auto second = [&](const DefinitionKey& key) { return key.parts[1] == change.name; };
  const auto first = [&](const DefinitionKey& key) { return key.parts[0] == change.name; };
  remove_all(NodeDefinitionKind::kPermission, second);
  remove_all(NodeDefinitionKind::kTopicPermission, second);
  remove_all(NodeDefinitionKind::kParameter, second);
  remove_all(NodeDefinitionKind::kPolicy, first);
  remove_all(NodeDefinitionKind::kOperatorPolicy, first);
  remove(key_of_limits(change.name));
  effects.access = true;
  effects.deleted_hosts.push_back(change.name);
  return base::Done{};
}

AdministrationStatus NodeDefinitions::make(const SetPolicy& change, ChangeEffects& effects) {
  if (!has_virtual_host(change.virtual_host)) return missing("virtual host", change.virtual_host);
  if (auto checked = broker::check_policy(change.kind, change.policy); !checked.ok()) {
    return refuse(AdministrationFailure::kInvalid,
                  "Validation failed\n\n" + checked.error().message + "\n");
  }
  const DefinitionKey key = key_of_policy(change.kind, change.virtual_host, change.policy.name);
  if (!contains(key)) {
    std::uint32_t there = 0;
    visit(key.kind, [&](const DefinitionKey& other, amqp::TableView) {
      if (other.parts[0] == change.virtual_host) ++there;
    });
    if (there >= limits_.policies_max) {
      return refuse(AdministrationFailure::kInvalid,
                    "virtual host '" + change.virtual_host + "' has as many policies as it may " +
                        "have: " + std::to_string(limits_.policies_max));
    }
  }
  set(key, encode(change.policy));
  effects.policies.emplace_back(change);
  return base::Done{};
}

AdministrationStatus NodeDefinitions::make(const ClearPolicy& change, ChangeEffects& effects) {
  if (!has_virtual_host(change.virtual_host)) return missing("virtual host", change.virtual_host);
  if (!remove(key_of_policy(change.kind, change.virtual_host, change.name)))
    return missing("policy", change.name);
  effects.policies.emplace_back(change);
  return base::Done{};
}

AdministrationStatus NodeDefinitions::make(const SetVirtualHostLimits& change,
                                           ChangeEffects& effects) {
  if (!has_virtual_host(change.virtual_host)) return missing("virtual host", change.virtual_host);
  set(key_of_limits(change.virtual_host), encode(change.limits));
  effects.limited_hosts.insert(change.virtual_host);
  return base::Done{};
}

AdministrationStatus NodeDefinitions::make(const ClearVirtualHostLimits& change,
                                           ChangeEffects& effects) {
  if (!has_virtual_host(change.virtual_host)) return missing("virtual host", change.virtual_host);
  remove(key_of_limits(change.virtual_host));
  effects.limited_hosts.insert(change.virtual_host);
  return base::Done{};
}

AdministrationStatus NodeDefinitions::make(const SetUserLimits& change, ChangeEffects& effects) {
  if (!contains(key_of_user(change.user))) return missing("user", change.user);
  set(key_of_user_limits(change.user), encode(change.limits));
  effects.limited_users.insert(change.user);
  return base::Done{};
}

AdministrationStatus NodeDefinitions::make(const ClearUserLimits& change, ChangeEffects& effects) {
  if (!contains(key_of_user(change.user))) return missing("user", change.user);
  remove(key_of_user_limits(change.user));
  effects.limited_users.insert(change.user);
  return base::Done{};
}

AdministrationStatus NodeDefinitions::make(const SetParameter& change, ChangeEffects&) {
  if (!has_virtual_host(change.virtual_host)) return missing("virtual host", change.virtual_host);
  const DefinitionKey key{NodeDefinitionKind::kParameter,
                          {change.component, change.virtual_host, change.name}};
  if (auto status = check_room(key, limits_.rules_max); !status.ok()) return status;
  set(key, encode_json(change.json));
  return base::Done{};
}

AdministrationStatus NodeDefinitions::make(const ClearParameter& change, ChangeEffects&) {
  if (!remove(
          {NodeDefinitionKind::kParameter, {change.component, change.virtual_host, change.name}}))
    return missing("parameter", change.name);
  return base::Done{};
}

AdministrationStatus NodeDefinitions::make(const SetGlobalParameter& change, ChangeEffects&) {
  const DefinitionKey key{NodeDefinitionKind::kGlobalParameter, {change.name}};
  if (auto status = check_room(key, limits_.rules_max); !status.ok()) return status;
  set(key, encode_json(change.json));
  return base::Done{};
}

AdministrationStatus NodeDefinitions::make(const ClearGlobalParameter& change, ChangeEffects&) {
  if (!remove({NodeDefinitionKind::kGlobalParameter, {change.name}}))
    return missing("global parameter", change.name);
  return base::Done{};
}

bool NodeDefinitions::adopt_virtual_host(const std::string& name) {
  const DefinitionKey key = key_of_virtual_host(name);
  if (const FieldTable* value = find(key)) return decode_virtual_host(key, value->view()).deleting;
  // Removed, but not yet out of the journal; or of a time before definitions.
  if (values_.contains(key)) return true;
  set(key, encode(VirtualHostDescription{name, {}, {}, false}));
  return false;
}

void NodeDefinitions::set_password_hash(const std::string& user, const std::string& hash) {
  auto definition = this->user(user);
  if (!definition || definition->configured_password) return;
  definition->password_hash = hash;
  set(key_of_user(user), encode(*definition));
}

void NodeDefinitions::mark_deleting(const std::string& virtual_host) {
  const DefinitionKey key = key_of_virtual_host(virtual_host);
  const FieldTable* value = find(key);
  VirtualHostDescription host{virtual_host, {}, {}, false};
  if (value != nullptr) host = decode_virtual_host(key, value->view());
  host.deleting = true;
  set(key, encode(host));
}

void NodeDefinitions::virtual_host_deleted(const std::string& virtual_host) {
  remove(key_of_virtual_host(virtual_host));
}

// ---- typed

std::optional<UserDefinition> NodeDefinitions::user(const std::string& name) const {
  const DefinitionKey key = key_of_user(name);
  const FieldTable* value = find(key);
  if (value == nullptr) return std::nullopt;
  return decode_user(key, value->view());
}

std::vector<UserDefinition> NodeDefinitions::users() const {
  std::vector<UserDefinition> users;
  visit(NodeDefinitionKind::kUser, [&](const DefinitionKey& key, amqp::TableView value) {
    users.push_back(decode_user(key, value));
  });
  return users;
}

std::vector<VirtualHostDescription> NodeDefinitions::virtual_hosts() const {
  std::vector<VirtualHostDescription> hosts;
  visit(NodeDefinitionKind::kVirtualHost, [&](const DefinitionKey& key, amqp::TableView value) {
    hosts.push_back(decode_virtual_host(key, value));
  });
  return hosts;
}

std::vector<broker::PermissionRule> NodeDefinitions::permissions() const {
  std::vector<broker::PermissionRule> rules;
  visit(NodeDefinitionKind::kPermission, [&](const DefinitionKey& key, amqp::TableView value) {
    rules.push_back(decode_permission(key, value));
  });
  return rules;
}

std::vector<broker::TopicPermissionRule> NodeDefinitions::topic_permissions() const {
  std::vector<broker::TopicPermissionRule> rules;
  visit(NodeDefinitionKind::kTopicPermission, [&](const DefinitionKey& key, amqp::TableView value) {
    rules.push_back(decode_topic_permission(key, value));
  });
  return rules;
}

std::vector<NodeDefinitions::HostedPolicy> NodeDefinitions::policies() const {
  std::vector<HostedPolicy> policies;
  for (const auto kind : {broker::PolicyKind::kUser, broker::PolicyKind::kOperator})
    visit(kind_of(kind), [&](const DefinitionKey& key, amqp::TableView value) {
      policies.push_back({key.parts[0], kind, decode_policy(key, value)});
    });
  return policies;
}

std::optional<broker::TenantLimits> NodeDefinitions::limits_of_virtual_host(
    const std::string& name) const {
  const FieldTable* value = find(key_of_limits(name));
  if (value == nullptr) return std::nullopt;
  return decode_tenant_limits(value->view());
}

std::optional<broker::UserLimits> NodeDefinitions::limits_of_user(const std::string& name) const {
  const FieldTable* value = find(key_of_user_limits(name));
  if (value == nullptr) return std::nullopt;
  return decode_user_limits(value->view());
}

std::vector<SetUserLimits> NodeDefinitions::user_limits() const {
  std::vector<SetUserLimits> limits;
  visit(NodeDefinitionKind::kUserLimit, [&](const DefinitionKey& key, amqp::TableView value) {
    limits.push_back({key.parts[0], decode_user_limits(value)});
  });
  return limits;
}

std::vector<SetParameter> NodeDefinitions::parameters() const {
  std::vector<SetParameter> parameters;
  visit(NodeDefinitionKind::kParameter, [&](const DefinitionKey& key, amqp::TableView value) {
    parameters.push_back({key.parts[0], key.parts[1], key.parts[2], decode_json(value)});
  });
  return parameters;
}

std::vector<SetGlobalParameter> NodeDefinitions::global_parameters() const {
  std::vector<SetGlobalParameter> parameters;
  visit(NodeDefinitionKind::kGlobalParameter, [&](const DefinitionKey& key, amqp::TableView value) {
    parameters.push_back({key.parts[0], decode_json(value)});
  });
  return parameters;
}

}  // namespace harrier::server

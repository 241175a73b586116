// Everything administrators have defined for the node, and the judgement of a change to it.
//
// Role:   Administration keeps one and applies changes to a copy, which takes the old one's place
//         when all of them are good.
// Model:  a table for each kind and key. What was removed while the configuration still names it is
//         remembered as removed, so that the next start does not make it again.
// Thread: compatible.
// Errors: apply() says what is missing or wrong, in RabbitMQ's words where it has them; then some
//         changes may have been made, and the copy is to be thrown away.
// Limits: names: 255 octets; policies of a virtual host: limits.virtual_host.policies_max of each
//         kind; NodeDefinitionLimits.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/administrative_change.h"
#include "server/definition_codec.h"
#include "store/node_definition.h"

namespace harrier::server {

struct NodeDefinitionLimits {
  std::uint32_t users_max = 100'000;
  std::uint32_t virtual_hosts_max = 10'000;
  // Permissions, topic permissions and parameters, each.
  std::uint32_t rules_max = 1'000'000;
  std::uint32_t policies_max = 1'000;
};

// What has to follow a change outside.
struct ChangeEffects {
  bool access = false;
  std::set<std::string> users;          // set or deleted
  std::set<std::string> deleted_users;  // as they were deleted; they may have been made again
  // Users who lost their permission in a virtual host; they may have another one by now.
  std::set<std::pair<std::string, std::string>> cleared;
  std::vector<std::string> added_hosts;
  std::vector<std::string> deleted_hosts;
  std::set<std::string> limited_hosts;
  std::set<std::string> limited_users;
  // SetPolicy and ClearPolicy, in their order.
  std::vector<AdministrativeChange> policies;
};

class NodeDefinitions {
 public:
  // What differs from what the journal has.
  struct Difference {
    DefinitionKey key;
    std::optional<amqp::FieldTable> value;  // nullopt: removed
  };

  explicit NodeDefinitions(const NodeDefinitionLimits& limits) : limits_(limits) {}
  // As the journal has it.
  void load(const std::vector<store::NodeDefinition>& stored);

  AdministrationStatus apply(const AdministrativeChange& change, ChangeEffects& effects);
  // Of the configuration: made if there is none of that key and none was removed. Names what it
  // leaves as it is although it differs, for the log.
  void add_configured(const DefinitionKey& key, amqp::FieldTable value,
                      std::vector<DefinitionKey>& kept);
  // After the last add_configured(): forgets removals of what is no longer configured.
  void forget_removals();
  // The journal has it, whatever is said of it here. True: it is to be deleted.
  bool adopt_virtual_host(const std::string& name);
  // A user's password has another form.
  void set_password_hash(const std::string& user, const std::string& hash);
  void mark_deleting(const std::string& virtual_host);
  void virtual_host_deleted(const std::string& virtual_host);

  std::vector<Difference> take_differences();

  bool contains(const DefinitionKey& key) const { return find(key) != nullptr; }
  std::optional<UserDefinition> user(const std::string& name) const;
  std::vector<UserDefinition> users() const;
  // Those that are being deleted, too.
  std::vector<VirtualHostDescription> virtual_hosts() const;
  std::vector<broker::PermissionRule> permissions() const;
  std::vector<broker::TopicPermissionRule> topic_permissions() const;
  struct HostedPolicy {
    std::string virtual_host;
    broker::PolicyKind kind;
    broker::Policy policy;
  };
  std::vector<HostedPolicy> policies() const;
  // nullopt: the configuration's.
  std::optional<broker::TenantLimits> limits_of_virtual_host(const std::string& name) const;
  std::optional<broker::UserLimits> limits_of_user(const std::string& name) const;
  // Of users.
  std::vector<SetUserLimits> user_limits() const;
  std::vector<SetParameter> parameters() const;
  std::vector<SetGlobalParameter> global_parameters() const;

 private:
  using Values = std::map<DefinitionKey, amqp::FieldTable>;

  // nullptr: none, or removed.
  const amqp::FieldTable* find(const DefinitionKey& key) const;
  void set(const DefinitionKey& key, amqp::FieldTable value);
  // False: there was none.
  bool remove(const DefinitionKey& key);
  template <class Condition>
  void remove_all(store::NodeDefinitionKind kind, Condition&& condition);
  template <class Each>
  void visit(store::NodeDefinitionKind kind, Each&& each) const;
  std::size_t count(store::NodeDefinitionKind kind) const;
  AdministrationStatus check_subjects(const std::string& user,
                                      const std::string& virtual_host) const;
  AdministrationStatus check_room(const DefinitionKey& key, std::uint32_t limit) const;
  bool has_virtual_host(const std::string& name) const;

  AdministrationStatus make(const SetUser& change, ChangeEffects& effects);
  AdministrationStatus make(const DeleteUser& change, ChangeEffects& effects);
  AdministrationStatus make(const SetPermission& change, ChangeEffects& effects);
  AdministrationStatus make(const ClearPermission& change, ChangeEffects& effects);
  AdministrationStatus make(const SetTopicPermission& change, ChangeEffects& effects);
  AdministrationStatus make(const ClearTopicPermission& change, ChangeEffects& effects);
  AdministrationStatus make(const AddVirtualHost& change, ChangeEffects& effects);
  AdministrationStatus make(const DeleteVirtualHost& change, ChangeEffects& effects);
  AdministrationStatus make(const SetPolicy& change, ChangeEffects& effects);
  AdministrationStatus make(const ClearPolicy& change, ChangeEffects& effects);
  AdministrationStatus make(const SetVirtualHostLimits& change, ChangeEffects& effects);
  AdministrationStatus make(const ClearVirtualHostLimits& change, ChangeEffects& effects);
  AdministrationStatus make(const SetUserLimits& change, ChangeEffects& effects);
  AdministrationStatus make(const ClearUserLimits& change, ChangeEffects& effects);
  AdministrationStatus make(const SetParameter& change, ChangeEffects& effects);
  AdministrationStatus make(const ClearParameter& change, ChangeEffects& effects);
  AdministrationStatus make(const SetGlobalParameter& change, ChangeEffects& effects);
  AdministrationStatus make(const ClearGlobalParameter& change, ChangeEffects& effects);

  NodeDefinitionLimits limits_;
  Values values_;
  std::map<store::NodeDefinitionKind, std::size_t> counts_;
  std::set<DefinitionKey> configured_;
  std::vector<Difference> differences_;
};

}  // namespace harrier::server

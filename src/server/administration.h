// Where administrators' changes are made: the port for definitions files, later HTTP and
// harrierctl.
//
// Role:   owns what is defined (NodeDefinitions), and brings each change to the journal, to the
//         authenticator, to every virtual host and to the connections it ends.
// Model:  start(): journal's definitions, then the configuration's that are missing → running →
//         stop(). A batch of changes is made whole or not at all; when apply() answers, it is in
//         force on every loop and on disk. Without a data directory nothing is kept.
// Thread: synchronized: changes by mutex_, which is held during one; what is defined by
//         definitions_mutex_, which is held for moments, so that who looks waits for no change.
//         None of the loops may call
//         anything but note_password_form(), which does not wait.
// Errors: apply(): see AdministrationFailure. start(): kBadOptions, kCorrupt.
// Limits: NodeDefinitionLimits; one change at a time, those that come meanwhile wait.
// Spec:   ruling A9; docs/operations/administration.md.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "auth/internal_authenticator.h"
#include "harrier/options.h"
#include "harrier/result.h"
#include "server/administrative_change.h"
#include "server/node_definitions.h"
#include "server/node_loop.h"
#include "server/shared.h"
#include "server/virtual_hosts.h"
#include "store/store.h"

namespace harrier::server {

class Administration {
 public:
  // REQUIRES that all outlive it, and that `options` passed check().
  Administration(const Options& options, Shared& shared, const VirtualHosts::Loops& loops,
                 auth::InternalAuthenticator& authenticator);
  // What of the configuration makes no sense whatever the journal has.
  static Outcome check(const Options& options);

  // `store`: nullptr, or what the loops have. Once, after which logins may come.
  Outcome start(store::Store* store);
  // Waits for the change under way; every later one is refused.
  void stop();

  // `actor` is who asks, for the audit log; that it may is the caller's to decide. Clear passwords
  // are hashed first, which takes a good part of a second each.
  AdministrationStatus apply(std::vector<AdministrativeChange> changes, const broker::Actor& actor);
  // As it is now, without changes that are under way.
  NodeDefinitions definitions() const;
  // The same without a copy; a change that wants to write it waits meanwhile.
  void look_at_definitions(const std::function<void(const NodeDefinitions&)>& look) const;
  // Who may do what, as it is now.
  broker::AccessControlRef access() const;

  // From the thread that hashed: the same password, stored in another form.
  void note_password_form(const std::string& user, const std::string& hash);

 private:
  static constexpr std::size_t kPendingFormsMax = 10'000;

  AdministrationStatus hash_passwords(std::vector<AdministrativeChange>& changes);
  void add_configured();
  Outcome open_virtual_hosts();
  AdministrationStatus make(const std::vector<AdministrativeChange>& changes,
                            const broker::Actor& actor);
  AdministrationStatus open_added(const ChangeEffects& effects);
  void record(std::vector<NodeDefinitions::Difference> differences);
  void record_pending_forms();
  void set_users(const std::set<std::string>& names);
  void set_access(const broker::AccessControlRef& access);
  void set_policies(const ChangeEffects& effects, const broker::Actor& actor);
  void set_user_limits(const std::set<std::string>& names);
  void note(const std::vector<AdministrativeChange>& changes, const broker::Actor& actor);
  void close_connections(const ChangeEffects& effects);
  bool delete_virtual_host(const std::string& name);
  auth::User user_of(const UserDefinition& definition) const;
  AdministrationStatus wait_until_durable();

  const Options& options_;
  Shared& shared_;
  const VirtualHosts::Loops& loops_;
  auth::InternalAuthenticator& authenticator_;
  store::Store* store_ = nullptr;

  std::mutex mutex_;
  VirtualHosts virtual_hosts_;
  // Guards the next two; taken after mutex_. Only who holds mutex_ writes them.
  mutable std::mutex definitions_mutex_;
  NodeDefinitions definitions_;
  broker::AccessControlRef access_;
  std::map<std::string, store::VirtualHostDefinition> stored_hosts_;
  bool running_ = false;

  std::mutex forms_mutex_;
  std::map<std::string, std::string> pending_forms_;  // guarded by forms_mutex_
};

}  // namespace harrier::server

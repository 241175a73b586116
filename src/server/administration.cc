#include "server/administration.h"

#include "base/log.h"
#include "base/random.h"
#include "server/translate.h"

namespace harrier::server {
namespace {

std::string display(const DefinitionKey& key) {
  std::string text(store::name_of(key.kind));
  for (const std::string& part : key.parts)
    text.append(" '").append(part).append("'");
  return text;
}

store::NodeDefinition stored(NodeDefinitions::Difference difference) {
  return {difference.key.kind, std::move(difference.key.parts),
          difference.value.value_or(amqp::FieldTable())};
}

NodeDefinitionLimits limits_of(const Options& options) {
  return {.users_max = options.definitions.users_max,
          .virtual_hosts_max = options.definitions.virtual_hosts_max,
          .rules_max = options.definitions.rules_max,
          .policies_max = options.virtual_host.policies_max};
}

base::Failure<AdministrationError> refuse(AdministrationFailure kind, std::string message) {
  return base::fail(AdministrationError{kind, std::move(message)});
}

}  // namespace

Administration::Administration(const Options& options, Shared& shared,
                               const VirtualHosts::Loops& loops,
                               auth::InternalAuthenticator& authenticator)
    : options_(options),
      shared_(shared),
      loops_(loops),
      authenticator_(authenticator),
      virtual_hosts_(options, shared, loops),
      definitions_(limits_of(options)) {}

Outcome Administration::check(const Options& options) {
  const auto bad = [](const base::Error& error) {
    return Failure{FailureKind::kBadOptions, error.message};
  };
  base::SecureRandom salts;
  const auto users = auth::UserDirectory::create(user_specifications(options.users), salts);
  if (!users.ok()) return bad(users.error());
  if (const auto access = access_control(options.users); !access.ok()) return bad(access.error());
  if (const auto policies = configured_policies(options); !policies.ok())
    return bad(policies.error());
  if (const auto limits = tenant_limits(options, ""); !limits.ok()) return bad(limits.error());
  return {};
}

// ---- start

Outcome Administration::start(store::Store* store) {
  const std::lock_guard lock(mutex_);
  store_ = store;
  if (store_ != nullptr)
    loops_.front()->run([&] { definitions_.load(store_->control().definitions()); });
  add_configured();
  auto access =
      broker::AccessControl::create(definitions_.permissions(), definitions_.topic_permissions());
  if (!access.ok()) return Failure{FailureKind::kCorrupt, access.error().message};
  access_ = std::move(access).value();
  for (const UserDefinition& user : definitions_.users())
    authenticator_.users().set(user_of(user));
  std::set<std::string> limited;
  for (const UserOptions& user : options_.users)
    if (user.limits != UserLimitOptions{}) limited.insert(user.name);
  for (const SetUserLimits& user : definitions_.user_limits())
    limited.insert(user.user);
  set_user_limits(limited);
  if (Outcome opened = open_virtual_hosts(); !opened) return opened;
  record(definitions_.take_differences());
  running_ = true;
  return {};
}

void Administration::add_configured() {
  std::vector<DefinitionKey> kept;
  for (const std::string& name : options_.virtual_hosts)
    definitions_.add_configured(key_of_virtual_host(name),
                                encode(VirtualHostDescription{name, {}, {}, false}), kept);
  for (const UserOptions& user : options_.users) {
    const UserDefinition definition{user.name, user.password_hash, !user.password.empty(),
                                    user.tags, user.loopback_only};
    definitions_.add_configured(key_of_user(user.name), encode(definition), kept);
    for (const PermissionOptions& of : user.permissions)
      definitions_.add_configured(key_of_permission(user.name, of.virtual_host),
                                  encode(broker::PermissionRule{user.name, of.virtual_host,
                                                                of.configure, of.write, of.read}),
                                  kept);
    for (const TopicPermissionOptions& of : user.topic_permissions)
      definitions_.add_configured(key_of_topic_permission(user.name, of.virtual_host, of.exchange),
                                  encode(broker::TopicPermissionRule{
                                      user.name, of.virtual_host, of.exchange, of.write, of.read}),
                                  kept);
  }
  const auto policies = configured_policies(options_);
  if (policies.ok())
    for (const ConfiguredPolicy& of : *policies)
      definitions_.add_configured(key_of_policy(of.kind, of.virtual_host, of.policy.name),
                                  encode(of.policy), kept);
  definitions_.forget_removals();
  for (const DefinitionKey& key : kept)
    base::log_warning("server",
                      "the configuration differs from what was changed since, which stays",
                      {{"what", display(key)}});
}

Outcome Administration::open_virtual_hosts() {
  std::vector<store::VirtualHostDefinition> hosts;
  std::vector<std::string> wanted;
  for (const VirtualHostDescription& host : definitions_.virtual_hosts())
    wanted.push_back(host.name);
  if (store_ != nullptr) {
    loops_.front()->run([&] { hosts = store_->define_virtual_hosts(wanted); });
  } else {
    base::log_warning("server", "data_dir is empty: nothing survives the end of this process");
    for (const std::string& name : wanted)
      hosts.push_back({0, 0, name});
  }
  std::vector<std::string> ending;
  for (const store::VirtualHostDefinition& host : hosts) {
    if (auto opened = virtual_hosts_.open(host, access_, definitions_); !opened.ok())
      return Failure{FailureKind::kCorrupt, opened.error().message};
    stored_hosts_.insert_or_assign(host.name, host);
    if (definitions_.adopt_virtual_host(host.name)) ending.push_back(host.name);
  }
  if (store_ != nullptr) store_->start();
  for (const std::string& name : ending)
    delete_virtual_host(name);
  return {};
}

void Administration::stop() {
  const std::lock_guard lock(mutex_);
  record_pending_forms();
  running_ = false;
}

auth::User Administration::user_of(const UserDefinition& definition) const {
  auth::User user{definition.name, {}, definition.tags, definition.loopback_only};
  if (!definition.configured_password) {
    auto parsed = auth::StoredPassword::parse(definition.password_hash);
    if (!definition.password_hash.empty() && parsed.ok()) user.password = std::move(parsed).value();
    return user;
  }
  for (const UserOptions& configured : options_.users) {
    if (configured.name != definition.name || configured.password.empty()) continue;
    base::SecureRandom salts;
    user.password = auth::StoredPassword::of_clear(configured.password, salts);
    return user;
  }
  base::log_warning("server",
                    "the configuration has no password for a user any more, who cannot "
                    "log in with one",
                    {{"user", definition.name}});
  return user;
}

// ---- changes

AdministrationStatus Administration::hash_passwords(std::vector<AdministrativeChange>& changes) {
  base::SecureRandom random;
  const auth::HashCost cost = login_policy(options_.auth).cost;
  for (AdministrativeChange& change : changes) {
    SetUser* const user = std::get_if<SetUser>(&change);
    if (user == nullptr || user->password_kind != SetUser::Password::kClear) continue;
    if (user->password.empty())
      return refuse(AdministrationFailure::kInvalid, "an empty password is nobody's");
    user->password =
        auth::StoredPassword::of(user->password, auth::HashSalts::draw(random), cost).text();
    user->password_kind = SetUser::Password::kHash;
  }
  return base::Done{};
}

AdministrationStatus Administration::apply(std::vector<AdministrativeChange> changes,
                                           const broker::Actor& actor) {
  if (auto hashed = hash_passwords(changes); !hashed.ok()) return hashed;
  const std::lock_guard lock(mutex_);
  if (!running_) return refuse(AdministrationFailure::kStopping, "the node is not running");
  record_pending_forms();
  auto made = make(changes, actor);
  record_pending_forms();
  return made;
}

AdministrationStatus Administration::make(const std::vector<AdministrativeChange>& changes,
                                          const broker::Actor& actor) {
  NodeDefinitions staged = definitions_;
  ChangeEffects effects;
  for (const AdministrativeChange& change : changes)
    if (auto status = staged.apply(change, effects); !status.ok()) return status;
  broker::AccessControlRef access = access_;
  if (effects.access) {
    auto made = broker::AccessControl::create(staged.permissions(), staged.topic_permissions());
    if (!made.ok()) return refuse(AdministrationFailure::kInvalid, made.error().message);
    access = std::move(made).value();
  }
  if (auto opened = open_added(effects); !opened.ok()) return opened;
  record(staged.take_differences());
  {
    const std::lock_guard moment(definitions_mutex_);
    definitions_ = std::move(staged);
  }
  set_users(effects.users);
  if (effects.access) set_access(access);
  set_policies(effects, actor);
  set_user_limits(effects.limited_users);
  for (const std::string& name : effects.limited_hosts)
    virtual_hosts_.set_limits(name, definitions_);
  note(changes, actor);
  close_connections(effects);
  auto status = wait_until_durable();
  for (const std::string& name : effects.deleted_hosts)
    if (!delete_virtual_host(name) && status.ok())
      status = refuse(AdministrationFailure::kNotDurable,
                      "virtual host '" + name + "' is closed; its end goes on at the next start");
  return status;
}

AdministrationStatus Administration::open_added(const ChangeEffects& effects) {
  for (const std::string& name : effects.added_hosts) {
    store::VirtualHostDefinition host{0, 0, name};
    if (store_ != nullptr)
      loops_.front()->run([&] { host = store_->control().add_virtual_host(name); });
    if (auto opened = virtual_hosts_.open(host, access_, definitions_); !opened.ok())
      return refuse(AdministrationFailure::kInvalid, opened.error().message);
    stored_hosts_.insert_or_assign(name, host);
  }
  return base::Done{};
}

void Administration::record(std::vector<NodeDefinitions::Difference> differences) {
  if (store_ == nullptr || differences.empty()) return;
  loops_.front()->run([&] {
    for (NodeDefinitions::Difference& difference : differences) {
      const bool removed = !difference.value;
      const store::NodeDefinition definition = stored(std::move(difference));
      if (removed) {
        store_->control().remove(definition);
      } else {
        store_->control().set(definition);
      }
    }
  });
}

AdministrationStatus Administration::wait_until_durable() {
  if (store_ == nullptr || loops_.front()->wait_for_commit(store::ControlLog::kShard))
    return base::Done{};
  return refuse(AdministrationFailure::kNotDurable,
                "the change is in force, but the disk has not taken it in time");
}

void Administration::set_users(const std::set<std::string>& names) {
  for (const std::string& name : names) {
    if (const auto definition = definitions_.user(name)) {
      authenticator_.users().set(user_of(*definition));
    } else {
      authenticator_.users().remove(name);
    }
    authenticator_.forget(name);
  }
}

void Administration::set_access(const broker::AccessControlRef& access) {
  {
    const std::lock_guard moment(definitions_mutex_);
    access_ = access;
  }
  for (const auto& loop : loops_)
    loop->run([&] {
      for (const auto& hosted : loop->broker().hosts()) {
        loop->broker().touch(*hosted);
        hosted->host().set_access(access);
      }
    });
}

void Administration::set_user_limits(const std::set<std::string>& names) {
  for (const std::string& name : names) {
    broker::UserLimits limits;
    for (const UserOptions& configured : options_.users)
      if (configured.name == name) limits = user_limits(configured.limits);
    if (const auto own = definitions_.limits_of_user(name)) limits = *own;
    shared_.users.set_limits(name, limits, options_.publish_rate_burst);
  }
  if (names.empty()) return;
  for (const auto& loop : loops_)
    loop->run([&] { loop->io().heed_rates(); });
}

// Policies are told by their virtual host.
void Administration::note(const std::vector<AdministrativeChange>& changes,
                          const broker::Actor& actor) {
  if (!shared_.audit) return;
  for (const AdministrativeChange& change : changes) {
    if (std::holds_alternative<SetPolicy>(change) || std::holds_alternative<ClearPolicy>(change))
      continue;
    const ChangeDescription text = describe(change);
    shared_.audit->note(actor, text.virtual_host,
                        {.action = text.action, .kind = text.kind, .name = text.name});
  }
}

void Administration::set_policies(const ChangeEffects& effects, const broker::Actor& actor) {
  // Whoever made the batch has decided that the actor may.
  broker::Actor administrator = actor;
  administrator.tags = {"administrator"};
  for (const AdministrativeChange& change : effects.policies) {
    const auto* set = std::get_if<SetPolicy>(&change);
    const auto* clear = std::get_if<ClearPolicy>(&change);
    const auto place = shared_.virtual_hosts.find(set ? set->virtual_host : clear->virtual_host);
    if (!place) continue;  // deleted by the same batch
    NodeLoop& loop = *loops_[place->loop];
    loop.run([&] {
      loop.broker().touch(*place->host);
      broker::VirtualHost& host = place->host->host();
      const auto status = set ? host.set_policy(administrator, set->kind, set->policy, nullptr)
                              : host.clear_policy(administrator, clear->kind, clear->name, nullptr);
      if (!status.ok())
        base::log_error("server", "a policy is not in force",
                        {{"vhost", host.name()}, {"reason", status.error().detail}});
    });
  }
}

void Administration::close_connections(const ChangeEffects& effects) {
  std::vector<std::pair<ConnectionFilter, std::string>> closed;
  for (const std::string& user : effects.deleted_users)
    closed.push_back({{user, {}}, "user '" + user + "' is deleted"});
  for (const auto& [user, virtual_host] : effects.cleared)
    if (!definitions_.contains(key_of_permission(user, virtual_host)))
      closed.push_back({{user, virtual_host},
                        "access to vhost '" + virtual_host + "' refused for user '" + user + "'"});
  if (closed.empty()) return;
  for (const auto& loop : loops_)
    loop->run([&] {
      for (const auto& [filter, text] : closed)
        loop->io().force_close(filter, amqp::ReplyCode::kConnectionForced, text);
    });
}

bool Administration::delete_virtual_host(const std::string& name) {
  const auto stored = stored_hosts_.find(name);
  if (!virtual_hosts_.close(name)) {
    base::log_error("server", "a virtual host's end is not complete and goes on at the next start",
                    {{"vhost", name}});
    return false;
  }
  std::vector<NodeDefinitions::Difference> differences;
  {
    const std::lock_guard moment(definitions_mutex_);
    definitions_.virtual_host_deleted(name);
    differences = definitions_.take_differences();
  }
  if (store_ != nullptr)
    loops_.front()->run([&] { store_->control().remove_virtual_host(stored->second); });
  record(std::move(differences));
  stored_hosts_.erase(stored);
  return wait_until_durable().ok();
}

NodeDefinitions Administration::definitions() const {
  const std::lock_guard moment(definitions_mutex_);
  return definitions_;
}

void Administration::look_at_definitions(
    const std::function<void(const NodeDefinitions&)>& look) const {
  const std::lock_guard moment(definitions_mutex_);
  look(definitions_);
}

broker::AccessControlRef Administration::access() const {
  const std::lock_guard moment(definitions_mutex_);
  return access_;
}

// ---- password forms

void Administration::note_password_form(const std::string& user, const std::string& hash) {
  {
    const std::lock_guard lock(forms_mutex_);
    // Beyond that the next login tries again.
    if (pending_forms_.size() >= kPendingFormsMax) return;
    pending_forms_.insert_or_assign(user, hash);
  }
  // A change under way looks at them when it ends.
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (lock.owns_lock() && running_) record_pending_forms();
}

void Administration::record_pending_forms() {
  std::map<std::string, std::string> forms;
  {
    const std::lock_guard lock(forms_mutex_);
    forms.swap(pending_forms_);
  }
  std::vector<NodeDefinitions::Difference> differences;
  {
    const std::lock_guard moment(definitions_mutex_);
    for (const auto& [user, hash] : forms)
      definitions_.set_password_hash(user, hash);
    differences = definitions_.take_differences();
  }
  record(std::move(differences));
}

}  // namespace harrier::server

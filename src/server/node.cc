#include "server/node.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>

#include "auth/internal_authenticator.h"
#include "base/check.h"
#include "base/log.h"
#include "journal/node_directory.h"
#include "server/listener.h"
#include "server/node_loop.h"
#include "server/resource_monitor.h"
#include "server/resource_readings.h"
#include "server/tls_certificates.h"
#include "server/token_access.h"
#include "server/translate.h"
#include "store/store.h"

namespace harrier::server {
namespace {

constexpr int kFailedDiskExitCode = 74;

Outcome failure_of(const journal::NodeError& error) {
  switch (error.kind) {
    case journal::NodeFailure::kHeld: return Failure{FailureKind::kInUse, error.message};
    case journal::NodeFailure::kForeign: return Failure{FailureKind::kBadOptions, error.message};
    case journal::NodeFailure::kDamaged: return Failure{FailureKind::kCorrupt, error.message};
    case journal::NodeFailure::kIo: break;
  }
  return Failure{FailureKind::kIoFailure, error.message};
}

Outcome failure_of(const store::StoreError& error) {
  switch (error.kind) {
    case store::StoreFailure::kCorrupt: return Failure{FailureKind::kCorrupt, error.message};
    case store::StoreFailure::kForeign: return Failure{FailureKind::kBadOptions, error.message};
    case store::StoreFailure::kIo: break;
  }
  return Failure{FailureKind::kIoFailure, error.message};
}

}  // namespace

class Node::Parts {
 public:
  Parts(const Options& options, const base::Clock& clock);
  ~Parts();

  Outcome start(const Recover& recover);
  void stop();

  const Options options_;
  const base::Clock& clock_;
  Shared shared_;
  std::vector<std::unique_ptr<NodeLoop>> loops_;
  std::vector<VirtualHostView> virtual_hosts_;
  std::unique_ptr<Listener> listener_;
  // Both or none.
  std::unique_ptr<TlsCertificates> certificates_;
  std::unique_ptr<Listener> tls_listener_;
  std::unique_ptr<ResourceMonitor> monitor_;
  // Before the store and after it in destruction: the lock is held for as long as anybody writes.
  std::unique_ptr<journal::NodeDirectory> directory_;
  std::unique_ptr<store::Store> store_;
  // Once started.
  const auth::LoginCounters* login_counters_ = nullptr;
  // The authenticator's; nullptr if no tokens are taken.
  TokenKeyRefresher* token_keys_ = nullptr;
  std::uint16_t port_ = 0;
  std::uint16_t tls_port_ = 0;
  bool running_ = false;

 private:
  Outcome admit_users();
  // nullptr without Options::auth.oauth2.
  Outcome take_tokens(std::unique_ptr<auth::TokenRules>& tokens);
  Outcome read_policies();
  Outcome listen();
  ResourceReading read_resources() const;
  // What the monitor's thread does from time to time.
  ResourceReading look_around() const;
  HostedVirtualHost& host(NodeLoop& loop, const std::string& name, broker::ChangeLog* log,
                          broker::QueueId first_queue);
  Outcome host_in_memory();
  Outcome open_store();
  Outcome restore_virtual_host(const store::VirtualHostDefinition& definition);
  store::StoreCallbacks store_callbacks();
  void take(int descriptor, const auth::Peer& peer, std::shared_ptr<const TlsContext> tls);
  // Runs `task` on every loop.
  void on_every_loop(const std::function<void(NodeLoop&)>& task);
  // Runs `task` on `loop` and waits for it.
  void run_on(NodeLoop& loop, const std::function<void()>& task);

  std::size_t next_loop_ = 0;  // the listener's
  std::vector<ConfiguredPolicy> policies_;
};

Node::Parts::Parts(const Options& options, const base::Clock& clock)
    : options_(options),
      clock_(clock),
      shared_{.flow_limits = options.flow,
              .connection_limits = connection_limits(options.connection),
              .session_limits = session_limits(options.session),
              .server_properties = server_properties(options.server_properties),
              .access_control = {},
              .virtual_hosts = {},
              .authenticator = {},
              .virtual_host_limits = virtual_host_limits(options),
              .admission = Admission(options.accept),
              .gate = {},
              .ready = false} {
  const std::size_t count = loop_count(options_.loops, std::thread::hardware_concurrency());
  for (std::size_t index = 0; index != count; ++index)
    loops_.push_back(std::make_unique<NodeLoop>(shared_, clock_, index));
  for (const auto& loop : loops_)
    loop->connect(loops_);
  shared_.gate.watch([this] {
    for (const auto& loop : loops_)
      loop->heed_gate_from_any_thread();
  });
  monitor_ = std::make_unique<ResourceMonitor>(server::resource_limits(options_), shared_.gate,
                                               clock_, [this] { return look_around(); });

  // The first loop that has connections accepts them.
  Loop& accepting = loops_[count == 1 ? 0 : 1]->loop();
  listener_ = std::make_unique<Listener>(
      accepting, shared_.admission,
      [this](int descriptor, const auth::Peer& peer) { take(descriptor, peer, nullptr); });
  if (!options_.amqps.enabled) return;
  certificates_ = std::make_unique<TlsCertificates>(options_.amqps, clock_);
  tls_listener_ = std::make_unique<Listener>(
      accepting, shared_.admission,
      [this](int descriptor, const auth::Peer& peer) {
        auth::Peer encrypted = peer;
        encrypted.encrypted = true;
        take(descriptor, encrypted, certificates_->current());
      },
      Listener::Settings{"listeners.amqps", options_.amqps.handshakes_per_second_max});
}

Node::Parts::~Parts() {
  stop();
  monitor_.reset();
  tls_listener_.reset();
  listener_.reset();
  // Connections before virtual hosts: a broker half that is still attached refers to its virtual
  // host.
  loops_.clear();
  // What the virtual hosts logged to.
  store_.reset();
}

Outcome Node::Parts::admit_users() {
  base::SecureRandom salts;
  auto users = auth::UserDirectory::create(user_specifications(options_.users), salts);
  if (!users) return Failure{FailureKind::kBadOptions, users.error().message};
  std::unique_ptr<auth::TokenRules> tokens;
  if (Outcome taken = take_tokens(tokens); !taken) return taken;
  auto authenticator = std::make_unique<auth::InternalAuthenticator>(
      std::move(users).value(), login_policy(options_.auth), std::move(tokens));
  login_counters_ = &authenticator->counters();
  shared_.authenticator = std::move(authenticator);
  shared_.password_workers = std::make_unique<PasswordWorkers>(
      PasswordWorkers::Limits{options_.auth.hash_threads, options_.auth.hash_queue_max});
  auto access = access_control(options_.users);
  if (!access) return Failure{FailureKind::kBadOptions, access.error().message};
  shared_.access_control = std::move(access).value();
  return {};
}

Outcome Node::Parts::take_tokens(std::unique_ptr<auth::TokenRules>& tokens) {
  const OAuth2Options& wanted = options_.auth.oauth2;
  if (wanted.resource_server_id.empty()) return {};
  auto policy = token_policy(wanted);
  if (!policy) return Failure{FailureKind::kBadOptions, policy.error().message};
  auto keys = token_keys(wanted, clock_);
  if (!keys) return Failure{FailureKind::kBadOptions, keys.error().message};
  token_keys_ = keys->get();
  tokens = std::make_unique<auth::TokenRules>(std::move(policy).value(), std::move(keys).value(),
                                              clock_);
  return {};
}

Outcome Node::Parts::read_policies() {
  auto policies = configured_policies(options_);
  if (!policies) return Failure{FailureKind::kBadOptions, policies.error().message};
  policies_ = std::move(policies).value();
  return {};
}

ResourceReading Node::Parts::read_resources() const {
  ResourceReading reading;
  if (!options_.data_dir.empty())
    if (const auto space = disk_space(options_.data_dir)) reading.disk_free = space->free;
  reading.memory_resident = resident_bytes();
  return reading;
}

ResourceReading Node::Parts::look_around() const {
  if (shared_.ready.load(std::memory_order_acquire) && store_) store_->try_again();
  return read_resources();
}

Outcome Node::Parts::listen() {
  if (certificates_)
    if (auto loaded = certificates_->load(); !loaded)
      return Failure{FailureKind::kBadOptions, loaded.error().message};
  const auto open = [](Listener& listener, const std::string& bind, std::uint16_t& port) {
    auto listening = listener.open(bind, port);
    if (!listening) return Outcome(Failure{FailureKind::kCannotListen, listening.error().message});
    port = *listening;
    return Outcome();
  };
  std::uint16_t port = options_.amqp.port;
  std::uint16_t tls_port = tls_listener_ ? options_.amqps.port : std::uint16_t{0};
  if (Outcome opened = open(*listener_, options_.amqp.bind, port); !opened) return opened;
  if (tls_listener_)
    if (Outcome opened = open(*tls_listener_, options_.amqps.bind, tls_port); !opened)
      return opened;
  port_ = port;
  tls_port_ = tls_port;
  listener_->start();
  if (tls_listener_) tls_listener_->start();
  return {};
}

Outcome Node::Parts::start(const Recover& recover) {
  if (Outcome admitted = admit_users(); !admitted) return admitted;
  if (Outcome read = read_policies(); !read) return read;
  if (Outcome listening = listen(); !listening) return listening;
  monitor_->start();
  if (token_keys_ != nullptr) token_keys_->start();
  for (const auto& loop : loops_)
    loop->start();
  running_ = true;
  Outcome recovered = recover ? recover() : Outcome();
  if (recovered) recovered = options_.data_dir.empty() ? host_in_memory() : open_store();
  if (!recovered) {
    stop();
    return recovered;
  }
  shared_.ready.store(true, std::memory_order_release);
  return {};
}

// ---- virtual hosts

// On the loop.
HostedVirtualHost& Node::Parts::host(NodeLoop& loop, const std::string& name,
                                     broker::ChangeLog* log, broker::QueueId first_queue) {
  HostedVirtualHost& hosted = loop.broker().add(std::make_unique<HostedVirtualHost>(
      name, shared_.virtual_host_limits, shared_.access_control, log, first_queue));
  for (const ConfiguredPolicy& configured : policies_) {
    if (configured.virtual_host != name) continue;
    // It was checked before anything was started.
    CHECK(hosted.host().restore_policy(configured.kind, configured.policy).ok());
  }
  shared_.virtual_hosts.insert_or_assign(name, VirtualHostPlace{loop.index(), &hosted});
  virtual_hosts_.push_back({hosted.host().name(), &hosted.host().counters()});
  return hosted;
}

Outcome Node::Parts::host_in_memory() {
  base::log_warning("server", "data_dir is empty: nothing survives the end of this process");
  std::size_t next = 0;
  for (const std::string& name : options_.virtual_hosts) {
    NodeLoop& loop = *loops_[next++ % loops_.size()];
    run_on(loop, [&] { host(loop, name, nullptr, {}); });
  }
  return {};
}

Outcome Node::Parts::open_store() {
  auto directory = journal::NodeDirectory::open(options_.data_dir);
  if (!directory) return failure_of(directory.error());
  directory_ = std::move(directory).value();
  base::log_info("store", "recovering", {{"data_dir", options_.data_dir}});
  const store::Store::Place place{directory_->files(), directory_->uuid(), directory_->epoch(),
                                  clock_};
  const std::uint64_t cache =
      cache_bytes(options_.memory, monitor_->limits().memory_high_watermark);
  auto opened =
      store::Store::open(place, store_options(options_, cache, loops_.size()), store_callbacks());
  if (!opened) return failure_of(opened.error());
  store_ = std::move(opened).value();
  for (const auto& loop : loops_)
    store_->add_loop(loop->index(), loops_.size(), *loop);
  store_->make_room();
  const auto definitions = store_->define_virtual_hosts(options_.virtual_hosts);
  for (const auto& loop : loops_)
    run_on(*loop, [&] {
      loop->set_store(store_->loop(loop->index()));
      broker::Message::adopt_bytes(store_->message_bytes_of(loop->index()));
    });
  for (const store::VirtualHostDefinition& definition : definitions)
    if (Outcome restored = restore_virtual_host(definition); !restored) return restored;
  store_->start();
  const store::RecoverySummary& found = store_->recovery();
  base::log_info("store", "recovered",
                 {{"checkpoint", std::to_string(found.generation)},
                  {"clean", found.journal.clean ? "yes" : "no"},
                  {"records", std::to_string(found.journal.records)},
                  {"queues", std::to_string(found.queues)},
                  {"runs", std::to_string(found.runs)},
                  {"messages_in_journal", std::to_string(found.young_messages)},
                  {"torn_bytes", std::to_string(found.journal.torn_bytes)}});
  return {};
}

Outcome Node::Parts::restore_virtual_host(const store::VirtualHostDefinition& definition) {
  const std::size_t index = store::Store::loop_of(definition.shard, loops_.size());
  NodeLoop& loop = *loops_[index];
  bool good = false;
  std::string why;
  run_on(loop, [&] {
    store::LoopStore& store = *loop.store();
    broker::ChangeLog& log = store.add_log(definition.shard, definition.number);
    HostedVirtualHost& hosted =
        host(loop, definition.name, &log, store::first_queue_of(definition.number));
    BrokerLoop& broker = loop.broker();
    good = store.restore(
        definition.number, hosted.host(), [&broker, &hosted] { broker.touch(hosted); }, why);
  });
  if (good) return {};
  return Failure{FailureKind::kCorrupt, "virtual host '" + definition.name + "': " + why};
}

store::StoreCallbacks Node::Parts::store_callbacks() {
  store::StoreCallbacks callbacks;
  callbacks.hold = [this](store::HoldReason reason, bool held) {
    const bool full = reason == store::HoldReason::kJournalFull;
    const HoldReason own = full ? HoldReason::kJournalFull : HoldReason::kJournalBacklog;
    if (held) {
      shared_.gate.set(own);
    } else {
      shared_.gate.clear(own);
    }
    if (!full) return;
    on_every_loop([held](NodeLoop& loop) {
      if (loop.store() != nullptr) loop.store()->hold_internal_publishing(held);
    });
  };
  // Nothing may be confirmed after this, and nothing tidied up: the next start decides.
  callbacks.fatal = [](const journal::IoError&) { std::_Exit(kFailedDiskExitCode); };
  callbacks.out_of_space = [this] { monitor_->report_out_of_space_from_any_thread(); };
  return callbacks;
}

// On the listener's loop. With one loop it is everybody's; otherwise loop 0 is left to virtual
// hosts.
void Node::Parts::take(int descriptor, const auth::Peer& peer,
                       std::shared_ptr<const TlsContext> tls) {
  const std::size_t count = loops_.size();
  const std::size_t index = count == 1 ? 0 : 1 + next_loop_++ % (count - 1);
  NodeLoop& loop = *loops_[index];
  if (loop.loop().checker().on_loop()) return loop.io().add(descriptor, peer, std::move(tls));
  loop.post(
      [&loop, descriptor, peer, tls = std::move(tls)] { loop.io().add(descriptor, peer, tls); });
}

void Node::Parts::on_every_loop(const std::function<void(NodeLoop&)>& task) {
  for (const auto& loop : loops_) {
    NodeLoop& target = *loop;
    target.post([&target, task] { task(target); });
  }
}

void Node::Parts::run_on(NodeLoop& loop, const std::function<void()>& task) {
  std::mutex mutex;
  std::condition_variable done_condition;
  bool done = false;
  loop.post([&] {
    task();
    const std::lock_guard lock(mutex);
    done = true;
    done_condition.notify_one();
  });
  std::unique_lock lock(mutex);
  done_condition.wait(lock, [&] { return done; });
}

void Node::Parts::stop() {
  if (!std::exchange(running_, false)) return;
  constexpr std::chrono::seconds kDropTimeout{2};
  NodeLoop& accepting = *loops_[loops_.size() == 1 ? 0 : 1];
  run_on(accepting, [this] {
    listener_->close();
    if (tls_listener_) tls_listener_->close();
  });
  on_every_loop([](NodeLoop& loop) {
    loop.io().force_close_all(amqp::ReplyCode::kConnectionForced,
                              "broker forced connection closure with reason 'shutdown'");
  });
  using std::chrono::steady_clock;
  if (!shared_.admission.wait_until_none(steady_clock::now() + options_.shutdown_timeout)) {
    base::log_warning("server", "clients that did not close in time are cut off",
                      {{"connections", std::to_string(shared_.admission.connections())}});
    on_every_loop([](NodeLoop& loop) { loop.io().drop_all(); });
    shared_.admission.wait_until_none(steady_clock::now() + kDropTimeout);
  }
  if (store_ && shared_.ready.load()) store_->checkpoint();
  monitor_->stop();
  // Its answers go to the loops.
  shared_.password_workers->stop();
  if (token_keys_ != nullptr) token_keys_->stop();
  for (const auto& loop : loops_)
    loop->stop();
  for (const auto& loop : loops_)
    loop->join();
  if (store_) store_->stop();
  port_ = tls_port_ = 0;
}

Node::Node(const Options& options, const base::Clock& clock)
    : parts_(std::make_unique<Parts>(options, clock)) {}
Node::~Node() = default;

Outcome Node::start(const Recover& recover) { return parts_->start(recover); }
std::uint16_t Node::port() const { return parts_->port_; }
std::uint16_t Node::tls_port() const { return parts_->tls_port_; }
base::Status<> Node::reload() {
  if (parts_->token_keys_ != nullptr) parts_->token_keys_->refresh();
  return parts_->certificates_ ? parts_->certificates_->load() : base::Done();
}
void Node::stop() { parts_->stop(); }
void Node::block_publishers(std::string reason) {
  parts_->shared_.gate.set_operator(std::move(reason));
}
void Node::unblock_publishers() { parts_->shared_.gate.clear(HoldReason::kOperator); }

std::vector<VirtualHostView> Node::virtual_hosts() const {
  if (!parts_->shared_.ready.load(std::memory_order_acquire)) return {};
  return parts_->virtual_hosts_;
}

std::vector<LoopView> Node::loops() const {
  std::vector<LoopView> views;
  for (const auto& loop : parts_->loops_)
    views.push_back(
        {&loop->io().counters(), &loop->loop().turns(), &loop->io().input_pool().borrowed()});
  return views;
}

std::optional<StoreView> Node::store() const {
  if (!parts_->shared_.ready.load(std::memory_order_acquire) || !parts_->store_) return {};
  store::Store& store = *parts_->store_;
  StoreView view;
  view.journal = store.journal_usage();
  view.flushes = store.flushes().value();
  view.runs = store.run_count();
  view.run_bytes = store.run_bytes();
  view.checkpoints = store.checkpointer().cycles();
  view.checkpoint_generation = store.checkpointer().generation();
  for (std::size_t index = 0; index != parts_->loops_.size(); ++index) {
    const store::LoopStore& loop = store.loop(index);
    view.resident_bytes += loop.resident_bytes().value();
    view.spilled_messages += loop.spiller().spilled_messages().value();
    view.spilled_bytes += loop.spiller().spilled_bytes().value();
    view.merges += loop.merger().merges().value();
    view.merged_bytes += loop.merger().merged_bytes().value();
    view.dead_run_bytes += loop.dead_run_bytes().value();
    view.read_bytes += loop.pager().read_bytes().value();
    view.damaged_blocks += loop.pager().damaged_blocks().value();
  }
  view.recovery = store.recovery();
  return view;
}

std::optional<LoginView> Node::logins() const {
  if (!parts_->shared_.ready.load(std::memory_order_acquire)) return {};
  const PasswordWorkers& workers = *parts_->shared_.password_workers;
  return LoginView{parts_->login_counters_, workers.waiting(), workers.refused(),
                   parts_->token_keys_};
}

const ListenerCounters& Node::listener_counters() const { return parts_->listener_->counters(); }
const ListenerCounters* Node::tls_listener_counters() const {
  return parts_->tls_listener_ ? &parts_->tls_listener_->counters() : nullptr;
}
std::optional<std::chrono::system_clock::time_point> Node::certificates_expire() const {
  const auto context = parts_->certificates_ ? parts_->certificates_->current() : nullptr;
  if (!context) return std::nullopt;
  return context->expires();
}
const PublisherGate& Node::gate() const { return parts_->shared_.gate; }
const ResourceLimits& Node::resource_limits() const { return parts_->monitor_->limits(); }
const ResourceGauges& Node::resource_gauges() const { return parts_->monitor_->gauges(); }
std::uint32_t Node::connections() const { return parts_->shared_.admission.connections(); }

}  // namespace harrier::server

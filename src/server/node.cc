#include "server/node.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>
#include <utility>

#include "auth/internal_authenticator.h"
#include "base/check.h"
#include "base/log.h"
#include "journal/node_directory.h"
#include "server/administration.h"
#include "server/commands.h"
#include "server/definitions_file.h"
#include "server/definitions_transfer.h"
#include "server/inspection.h"
#include "server/listener.h"
#include "server/live_options.h"
#include "server/loop_pulse.h"
#include "server/maintenance.h"
#include "server/node_loop.h"
#include "server/resource_monitor.h"
#include "server/resource_readings.h"
#include "server/start_failure.h"
#include "server/tls_certificates.h"
#include "server/token_access.h"
#include "server/translate.h"
#include "store/reserve_file.h"
#include "store/store.h"

namespace harrier::server {
namespace {

constexpr int kFailedDiskExitCode = 74;

}  // namespace

class Node::Parts {
 public:
  Parts(const Options& options, const base::Clock& clock);
  ~Parts();

  Outcome start(const Recover& recover);
  base::Status<> reload(const Options& options);
  void stop();
  // Runs `task` on every loop, and does not wait.
  void on_every_loop(const std::function<void(NodeLoop&)>& task);

  const Options options_;
  const base::Clock& clock_;
  Shared shared_;
  std::vector<std::unique_ptr<NodeLoop>> loops_;
  std::unique_ptr<LoopPulse> pulse_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<TlsCertificates> certificates_;  // with the next, or neither
  std::unique_ptr<Listener> tls_listener_;
  std::unique_ptr<Listener> unix_listener_;
  std::unique_ptr<ResourceMonitor> monitor_;
  // Before the store and after it in destruction: the lock is held for as long as anybody writes.
  std::unique_ptr<journal::NodeDirectory> directory_;
  std::unique_ptr<store::Store> store_;
  // Once started.
  auth::InternalAuthenticator* authenticator_ = nullptr;  // Shared's
  std::unique_ptr<Administration> administration_;
  std::unique_ptr<DefinitionsTransfer> definitions_;
  std::unique_ptr<Commands> commands_;
  std::unique_ptr<Inspection> inspection_;
  const std::unique_ptr<Maintenance> maintenance_ = std::make_unique<Maintenance>(
      shared_, loops_,
      Maintenance::Listeners{[this] { close_listeners(); }, [this] { return open_again(); }});
  std::atomic<bool> stopping_{false};
  // The authenticator's; nullptr if no tokens are taken.
  TokenKeyRefresher* token_keys_ = nullptr;
  std::uint16_t port_ = 0;
  std::uint16_t tls_port_ = 0;
  bool running_ = false;

 private:
  Outcome make_audit();
  Outcome start_audit(const std::string& node);
  Outcome make_tracing();
  Outcome admit_users();
  // nullptr without Options::auth.oauth2.
  Outcome take_tokens(std::unique_ptr<auth::TokenRules>& tokens);
  Outcome listen();
  Outcome open_listeners(std::uint16_t port, std::uint16_t tls_port);
  // From no loop's thread.
  void close_listeners();
  base::Status<> open_again();
  ResourceReading read_resources() const;
  // What the monitor's thread does from time to time.
  ResourceReading look_around() const;
  Outcome open_store();
  store::StoreCallbacks store_callbacks();
  void take(const AcceptedSocket& socket, std::shared_ptr<const TlsContext> tls);
  // The first loop that has connections accepts them.
  NodeLoop& accepting() { return *loops_[loops_.size() == 1 ? 0 : 1]; }

  std::size_t next_loop_ = 0;  // the listener's
};

Node::Parts::Parts(const Options& options, const base::Clock& clock)
    : options_(options),
      clock_(clock),
      shared_{.flow_limits = options.flow,
              .connection_limits = connection_limits(options.connection),
              .server_properties = server_properties(options.server_properties),
              .authenticator = {},
              .session_limits = session_limits(options.session),
              .virtual_host_limits = virtual_host_limits(options),
              .virtual_hosts = {},
              .admission = Admission(options.accept),
              .gate = {},
              .ready = false,
              .connection_publish_rate = connection_publish_rate(options.connection),
              .publish_rate_burst = options.publish_rate_burst} {
  shared_.channels.set_limit(options_.accept.channels_max);
  if (options_.auth.track_attempt_source)
    shared_.login_sources = std::make_unique<LoginSources>(options_.auth.attempt_sources_max);
  const std::size_t count = loop_count(options_.loops, std::thread::hardware_concurrency());
  for (std::size_t index = 0; index != count; ++index)
    loops_.push_back(std::make_unique<NodeLoop>(shared_, clock_, index));
  for (const auto& loop : loops_)
    loop->connect(loops_);
  std::vector<LoopPulse::Post> posts;
  for (const auto& loop : loops_)
    posts.push_back([&loop = *loop](std::function<void()> task) { loop.post(std::move(task)); });
  pulse_ = std::make_unique<LoopPulse>(std::move(posts));
  shared_.gate.watch([this] {
    for (const auto& loop : loops_)
      loop->heed_gate_from_any_thread();
  });
  monitor_ = std::make_unique<ResourceMonitor>(server::resource_limits(options_), shared_.gate,
                                               clock_, [this] { return look_around(); });

  Loop& accepting = this->accepting().loop();
  const auto refused = [this](const auth::Peer& peer, std::string_view why) {
    if (shared_.audit) shared_.audit->note_not_admitted(peer, why);
  };
  listener_ = std::make_unique<Listener>(
      accepting, shared_.admission, [this](const AcceptedSocket& socket) { take(socket, nullptr); },
      Listener::Settings{.proxy_protocol = options_.amqp.proxy_protocol, .refused = refused});
  if (!options_.unix_socket.path.empty())
    unix_listener_ = std::make_unique<Listener>(
        accepting, shared_.admission,
        [this](const AcceptedSocket& socket) { take(socket, nullptr); },
        Listener::Settings{.section = "listeners.unix", .refused = refused});
  if (!options_.amqps.enabled) return;
  certificates_ = std::make_unique<TlsCertificates>(clock_);
  tls_listener_ = std::make_unique<Listener>(
      accepting, shared_.admission,
      [this](AcceptedSocket socket) {
        socket.peer.encrypted = true;
        take(socket, certificates_->current());
      },
      Listener::Settings{"listeners.amqps", options_.amqps.handshakes_per_second_max,
                         options_.amqps.proxy_protocol, refused});
}

Node::Parts::~Parts() {
  stop();
  monitor_.reset();
  unix_listener_.reset();
  tls_listener_.reset();
  listener_.reset();
  // Connections before virtual hosts: a broker half that is still attached refers to its virtual
  // host.
  loops_.clear();
  // What the virtual hosts logged to.
  store_.reset();
}

Outcome Node::Parts::make_audit() {
  auto settings = audit_settings(options_);
  if (!settings) return Failure{FailureKind::kBadOptions, settings.error().message};
  if (!*settings) return {};
  std::function<void()> on_failure;
  if (options_.audit.on_failure == AuditFailureOption::kStop)
    on_failure = [] { std::_Exit(kFailedDiskExitCode); };
  shared_.audit =
      std::make_unique<AuditReporter>(*std::move(settings).value(), clock_, std::move(on_failure));
  return {};
}

Outcome Node::Parts::make_tracing() {
  if (!options_.tracing.enabled) return {};
  auto exporter = span_exporter(options_.tracing,
                                [this] { return directory_ ? directory_->uuid() : std::string(); });
  if (!exporter) return Failure{FailureKind::kBadOptions, exporter.error().message};
  shared_.tracer_limits = {options_.tracing.messages_max, options_.tracing.ratio};
  shared_.spans = std::move(exporter).value();
  return {};
}

// Not before the directory is locked: two nodes must not write one log.
Outcome Node::Parts::start_audit(const std::string& node) {
  if (!shared_.audit) return {};
  if (auto started = shared_.audit->start(node); !started)
    return Failure{FailureKind::kIoFailure, started.error().message};
  shared_.audit->note_node("node.start");
  return {};
}

Outcome Node::Parts::admit_users() {
  if (Outcome checked = Administration::check(options_); !checked) return checked;
  std::unique_ptr<auth::TokenRules> tokens;
  if (Outcome taken = take_tokens(tokens); !taken) return taken;
  auto authenticator = std::make_unique<auth::InternalAuthenticator>(
      std::make_unique<auth::UserDirectory>(), login_policy(options_.auth), std::move(tokens));
  authenticator_ = authenticator.get();
  administration_ = std::make_unique<Administration>(options_, shared_, loops_, *authenticator);
  authenticator->users().watch_password_forms([this](const auth::User& user) {
    administration_->note_password_form(user.name, user.password.text());
  });
  shared_.authenticator = std::move(authenticator);
  shared_.password_workers = std::make_unique<PasswordWorkers>(
      PasswordWorkers::Limits{options_.auth.hash_threads, options_.auth.hash_queue_max});
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
    if (auto loaded = certificates_->load(options_.amqps); !loaded)
      return Failure{FailureKind::kBadOptions, loaded.error().message};
  return open_listeners(options_.amqp.port, options_.amqps.port);
}

Outcome Node::Parts::open_listeners(std::uint16_t port, std::uint16_t tls_port) {
  const auto open = [](Listener& listener, const std::string& bind, std::uint16_t& bound) {
    auto listening = listener.open(bind, bound);
    if (!listening) return Outcome(Failure{FailureKind::kCannotListen, listening.error().message});
    bound = *listening;
    return Outcome();
  };
  if (!tls_listener_) tls_port = 0;
  if (Outcome opened = open(*listener_, options_.amqp.bind, port); !opened) return opened;
  if (tls_listener_)
    if (Outcome opened = open(*tls_listener_, options_.amqps.bind, tls_port); !opened)
      return opened;
  if (unix_listener_) {
    const auto& [path, mode] = options_.unix_socket;
    if (auto opened = unix_listener_->open_unix(path, mode); !opened)
      return Failure{FailureKind::kCannotListen, opened.error().message};
  }
  // Opened again they are the same, and others may be reading them.
  if (port_ != port) port_ = port;
  if (tls_port_ != tls_port) tls_port_ = tls_port;
  listener_->start();
  if (tls_listener_) tls_listener_->start();
  if (unix_listener_) unix_listener_->start();
  return {};
}

void Node::Parts::close_listeners() {
  accepting().run([this] {
    listener_->close();
    if (tls_listener_) tls_listener_->close();
    if (unix_listener_) unix_listener_->close();
  });
}

base::Status<> Node::Parts::open_again() {
  Outcome opened;
  accepting().run([&] { opened = open_listeners(port_, tls_port_); });
  if (opened) return base::Done{};
  close_listeners();
  return base::fail(opened.failure().message);
}

Outcome Node::Parts::start(const Recover& recover) {
  const auto file = read_configured_definitions(options_);
  if (!file.ok()) return Failure{FailureKind::kBadOptions, file.error().message};
  apply_pattern_limits(options_.patterns);
  if (Outcome made = make_audit(); !made) return made;
  if (Outcome made = make_tracing(); !made) return made;
  if (Outcome admitted = admit_users(); !admitted) return admitted;
  if (Outcome listening = listen(); !listening) return listening;
  monitor_->start();
  if (token_keys_ != nullptr) token_keys_->start();
  for (const auto& loop : loops_)
    loop->start();
  running_ = true;
  Outcome recovered = recover ? recover() : Outcome();
  if (recovered) recovered = options_.data_dir.empty() ? start_audit({}) : open_store();
  if (recovered) recovered = administration_->start(store_.get());
  if (recovered) {
    definitions_ = std::make_unique<DefinitionsTransfer>(*administration_, shared_.virtual_hosts,
                                                         loops_, store_ != nullptr);
    commands_ = std::make_unique<Commands>(shared_, loops_, options_);
    inspection_ = std::make_unique<Inspection>(shared_, loops_);
    if (*file) recovered = import_configured_definitions(*definitions_, options_, **file);
  }
  if (!recovered) {
    stop();
    return recovered;
  }
  if (shared_.spans) shared_.spans->start();
  shared_.ready.store(true, std::memory_order_release);
  return {};
}

Outcome Node::Parts::open_store() {
  // Counting the start takes a block, which a disk that is full to the last byte does not have.
  auto directory = journal::NodeDirectory::open(options_.data_dir, store::ReserveFile::kPath);
  if (!directory) return failure_of(directory.error());
  directory_ = std::move(directory).value();
  if (Outcome started = start_audit(directory_->uuid()); !started) return started;
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
  for (const auto& loop : loops_)
    loop->run([&] {
      loop->set_store(store_->loop(loop->index()));
      broker::Message::adopt_bytes(store_->message_bytes_of(loop->index()));
    });
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
// hosts. Which loop this is the checker cannot tell: it lets everybody in while the other loop's
// thread has not begun.
void Node::Parts::take(const AcceptedSocket& socket, std::shared_ptr<const TlsContext> tls) {
  const std::size_t count = loops_.size();
  const std::size_t index = count == 1 ? 0 : 1 + next_loop_++ % (count - 1);
  NodeLoop& loop = *loops_[index];
  if (&loop == &accepting()) return loop.io().add(socket, std::move(tls));
  loop.post([&loop, socket, tls = std::move(tls)] { loop.io().add(socket, tls); });
}

void Node::Parts::on_every_loop(const std::function<void(NodeLoop&)>& task) {
  for (const auto& loop : loops_) {
    NodeLoop& target = *loop;
    target.post([&target, task] { task(target); });
  }
}

base::Status<> Node::Parts::reload(const Options& options) {
  if (!running_) return base::Done();
  const auto file = read_configured_definitions(options);
  if (!file.ok()) {
    if (shared_.audit) shared_.audit->note_node("node.reload", file.error().message);
    return base::fail(file.error());
  }
  if (token_keys_ != nullptr) token_keys_->refresh();
  if (certificates_)
    if (auto loaded = certificates_->load(options.amqps); !loaded) {
      if (shared_.audit) shared_.audit->note_node("node.reload", loaded.error().message);
      return loaded;
    }
  apply_live_options({shared_, loops_, *authenticator_, *monitor_}, options_, options);
  if (tls_listener_) {
    accepting().post([this, rate = options.amqps.handshakes_per_second_max] {
      tls_listener_->set_rate_max(rate);
    });
  }
  if (shared_.audit) shared_.audit->note_node("node.reload");
  if (*file) {
    // What it has not taken stands in the log; the rest of the reload holds.
    const Outcome imported = import_configured_definitions(*definitions_, options, **file);
    if (!imported) base::log_warning("server", imported.failure().message);
  }
  return base::Done();
}

void Node::Parts::stop() {
  if (!std::exchange(running_, false)) return;
  constexpr std::chrono::seconds kDropTimeout{2};
  stopping_.store(true, std::memory_order_release);
  administration_->stop();
  if (shared_.audit) shared_.audit->note_node("node.stop");
  close_listeners();
  on_every_loop([](NodeLoop& loop) {
    loop.io().force_close({}, amqp::ReplyCode::kConnectionForced,
                          "broker forced connection closure with reason 'shutdown'");
  });
  using std::chrono::steady_clock;
  if (!shared_.admission.wait_until_none(steady_clock::now() + options_.shutdown_timeout)) {
    base::log_warning("server", "clients that did not close in time are cut off",
                      {{"connections", std::to_string(shared_.admission.connections())}});
    on_every_loop([](NodeLoop& loop) { loop.io().drop({}); });
    shared_.admission.wait_until_none(steady_clock::now() + kDropTimeout);
  }
  if (store_ && shared_.ready.load()) store_->checkpoint();
  monitor_->stop();
  // Its answers go to the loops.
  shared_.password_workers->stop();
  if (token_keys_ != nullptr) token_keys_->stop();
  pulse_->stop();
  for (const auto& loop : loops_)
    loop->stop();
  for (const auto& loop : loops_)
    loop->join();
  if (store_) store_->stop();
  if (shared_.spans) shared_.spans->stop();
  if (shared_.audit) shared_.audit->stop();
  port_ = tls_port_ = 0;
}

Node::Node(const Options& options, const base::Clock& clock)
    : parts_(std::make_unique<Parts>(options, clock)) {}
Node::~Node() = default;

Outcome Node::start(const Recover& recover) { return parts_->start(recover); }
std::uint16_t Node::port() const { return parts_->port_; }
std::uint16_t Node::tls_port() const { return parts_->tls_port_; }
base::Status<> Node::reload(const Options& options) { return parts_->reload(options); }
void Node::stop() { parts_->stop(); }
void Node::block_publishers(std::string reason) {
  parts_->shared_.gate.set_operator(std::move(reason));
}
std::vector<UserUsage> Node::users() const { return parts_->shared_.users.usage(); }
void Node::unblock_publishers() { parts_->shared_.gate.clear(HoldReason::kOperator); }

bool Node::ready() const { return parts_->shared_.ready.load(std::memory_order_acquire); }

bool Node::loops_answer() const {
  if (!ready()) return true;
  return parts_->pulse_->beats(parts_->clock_.now().monotonic);
}

bool Node::has_virtual_host(std::string_view name) const {
  return parts_->shared_.virtual_hosts.find(name).has_value();
}

const auth::Authenticator& Node::authenticator() const { return *parts_->shared_.authenticator; }
PasswordWorkers& Node::password_workers() { return *parts_->shared_.password_workers; }

void Node::note_login(const auth::Peer& peer, std::string_view mechanism, const std::string& user,
                      std::string_view reason) {
  if (parts_->shared_.audit) parts_->shared_.audit->note_login(peer, mechanism, user, reason);
}

LoginSources* Node::login_sources() const { return parts_->shared_.login_sources.get(); }

VirtualHostViews Node::virtual_hosts() const {
  const VirtualHostTable& table = parts_->shared_.virtual_hosts;
  VirtualHostViews views{table.keep(), {}, {}};
  if (!parts_->shared_.ready.load(std::memory_order_acquire)) return views;
  for (const auto& [name, place] : table.list())
    views.hosts.push_back(
        {place.host->host().name(), &place.host->host().counters(), place.tenant.get()});
  views.ended.push_back(&table.ended());
  for (const HostedVirtualHost* host : table.ending())
    views.ended.push_back(&host->host().counters());
  return views;
}
Administration& Node::administration() { return *parts_->administration_; }
DefinitionsTransfer& Node::definitions() { return *parts_->definitions_; }
Commands& Node::commands() { return *parts_->commands_; }
Inspection& Node::inspection() { return *parts_->inspection_; }
Maintenance& Node::maintenance() { return *parts_->maintenance_; }
bool Node::serving() const {
  return parts_->shared_.ready.load(std::memory_order_acquire) &&
         !parts_->stopping_.load(std::memory_order_acquire) &&
         !parts_->maintenance_->being_drained();
}

std::vector<LoopView> Node::loops() const {
  std::vector<LoopView> views;
  for (const auto& loop : parts_->loops_)
    views.push_back(
        {&loop->io().counters(), &loop->loop().turns(), &loop->io().input_pool().borrowed()});
  return views;
}

bool Node::loops_turn(std::chrono::milliseconds patience) const {
  return parts_->pulse_->beats_within(patience, parts_->clock_.now().monotonic);
}

std::optional<StoreView> Node::store() const {
  if (!parts_->shared_.ready.load(std::memory_order_acquire) || !parts_->store_) return {};
  store::Store& store = *parts_->store_;
  StoreView view = read_store(store, parts_->loops_.size());
  view.segment_bytes = parts_->options_.journal.segment_size;
  view.disk = &parts_->directory_->disk_counters();
  return view;
}

std::optional<LoginView> Node::logins() const {
  if (!parts_->shared_.ready.load(std::memory_order_acquire)) return {};
  const PasswordWorkers& workers = *parts_->shared_.password_workers;
  return LoginView{&parts_->authenticator_->counters(), workers.waiting(), workers.refused(),
                   parts_->token_keys_};
}

std::optional<TracingView> Node::tracing() const {
  const SpanExporter* spans = parts_->shared_.spans.get();
  if (spans == nullptr) return std::nullopt;
  return TracingView{&spans->counters(), spans->waiting()};
}
const audit::AuditCounters* Node::audit() const {
  return parts_->shared_.audit ? &parts_->shared_.audit->counters() : nullptr;
}
const ListenerCounters& Node::listener_counters() const { return parts_->listener_->counters(); }
const ListenerCounters* Node::tls_listener_counters() const {
  return parts_->tls_listener_ ? &parts_->tls_listener_->counters() : nullptr;
}
const ListenerCounters* Node::unix_listener_counters() const {
  return parts_->unix_listener_ ? &parts_->unix_listener_->counters() : nullptr;
}
std::optional<std::chrono::system_clock::time_point> Node::certificates_expire() const {
  const auto context = parts_->certificates_ ? parts_->certificates_->current() : nullptr;
  if (!context) return std::nullopt;
  return context->expires();
}
const PublisherGate& Node::gate() const { return parts_->shared_.gate; }
ResourceLimits Node::resource_limits() const { return parts_->monitor_->limits(); }
const ResourceGauges& Node::resource_gauges() const { return parts_->monitor_->gauges(); }
std::uint32_t Node::connections() const { return parts_->shared_.admission.connections(); }

}  // namespace harrier::server

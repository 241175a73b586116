// One broker node: its loops, virtual hosts, listener, and what they share.
//
// Role:   built from Options by app; the only class of this layer that others use. It decides on
//         which loop everything lives and moves nothing afterwards.
// Model:  made → start() → running → stop() → stopped. Everything shared between loops is immutable
//         once ready, synchronized (Admission, PublisherGate), or a counter.
// Thread: start(), stop() and the destructor: one thread at a time, none of the loops. The rest:
//         any.
// Errors: start() answers with a Failure when the listener cannot be opened or a user is
//         impossible; or with the failure of the recovery.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "audit/audit_log.h"
#include "auth/internal_authenticator.h"
#include "base/clock.h"
#include "base/result.h"
#include "broker/counters.h"
#include "harrier/options.h"
#include "harrier/result.h"
#include "server/counters.h"
#include "server/publisher_gate.h"
#include "server/resource_alarms.h"
#include "server/store_view.h"
#include "server/tenant.h"
#include "server/user_accounts.h"

namespace harrier::server {

class Administration;
class Commands;
class DefinitionsTransfer;
class Inspection;
class LoginSources;
class Maintenance;
class PasswordWorkers;

// What metrics may look at; valid while the node exists, a virtual host's as long as its views.
struct VirtualHostView {
  std::string_view name;
  const broker::VirtualHostCounters* counters;
  const Tenant* tenant;  // its limits, and whether it holds publishers
};
struct VirtualHostViews {
  std::shared_lock<std::shared_mutex> lock;  // holds up who deletes one: for a scrape's time
  std::vector<VirtualHostView> hosts;        // by name
  // To be added to every total, or it would fall with a virtual host: what those that are gone have
  // counted, and those whose end goes on.
  std::vector<const broker::VirtualHostCounters*> ended;
};
struct LoopView {
  const LoopCounters* counters;
  const base::Counter* turns;
  const base::Counter* input_bytes_borrowed;
};

struct SpanCounters;
class TokenKeyRefresher;

struct TracingView {
  const SpanCounters* counters;
  std::size_t waiting;  // for the collector
};

struct LoginView {
  const auth::LoginCounters* counters;
  std::size_t hashes_waiting;
  std::uint64_t hashes_refused;
  const TokenKeyRefresher* token_keys;  // nullptr if no tokens are taken
};

class Node {
 public:
  // REQUIRES that `clock` outlives the node.
  Node(const Options& options, const base::Clock& clock);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // What lies between listening and serving. Loops and listener run already, virtual hosts are to
  // be installed; until it returns, connection.open is answered with 320.
  using Recover = std::function<Outcome()>;

  Outcome start(const Recover& recover = {});
  // 0: not listening.
  std::uint16_t port() const;
  std::uint16_t tls_port() const;
  // Takes from `options` what may change while it runs (Server::reload()), and reads the TLS
  // listener's files again. A failure, which only those can be, changes nothing.
  base::Status<> reload(const Options& options);
  // Graceful, bounded by Options::shutdown_timeout; idempotent.
  void stop();

  void block_publishers(std::string reason);
  void unblock_publishers();

  // Whether start() has recovered everything: what refers to this may be called then.
  bool ready() const;
  // Whether every loop turns, or did a moment ago (LoopPulse); true before start().
  bool loops_answer() const;
  bool has_virtual_host(std::string_view name) const;
  // For logins that come by something other than AMQP. REQUIRES ready().
  const auth::Authenticator& authenticator() const;
  PasswordWorkers& password_workers();
  // How such a login ended, for the audit log; an empty reason: accepted.
  void note_login(const auth::Peer& peer, std::string_view mechanism, const std::string& user,
                  std::string_view reason);
  // nullptr if logins are not counted by where they come from.
  LoginSources* login_sources() const;

  // Who is connected or limited. Takes a lock: for scrapes.
  std::vector<UserUsage> users() const;

  // None before start() has recovered them.
  VirtualHostViews virtual_hosts() const;
  // REQUIRES a start() that went well.
  Administration& administration();
  // Likewise.
  DefinitionsTransfer& definitions();
  // Likewise. What calls it has ended before stop().
  Commands& commands();
  // Likewise.
  Inspection& inspection();
  // Likewise; but Maintenance::on_stop() before start().
  Maintenance& maintenance();
  // Whether clients can come: recovered, listening, and not drained. Any thread.
  bool serving() const;
  std::vector<LoopView> loops() const;
  // Whether each loop takes a turn within `patience`: false before start() and after stop(), too.
  // Waits; any thread but a loop's.
  bool loops_turn(std::chrono::milliseconds patience) const;
  // None without a data directory, or before start() has recovered it. Takes locks: for scrapes.
  std::optional<StoreView> store() const;
  // None before start() has recovered the virtual hosts. Takes a lock: for scrapes.
  std::optional<LoginView> logins() const;
  // None without tracing.
  std::optional<TracingView> tracing() const;
  // nullptr without an audit log.
  const audit::AuditCounters* audit() const;
  const ListenerCounters& listener_counters() const;
  // nullptr without a TLS listener.
  const ListenerCounters* tls_listener_counters() const;
  // nullptr without a Unix domain socket.
  const ListenerCounters* unix_listener_counters() const;
  // When the first of the certificates in use ends; none without a TLS listener.
  std::optional<std::chrono::system_clock::time_point> certificates_expire() const;
  const PublisherGate& gate() const;
  ResourceLimits resource_limits() const;
  const ResourceGauges& resource_gauges() const;
  std::uint32_t connections() const;

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace harrier::server

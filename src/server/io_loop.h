// The connections of one loop.
//
// Role:   owns them, lends them what they share (read buffer, output buffers, input credit, one
//         deadline heap) and, at the end of a turn, flushes those that were touched.
// Model:  connections: added → flushed in each turn that touched them → retired → destroyed when
//         asio has called the last handler.
// Thread: confined(io).
// Limits: input credit as in input_credit.h; output buffers kept for reuse: kSpareBuffers; held
//         connections that are read again at once: kReleasesPerFlush.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <tsl/robin_map.h>

#include "base/deadline_heap.h"
#include "base/intrusive_list.h"
#include "base/rate_window.h"
#include "broker/roster.h"
#include "server/connection.h"
#include "server/counted_authenticator.h"
#include "server/counters.h"
#include "server/input_credit.h"
#include "server/log_throttle.h"
#include "server/loop.h"
#include "server/shared.h"

namespace harrier::server {

class BrokerLoop;
class HandOver;
class TlsContext;

class IoLoop {
 public:
  // Output buffers kept for the next turn: as many as a fan-out to fifty clients fills in one, for
  // memory that was given back costs page faults when it is wanted again.
  static constexpr std::size_t kSpareBytes = 8 << 20;
  static constexpr std::size_t kSpareBufferMax = 256 << 10;
  // When the gate opens, thousands of clients have a full socket for us.
  static constexpr int kReleasesPerFlush = 16;

  // What a connection needs besides.
  struct Surroundings {
    Loop& loop;
    Shared& shared;
    BrokerLoop& broker;   // of the same loop
    HandOver& hand_over;  // to the others
    std::size_t index = 0;
    // Runs a task in a turn of the loop; any thread.
    std::function<void(std::function<void()>)> post = {};
  };

  explicit IoLoop(const Surroundings& surroundings);
  ~IoLoop();

  // Takes over an admitted socket, on which the client first begins TLS if there is a context.
  void add(const AcceptedSocket& socket, std::shared_ptr<const TlsContext> tls = {});
  Connection* find(broker::ConnectionId id);
  // Which loop has a connection of that number.
  static std::size_t loop_of(broker::ConnectionId id) { return id.value & 0xff; }
  // All of them, for who lists them in pieces; who comes and goes: see roster.h.
  const broker::Roster<Connection>& roster() const { return roster_; }
  // Connections opened and closed, per second.
  std::array<double, 2> churn_rates();
  std::size_t size() const { return connections_.size(); }
  // Of all connections; walks over them.
  std::size_t buffer_bytes();

  // Writes out everything that was touched, settles what to wait for, destroys what is gone.
  void flush();
  // Whether flush() has something to do.
  bool has_work() const {
    return !dirty_.empty() || reapable_ || (!held_.empty() && !gate().closed());
  }
  base::MonotonicTime next_deadline() const { return deadlines_.next_deadline(); }
  void handle_deadlines();

  // For the connections that begin from now on. On the loop.
  void set_connection_limits(std::shared_ptr<const session::ConnectionLimits> limits);

  // Answers how many were told.
  std::uint64_t force_close(const ConnectionFilter& filter, amqp::ReplyCode code,
                            const std::string& text);
  void drop(const ConnectionFilter& filter);
  // Whether a connection is in that virtual host.
  bool serves(std::string_view virtual_host) const;
  // The gate has changed: who publishes is told, if there is something to tell. Whom it holds is
  // released by flush().
  void heed_gate();
  // A virtual host has room again: whom it held looks.
  void heed_quota();
  // Limits of rates have changed: who waits looks whether it must.
  void heed_rates();

  // For Connection.
  Loop& loop() { return around_.loop; }
  Shared& shared() { return around_.shared; }
  const PublisherGate& gate() const { return around_.shared.gate; }
  // What held connections are told, if they are told anything.
  const std::optional<std::string>& notice() const { return notice_; }
  BrokerLoop& broker() { return around_.broker; }
  HandOver& hand_over() { return around_.hand_over; }
  std::size_t index() const { return around_.index; }
  void post_from_any_thread(std::function<void()> task) { around_.post(std::move(task)); }
  LoopCounters& counters() { return counters_; }
  const std::shared_ptr<const session::ConnectionLimits>& connection_limits() const {
    return connection_limits_;
  }
  auth::Authenticator& authenticator() { return authenticator_; }
  InputPool& input_pool() { return input_pool_; }
  session::PublishView& publish_view() { return publish_view_; }
  // What streams of this loop put their records into, empty between two calls.
  base::Buffer& tls_records() { return tls_records_; }
  void log_tls_failure(const std::string& peer, const std::string& why);
  void log_refused_header(const std::string& proxy, const std::string& why);
  void log_refused_client(const std::string& peer, std::string_view why);
  char* read_buffer() { return read_buffer_.get(); }
  void mark_dirty(Connection& connection) { dirty_.push_back(&connection); }
  void arm_deadline(Connection& connection, base::MonotonicTime when) {
    deadlines_.arm(connection.deadline(), &connection, when);
  }
  void disarm_deadline(Connection& connection) {
    deadlines_.disarm(connection.deadline(), &connection);
  }
  // `connection` is not read until the gate opens and its release() is called.
  void hold(Connection& connection) { held_.push_back(connection); }
  // Likewise until heed_quota() wakes it.
  void hold_for_quota(broker::ConnectionId id) { held_by_quota_.insert(id); }
  void forget_held_for_quota(broker::ConnectionId id) { held_by_quota_.erase(id); }
  // A connection is closed for good.
  void note_closed();
  // `connection` has closed its socket.
  void retire(Connection& connection) { retired_.push_back(&connection); }
  // A handler that named a retired connection has run.
  void look_at_retired() { reapable_ = true; }
  // An output buffer with room, or an empty one; and back.
  base::Buffer lend_buffer();
  void take_back(base::Buffer buffer);
  // Lets connections that wait for input credit try again.
  void resume_waiting();

 private:
  void release_held();
  void reap();
  std::array<std::uint64_t, 2> churn() const;

  Surroundings around_;
  LoopCounters counters_;
  std::shared_ptr<const session::ConnectionLimits> connection_limits_;
  CountedAuthenticator authenticator_;
  InputPool input_pool_;
  base::DeadlineHeap<Connection*> deadlines_;
  std::unique_ptr<char[]> read_buffer_;
  session::PublishView publish_view_;
  std::vector<base::Buffer> spare_buffers_;
  std::size_t spare_bytes_ = 0;
  base::Buffer tls_records_;
  LogThrottle tls_log_;
  LogThrottle proxy_log_;
  std::vector<Connection*> dirty_;
  std::vector<Connection*> flushing_;
  std::vector<Connection*> retired_;
  bool reapable_ = false;
  std::uint64_t connection_sequence_ = 0;
  std::optional<std::string> notice_;
  // In the order in which they were held.
  base::IntrusiveList<Connection> held_;
  std::set<broker::ConnectionId> held_by_quota_;
  std::optional<base::RateWindow<2>> churn_window_;
  broker::Roster<Connection> roster_;
  tsl::robin_map<broker::ConnectionId, std::unique_ptr<Connection>> connections_;
};

}  // namespace harrier::server

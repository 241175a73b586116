// A virtual host together with what its loop keeps for it.
//
// Model:  outside a turn → touch(): begin_turn() → calls → end(): commits, end_turn() → outside. A
//         turn of the loop opens the turns of those virtual hosts only that it touches.
// Thread: confined(broker); counters through host() from any thread.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/random.h"
#include "base/rate_window.h"
#include "broker/changes.h"
#include "broker/message_counts.h"
#include "broker/roster.h"
#include "broker/virtual_host.h"
#include "server/tenant.h"
#include "session/broker_session.h"

namespace harrier::server {

class HostedVirtualHost {
 public:
  // A session's place among those in the virtual host, for as long as it lives.
  class Seat {
   public:
    Seat(HostedVirtualHost& host, session::BrokerSession& session)
        : host_(host), session_(session) {
      host_.sessions_.add(session);
    }
    ~Seat() { host_.sessions_.remove(session_); }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;

   private:
    HostedVirtualHost& host_;
    session::BrokerSession& session_;
  };

  // `log` outlives it; without one nothing is kept: every change counts as committed at once.
  HostedVirtualHost(std::string name, const broker::VirtualHostLimits& limits,
                    broker::AccessControlRef access, broker::ChangeLog* log = nullptr,
                    broker::QueueId first_queue = {})
      : log_(log != nullptr ? *log : volatile_log_),
        host_(std::move(name), limits, log_, random_, std::move(access), first_queue),
        told_(log_.committed()) {}

  broker::VirtualHost& host() { return host_; }
  const broker::VirtualHost& host() const { return host_; }

  // Of connections on any loop; for who lists them in pieces: see roster.h.
  const broker::Roster<session::BrokerSession>& sessions() const { return sessions_; }

  // What has been counted since it was made here, in this order: broker::MessageEvent, then these.
  enum Total : std::size_t {
    kReady = broker::kMessageEvents,
    kUnacked,
    kChannelsOpened,
    kChannelsClosed,
    kQueuesDeclared,
    kQueuesCreated,
    kQueuesDeleted,
    kOctetsReceived,
    kOctetsSent,
    kTotals,
  };
  using Window = base::RateWindow<kTotals>;
  Window::Totals totals() const;
  // Inside a turn: per second.
  Window::Rates rates() const { return window_->rates(totals(), host_.now().monotonic); }

  // Is told at the end of turns whether publishers are to be held.
  void set_tenant(std::shared_ptr<Tenant> tenant) { tenant_ = std::move(tenant); }

  bool in_turn() const { return in_turn_; }
  // Whether it asked for another turn soon.
  bool has_work() const { return has_work_; }

  void begin(base::Now now) {
    in_turn_ = true;
    has_work_ = false;
    if (!window_) {
      window_.emplace(totals(), now.monotonic);
    } else if (window_->wants_look(now.monotonic)) {
      window_->look(totals(), now.monotonic);
    }
    host_.begin_turn(now);
  }
  void end() {
    tell_committed();
    has_work_ = host_.end_turn() || log_.committed() != told_;
    if (tenant_) {
      tenant_->set_held(host_.quota().held());
      tenant_->set_refuses(host_.quota().refuses());
    }
    in_turn_ = false;
  }

 private:
  void tell_committed() {
    host_.settle_down();
    while (log_.committed() != told_) {
      told_ = log_.committed();
      host_.committed(told_);
    }
  }

  broker::VolatileChangeLog volatile_log_;
  broker::ChangeLog& log_;
  base::SecureRandom random_;
  broker::VirtualHost host_;
  broker::Lsn told_;
  std::shared_ptr<Tenant> tenant_;
  std::optional<Window> window_;  // from the first turn on
  broker::Roster<session::BrokerSession> sessions_;
  bool in_turn_ = false;
  bool has_work_ = false;
};

}  // namespace harrier::server

// A virtual host together with what its loop keeps for it.
//
// Model:  outside a turn → touch(): begin_turn() → calls → end(): commits, end_turn() → outside. A
//         turn of the loop opens the turns of those virtual hosts only that it touches.
// Thread: confined(broker); counters through host() from any thread.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/random.h"
#include "broker/changes.h"
#include "broker/virtual_host.h"
#include "server/tenant.h"

namespace harrier::server {

class HostedVirtualHost {
 public:
  // `log` outlives it; without one nothing is kept: every change counts as committed at once.
  HostedVirtualHost(std::string name, const broker::VirtualHostLimits& limits,
                    broker::AccessControlRef access, broker::ChangeLog* log = nullptr,
                    broker::QueueId first_queue = {})
      : log_(log != nullptr ? *log : volatile_log_),
        host_(std::move(name), limits, log_, random_, std::move(access), first_queue),
        told_(log_.committed()) {}

  broker::VirtualHost& host() { return host_; }
  const broker::VirtualHost& host() const { return host_; }

  // Is told at the end of turns whether publishers are to be held.
  void set_tenant(std::shared_ptr<Tenant> tenant) { tenant_ = std::move(tenant); }

  bool in_turn() const { return in_turn_; }
  // Whether it asked for another turn soon.
  bool has_work() const { return has_work_; }

  void begin(base::Now now) {
    in_turn_ = true;
    has_work_ = false;
    host_.begin_turn(now);
  }
  void end() {
    tell_committed();
    has_work_ = host_.end_turn() || log_.committed() != told_;
    if (tenant_) tenant_->set_held(host_.quota().held());
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
  bool in_turn_ = false;
  bool has_work_ = false;
};

}  // namespace harrier::server

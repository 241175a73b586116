#include "server/broker_loop.h"

#include <algorithm>

#include "base/check.h"

namespace harrier::server {

HostedVirtualHost& BrokerLoop::add(std::unique_ptr<HostedVirtualHost> host) {
  hosts_.push_back(std::move(host));
  by_name_.emplace(hosts_.back()->host().name(), hosts_.back().get());
  return *hosts_.back();
}

void BrokerLoop::remove(HostedVirtualHost& host) {
  end_turns();
  by_name_.erase(host.host().name());
  std::erase_if(hosts_, [&](const auto& each) { return each.get() == &host; });
}

HostedVirtualHost* BrokerLoop::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

void BrokerLoop::begin(HostedVirtualHost& host) {
  DCHECK(loop_.checker().on_loop());
  host.begin(loop_.now());
  touched_.push_back(&host);
}

void BrokerLoop::end_turns() {
  for (HostedVirtualHost* host : touched_) {
    host->end();
    has_work_ = has_work_ || host->has_work();
  }
  touched_.clear();
}

// Asked once a turn. Few virtual hosts share a loop in practice; ten thousand would want a heap
// here.
base::MonotonicTime BrokerLoop::next_deadline() const {
  if (has_work_) return base::MonotonicTime::min();
  base::MonotonicTime earliest = base::kNever;
  for (const auto& host : hosts_)
    earliest = std::min(earliest, host->host().next_deadline());
  return earliest;
}

void BrokerLoop::handle_deadlines() {
  const base::MonotonicTime now = loop_.now().monotonic;
  has_work_ = false;
  for (const auto& host : hosts_) {
    if (!host->has_work() && host->host().next_deadline() > now) continue;
    touch(*host);
    host->host().handle_deadlines();
  }
}

}  // namespace harrier::server

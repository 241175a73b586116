// Where each virtual host lives, by name.
//
// Role:   asked once per connection.open and by scrapes; Node fills it at the start, Administration
//         changes it while the node runs.
// Thread: synchronized by mutex_; lives_ is taken before it and never by a loop.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/counters.h"

namespace harrier::server {

class HostedVirtualHost;
class Tenant;

// Only `loop` follows `host`, which lives until every connection to it is gone.
struct VirtualHostPlace {
  std::size_t loop = 0;
  HostedVirtualHost* host = nullptr;
  std::shared_ptr<Tenant> tenant = {};
  // Of the journal, for who waits until a change is on disk.
  std::size_t shard = 0;
};

class VirtualHostTable {
 public:
  std::optional<VirtualHostPlace> find(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto entry = places_.find(name);
    if (entry == places_.end()) return std::nullopt;
    return entry->second;
  }
  void insert(const std::string& name, const VirtualHostPlace& place) {
    const std::lock_guard lock(mutex_);
    places_.insert_or_assign(name, place);
  }
  // Its end begins: nobody finds it any more.
  void erase(std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto entry = places_.find(name);
    if (entry == places_.end()) return;
    ending_.push_back(entry->second.host);
    places_.erase(entry);
  }
  // Inside end_lives(), before it is destroyed: what it has counted stays in ended().
  void end(HostedVirtualHost& host);
  // Those whose end goes on.
  std::vector<HostedVirtualHost*> ending() const {
    const std::lock_guard lock(mutex_);
    return ending_;
  }
  // The totals of all that have ended.
  const broker::VirtualHostCounters& ended() const { return ended_; }
  // While somebody holds it, every host that list() named lives; whoever destroys one waits.
  std::shared_lock<std::shared_mutex> keep() const { return std::shared_lock(lives_); }
  // Around the destruction of a host that was erased.
  std::unique_lock<std::shared_mutex> end_lives() { return std::unique_lock(lives_); }
  // By name.
  std::vector<std::pair<std::string, VirtualHostPlace>> list() const {
    const std::lock_guard lock(mutex_);
    return {places_.begin(), places_.end()};
  }

 private:
  mutable std::mutex mutex_;
  mutable std::shared_mutex lives_;
  std::map<std::string, VirtualHostPlace, std::less<>> places_;
  std::vector<HostedVirtualHost*> ending_;
  broker::VirtualHostCounters ended_;  // written inside end_lives() only
};

}  // namespace harrier::server

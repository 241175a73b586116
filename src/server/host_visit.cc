#include "server/host_visit.h"

#include <utility>

namespace harrier::server {

HostVisit::HostVisit(VirtualHostTable& hosts, const VirtualHosts::Loops& loops, std::string name)
    : hosts_(hosts), loops_(loops), name_(std::move(name)), place_(hosts_.find(name_)) {}

bool HostVisit::run(const std::function<void(broker::VirtualHost&)>& task) {
  if (!found()) return false;
  const auto lives = hosts_.keep();
  const auto now = hosts_.find(name_);
  // The tenant is shared with us: no other is at its address.
  if (!now || now->tenant != place_->tenant) return false;
  loop().run([&] {
    loop().broker().touch(*place_->host);
    broker::VirtualHost& host = place_->host->host();
    task(host);
    host.settle_down();
  });
  return true;
}

bool HostVisit::wait_until_durable() {
  NodeLoop& own = loop();
  return own.store() == nullptr || own.wait_for_commit(place_->shard);
}

}  // namespace harrier::server

#include "server/virtual_host_table.h"

#include "server/hosted_virtual_host.h"

namespace harrier::server {

void VirtualHostTable::end(HostedVirtualHost& host) {
  const std::lock_guard lock(mutex_);
  ended_.add_totals(host.host().counters());
  std::erase(ending_, &host);
}

}  // namespace harrier::server

#include "server/hosted_virtual_host.h"

#include <algorithm>

namespace harrier::server {

HostedVirtualHost::Window::Totals HostedVirtualHost::totals() const {
  const broker::VirtualHostCounters& counters = host_.counters();
  Window::Totals totals{};
  const broker::MessageTotals messages = counters.message_totals();
  std::copy(messages.begin(), messages.end(), totals.begin());
  totals[kReady] = counters.ready.value();
  totals[kUnacked] = counters.unacked.value();
  totals[kChannelsOpened] = counters.channels_opened.value();
  totals[kChannelsClosed] = counters.channels_closed.value();
  totals[kQueuesDeclared] = counters.queues_declared.value();
  totals[kQueuesCreated] = counters.queues_created.value();
  totals[kQueuesDeleted] = counters.queues_deleted.value();
  totals[kOctetsReceived] = tenant_ ? tenant_->octets_received() : 0;
  totals[kOctetsSent] = tenant_ ? tenant_->octets_sent() : 0;
  return totals;
}

}  // namespace harrier::server

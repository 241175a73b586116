// Inspection: totals and rates of virtual hosts and of the node.
#include <algorithm>
#include <utility>

#include "server/inspection.h"
#include "server/inspection_slice.h"
#include "server/view_copies.h"

namespace harrier::server {
namespace {

using Total = HostedVirtualHost::Total;

struct HostReading {
  HostedVirtualHost::Window::Totals totals{};
  HostedVirtualHost::Window::Rates rates{};

  Measured measured(Total total) const { return {totals[total], rates[total]}; }
  Level level(Total total) const { return {totals[total], rates[total]}; }
  MessageStatistics statistics() const {
    broker::MessageCounts counts;
    std::copy_n(totals.begin(), counts.totals.size(), counts.totals.begin());
    std::copy_n(rates.begin(), counts.rates.size(), counts.rates.begin());
    return statistics_of(counts);
  }
};

void take_levels(const broker::VirtualHostCounters& counters, auto& into) {
  into.connections += counters.connections.value();
  into.channels += counters.channels.value();
  into.consumers += counters.consumers.value();
  into.queues += counters.queues.value();
  // The default exchange is nowhere but in lists.
  into.exchanges += counters.exchanges.value() + 1;
}

}  // namespace

std::vector<VirtualHostStatistics> Inspection::virtual_hosts() const {
  std::vector<VirtualHostStatistics> hosts;
  for (const std::string& name : names({})) {
    on_host(name, [&](NodeLoop&, HostedVirtualHost& host) {
      const HostReading reading{host.totals(), host.rates()};
      VirtualHostStatistics& view = hosts.emplace_back();
      view.name = name;
      view.ready = reading.level(Total::kReady);
      view.unacked = reading.level(Total::kUnacked);
      view.statistics = reading.statistics();
      view.received_octets = reading.measured(Total::kOctetsReceived);
      view.sent_octets = reading.measured(Total::kOctetsSent);
      take_levels(host.host().counters(), view);
    });
  }
  return hosts;
}

NodeStatistics Inspection::node() const {
  NodeStatistics node;
  HostReading all;
  for (const std::string& name : names({})) {
    on_host(name, [&](NodeLoop&, HostedVirtualHost& host) {
      const HostReading reading{host.totals(), host.rates()};
      for (std::size_t i = 0; i != all.totals.size(); ++i) {
        all.totals[i] += reading.totals[i];
        all.rates[i] += reading.rates[i];
      }
      take_levels(host.host().counters(), node);
    });
  }
  node.ready = all.level(Total::kReady);
  node.unacked = all.level(Total::kUnacked);
  {
    const auto lives = shared_.virtual_hosts.keep();
    const auto add = [&](const broker::VirtualHostCounters& gone) {
      const broker::MessageTotals messages = gone.message_totals();
      for (std::size_t i = 0; i != messages.size(); ++i)
        all.totals[i] += messages[i];
      all.totals[Total::kChannelsOpened] += gone.channels_opened.value();
      all.totals[Total::kChannelsClosed] += gone.channels_closed.value();
      all.totals[Total::kQueuesDeclared] += gone.queues_declared.value();
      all.totals[Total::kQueuesCreated] += gone.queues_created.value();
      all.totals[Total::kQueuesDeleted] += gone.queues_deleted.value();
    };
    add(shared_.virtual_hosts.ended());
    for (const HostedVirtualHost* host : shared_.virtual_hosts.ending())
      add(host->host().counters());
  }
  node.statistics = all.statistics();
  node.churn.channels_created = all.measured(Total::kChannelsOpened);
  node.churn.channels_closed = all.measured(Total::kChannelsClosed);
  node.churn.queues_declared = all.measured(Total::kQueuesDeclared);
  node.churn.queues_created = all.measured(Total::kQueuesCreated);
  node.churn.queues_deleted = all.measured(Total::kQueuesDeleted);
  for (const auto& loop : loops_) {
    loop->run([&] {
      const std::array<double, 2> rates = loop->io().churn_rates();
      node.churn.connections_created.rate += rates[0];
      node.churn.connections_closed.rate += rates[1];
    });
    const LoopCounters& counters = loop->io().counters();
    node.churn.connections_created.total += counters.connections_opened.value();
    node.churn.connections_closed.total += counters.connections_closed.value();
  }
  return node;
}

}  // namespace harrier::server

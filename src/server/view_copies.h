// How views are copied from what they show, on its loop.
//
// Role:   Inspection's slices call these.
// Thread: pure functions, on the loop of what they are given, in a turn of its virtual host.
#pragma once

#include "server/binding_view.h"
#include "server/channel_view.h"
#include "server/connection_view.h"
#include "server/consumer_view.h"
#include "server/exchange_view.h"
#include "server/hosted_virtual_host.h"
#include "server/queue_view.h"

namespace harrier::session {
class Channel;
}

namespace harrier::server {

MessageStatistics statistics_of(const broker::MessageCounts& counts);
QueueView queue_view(HostedVirtualHost& host, broker::Queue& queue, const QueueParts& parts);
ExchangeView exchange_view(HostedVirtualHost& host, const broker::Exchange& exchange);
ExchangeView default_exchange_view(HostedVirtualHost& host);
BindingView binding_view(const HostedVirtualHost& host, const broker::Binding& binding);
BindingView default_binding_view(const HostedVirtualHost& host, const broker::Queue& queue);
ChannelView channel_view(const HostedVirtualHost& host, const session::BrokerSession& session,
                         const session::Channel& channel);
ConsumerView consumer_view(const HostedVirtualHost& host, const session::BrokerSession& session,
                           const session::Channel& channel, const broker::Consumer& consumer);

}  // namespace harrier::server

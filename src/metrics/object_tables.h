// The families that have a series for each object, by kind of object.
//
// Role:   ObjectPage walks the objects and fills an ObjectTable with these; the reference lists
//         them.
// Thread: immutable.
#pragma once

#include "metrics/object_family.h"
#include "server/channel_view.h"
#include "server/connection_view.h"
#include "server/exchange_view.h"
#include "server/login_sources.h"
#include "server/node.h"
#include "server/queue_view.h"

namespace harrier::metrics {

// What they have in /metrics/detailed besides RabbitMQ's groups.
inline constexpr char kQueueFateGroup[] = "harriermq_queue_metrics";
inline constexpr char kQueueLatencyGroup[] = "harriermq_queue_latency_metrics";
inline constexpr char kVirtualHostGroup[] = "harriermq_vhost_metrics";
inline constexpr char kUserGroup[] = "harriermq_user_metrics";

// An exchange and how many bindings begin there.
struct BoundExchange {
  const server::ExchangeView& exchange;
  std::uint64_t bindings = 0;
};

ObjectFamilyGroup<server::QueueView> queue_object_families();
ObjectFamilyGroup<BoundExchange> exchange_object_families();
// Of exchanges, with their type.
ObjectFamilyGroup<BoundExchange> topology_object_families();
ObjectFamilyGroup<server::ChannelView> channel_object_families();
ObjectFamilyGroup<server::ConnectionView> connection_object_families();
ObjectFamilyGroup<server::VirtualHostView> virtual_host_object_families();
ObjectFamilyGroup<server::UserUsage> user_object_families();
ObjectFamilyGroup<server::LoginSource> login_object_families();

}  // namespace harrier::metrics

// Views of what lives in a running node: queues, exchanges, bindings, consumers, channels,
// connections, and their statistics.
//
// Role:   what management and per-object metrics read; Node::inspection() has it.
// Model:  a walk posts tasks to the loops one after another and gives what each slice copied to a
//         callback on the caller's thread, before the next slice. Between slices anything may come
//         or go: who was there all the time is seen once, who came or left meanwhile may be missing
//         or, if it left and came again under its name, be seen twice.
//         Order: as it comes; a caller who needs another sorts.
// Thread: any that is no loop's, several at a time, while the loops run.
// Errors: none. A virtual host that does not exist has nothing in it.
// Limits: a slice holds its loop for kSlice and one object more, and copies kSliceObjects at most;
//         a callback's batch is one slice's. An object costs microseconds, but for a queue's
//         consumers (QueueParts::ages) and a connection's table of client properties.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/binding_view.h"
#include "server/channel_view.h"
#include "server/connection_view.h"
#include "server/consumer_view.h"
#include "server/exchange_view.h"
#include "server/queue_view.h"
#include "server/virtual_host_statistics.h"
#include "server/virtual_hosts.h"

namespace harrier::server {

class Inspection {
 public:
  static constexpr std::chrono::microseconds kSlice{500};
  static constexpr std::size_t kSliceObjects = 1'000;

  // Takes one slice's objects; what it moves out of the vector is its own. False ends the walk.
  template <class View>
  using Take = std::function<bool(std::vector<View>& batch)>;
  // Which virtual host; nothing: all of them.
  using Where = std::optional<std::string>;

  // REQUIRES that both outlive it.
  Inspection(Shared& shared, const VirtualHosts::Loops& loops) : shared_(shared), loops_(loops) {}

  // ---- queues
  void queues(const Where& where, const QueueParts& parts, const Take<QueueView>& take) const;
  // Those of these names that are there, in slices; for a page of a list. In their order.
  struct QueueName {
    std::string virtual_host;
    std::string name;
  };
  std::vector<QueueView> queues_named(const std::vector<QueueName>& names,
                                      const QueueParts& parts) const;
  std::optional<QueueView> queue(std::string_view virtual_host, std::string_view name,
                                 const QueueParts& parts) const;

  // ---- exchanges and bindings
  void exchanges(const Where& where, const Take<ExchangeView>& take) const;
  std::optional<ExchangeView> exchange(std::string_view virtual_host, std::string_view name) const;
  // With those of the default exchange.
  void bindings(const Where& where, const Take<BindingView>& take) const;
  // Those that lead to a queue or exchange.
  void bindings_to(std::string_view virtual_host, broker::RoutingTarget::Kind kind,
                   std::string_view destination, const Take<BindingView>& take) const;
  // Those that come from an exchange. Looks at every binding of the virtual host.
  void bindings_from(std::string_view virtual_host, std::string_view source,
                     const Take<BindingView>& take) const;

  // ---- consumers
  void consumers(const Where& where, const Take<ConsumerView>& take) const;
  // From the youngest to the oldest.
  void consumers_of(std::string_view virtual_host, std::string_view queue,
                    const Take<ConsumerView>& take) const;

  // ---- channels. Those that only give back what they held are not listed.
  void channels(const Where& where, const Take<ChannelView>& take) const;
  void channels_of(const ConnectionKey& connection, const Take<ChannelView>& take) const;
  std::optional<ChannelView> channel(const ChannelKey& key) const;
  // By RabbitMQ's name. Looks at the connections until it is found.
  std::optional<ChannelView> channel(std::string_view name) const;

  // ---- connections. With a virtual host: those that are open in it.
  void connections(const Where& where, const Take<ConnectionView>& take) const;
  std::optional<ConnectionView> connection(const ConnectionKey& key) const;
  // All that have this name now, nearly always one: for who looks one up or closes it. Looks at
  // every connection.
  std::vector<ConnectionKey> connections_named(std::string_view name) const;

  // ---- statistics. Each virtual host's loop is asked, and each loop: cheap, but not for thousands
  // of virtual hosts.
  std::vector<VirtualHostStatistics> virtual_hosts() const;  // by name
  NodeStatistics node() const;

 private:
  using OnHost = std::function<void(NodeLoop& loop, HostedVirtualHost& host)>;

  // Runs `task` on the virtual host's loop, in a turn of its, and waits. False: there is none.
  bool on_host(std::string_view virtual_host, const OnHost& task) const;
  std::vector<std::string> names(const Where& where) const;
  template <class View, class Visit>
  void each_target(const Where& where, const Take<View>& take, Visit&& visit) const;
  template <class Walk>
  void each_binding(std::string_view virtual_host, Walk& walk, const Take<BindingView>& take,
                    bool& stopped) const;
  // False: `take` has had enough.
  template <class View, class Walk, class Visit>
  bool each_channel(std::string_view virtual_host, Walk& walk, const Take<View>& take,
                    Visit&& visit) const;
  template <class Visit>
  void each_connection(Visit&& visit) const;
  void complete(std::vector<ConnectionView>& batch) const;
  // Empty: there is no such connection, or it is not open.
  std::string virtual_host_of(const ConnectionKey& key) const;

  Shared& shared_;
  const VirtualHosts::Loops& loops_;
};

}  // namespace harrier::server

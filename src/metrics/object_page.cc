#include "metrics/object_page.h"

#include <utility>
#include <vector>

namespace harrier::metrics {
ObjectPage::ObjectPage(server::Node& node, Selection selection, std::string head, Finished finished)
    : node_(node),
      selection_(std::move(selection)),
      finished_(std::move(finished)),
      head_(std::move(head)) {}

ObjectPage::Next ObjectPage::next(std::string& chunk) {
  const std::size_t before = chunk.size();
  const Next next = add(chunk);
  bytes_ += chunk.size() - before;
  if (next == Next::kEnd) finished_(bytes_);
  return next;
}

ObjectPage::Next ObjectPage::add(std::string& chunk) {
  if (stage_ == Stage::kHead) chunk += std::exchange(head_, {});
  while (chunk.size() < kChunk) {
    const bool more = std::visit(
        [&chunk](auto& table) {
          if constexpr (std::is_same_v<std::decay_t<decltype(table)>, std::monostate>) {
            return false;
          } else {
            return table->write(chunk, kChunk);
          }
        },
        table_);
    if (more) break;
    if (stage_ == Stage::kDone) return Next::kEnd;
    stage_ = static_cast<Stage>(static_cast<std::uint8_t>(stage_) + 1);
    table_ = table_of(stage_);
  }
  return Next::kMore;
}

ObjectPage::AnyTable ObjectPage::table_of(Stage stage) const {
  switch (stage) {
    case Stage::kQueues: return queues();
    case Stage::kExchanges: return exchanges(exchange_object_families());
    case Stage::kTopology: return exchanges(topology_object_families());
    case Stage::kChannels: return channels();
    case Stage::kConnections: return connections();
    case Stage::kVirtualHosts: return virtual_hosts();
    case Stage::kUsers: return users();
    case Stage::kLogins: return logins();
    case Stage::kHead:
    case Stage::kDone: break;
  }
  return std::monostate{};
}

ObjectPage::Table<server::QueueView> ObjectPage::queues() const {
  auto table = std::make_unique<ObjectTable<server::QueueView>>(queue_object_families().families,
                                                                selection_);
  if (!table->wanted()) return table;
  server::QueueParts parts;
  parts.statistics = selection_.wants(kQueueFateGroup) ||
                     selection_.wants("queue_delivery_metrics") ||
                     selection_.wants("queue_exchange_metrics");
  parts.ages = selection_.wants(kQueueFateGroup);
  parts.distributions = selection_.wants(kQueueLatencyGroup);
  const auto take = [this, &table](std::vector<server::QueueView>& batch) {
    for (const server::QueueView& queue : batch)
      if (selection_.wants_virtual_host(queue.virtual_host) && selection_.wants_queue(queue.name))
        table->add(label_text({{"vhost", queue.virtual_host}, {"queue", queue.name}}), queue);
    return true;
  };
  // Virtual hosts that are named are walked alone.
  if (selection_.virtual_hosts.empty()) node_.inspection().queues({}, parts, take);
  for (const std::string& host : selection_.virtual_hosts)
    node_.inspection().queues(host, parts, take);
  return table;
}

std::map<std::pair<std::string, std::string>, std::uint64_t> ObjectPage::bindings() const {
  std::map<std::pair<std::string, std::string>, std::uint64_t> counts;
  node_.inspection().bindings({}, [&counts](std::vector<server::BindingView>& batch) {
    for (server::BindingView& binding : batch)
      ++counts[{std::move(binding.virtual_host), std::move(binding.source)}];
    return true;
  });
  return counts;
}

ObjectPage::Table<BoundExchange> ObjectPage::exchanges(
    const ObjectFamilyGroup<BoundExchange>& group) const {
  auto table = std::make_unique<ObjectTable<BoundExchange>>(group.families, selection_);
  if (!table->wanted()) return table;
  // Only the topology has a type and counts bindings: nothing else pays for them.
  const bool topology = std::string_view(group.labels).ends_with("type");
  std::map<std::pair<std::string, std::string>, std::uint64_t> counts;
  if (topology && selection_.wants("exchange_bindings")) counts = bindings();
  node_.inspection().exchanges({}, [&](std::vector<server::ExchangeView>& batch) {
    for (const server::ExchangeView& exchange : batch) {
      // RabbitMQ's topology leaves the default exchange out.
      if (!selection_.wants_virtual_host(exchange.virtual_host)) continue;
      if (topology && exchange.name.empty()) continue;
      const auto found = counts.find({exchange.virtual_host, exchange.name});
      const BoundExchange bound{exchange, found == counts.end() ? 0 : found->second};
      const Label vhost{"vhost", exchange.virtual_host};
      const Label name{"exchange", exchange.name};
      table->add(topology ? label_text({vhost, name, {"type", broker::name_of(exchange.type)}})
                          : label_text({vhost, name}),
                 bound);
    }
    return true;
  });
  return table;
}

ObjectPage::Table<server::ChannelView> ObjectPage::channels() const {
  auto table = std::make_unique<ObjectTable<server::ChannelView>>(
      channel_object_families().families, selection_);
  if (!table->wanted()) return table;
  node_.inspection().channels({}, [this, &table](std::vector<server::ChannelView>& batch) {
    for (const server::ChannelView& channel : batch)
      if (selection_.wants_virtual_host(channel.virtual_host))
        table->add(label_text({{"channel", channel.name}}), channel);
    return true;
  });
  return table;
}

ObjectPage::Table<server::ConnectionView> ObjectPage::connections() const {
  auto table = std::make_unique<ObjectTable<server::ConnectionView>>(
      connection_object_families().families, selection_);
  if (!table->wanted()) return table;
  node_.inspection().connections({}, [this, &table](std::vector<server::ConnectionView>& batch) {
    for (const server::ConnectionView& connection : batch)
      if (selection_.wants_virtual_host(connection.virtual_host))
        table->add(label_text({{"channel", connection.name}, {"connection", connection.name}}),
                   connection);
    return true;
  });
  return table;
}

ObjectPage::Table<server::VirtualHostView> ObjectPage::virtual_hosts() const {
  auto table = std::make_unique<ObjectTable<server::VirtualHostView>>(
      virtual_host_object_families().families, selection_);
  if (!table->wanted()) return table;
  const server::VirtualHostViews views = node_.virtual_hosts();
  for (const server::VirtualHostView& host : views.hosts)
    if (selection_.wants_virtual_host(std::string(host.name)))
      table->add(label_text({{"vhost", host.name}}), host);
  return table;
}

ObjectPage::Table<server::UserUsage> ObjectPage::users() const {
  auto table =
      std::make_unique<ObjectTable<server::UserUsage>>(user_object_families().families, selection_);
  if (!table->wanted()) return table;
  for (const server::UserUsage& user : node_.users())
    table->add(label_text({{"user", user.name}}), user);
  return table;
}

ObjectPage::Table<server::LoginSource> ObjectPage::logins() const {
  auto table = std::make_unique<ObjectTable<server::LoginSource>>(login_object_families().families,
                                                                  selection_);
  const server::LoginSources* const sources = node_.login_sources();
  if (!table->wanted() || sources == nullptr) return table;
  for (const server::LoginSource& source : sources->list())
    table->add(label_text({{"remote_address", source.address},
                           {"username", source.user},
                           {"protocol", source.protocol}}),
               source);
  return table;
}

}  // namespace harrier::metrics

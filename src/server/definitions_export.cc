// DefinitionsTransfer: out of the node.
#include <utility>

#include "server/definitions_transfer.h"

namespace harrier::server {

using broker::RoutingTarget;
using std::chrono::steady_clock;

namespace {

bool is_definition(const broker::Queue& queue) {
  return !queue.declaration().exclusive && queue.owner() == broker::ConnectionId();
}

// The broker's own are everywhere.
bool is_definition(const broker::Exchange& exchange) {
  return !exchange.name().empty() && !exchange.name().starts_with(broker::kReservedPrefix);
}

// A walk over one virtual host, in slices between which anything may come or go.
class Walk {
 public:
  Walk(std::string host, DefinitionsDocument& document)
      : host_(std::move(host)), document_(document) {}

  // On the loop. False: that was all.
  bool slice(const broker::VirtualHost& host, steady_clock::time_point end);

 private:
  // nullptr: it is gone.
  const RoutingTarget* target_again(const broker::VirtualHost& host) const;
  // False: it has no bindings to export.
  bool take(const RoutingTarget& target);
  // False: there are more, and no time.
  bool take_bindings(const RoutingTarget& target, steady_clock::time_point end);

  const std::string host_;
  DefinitionsDocument& document_;
  broker::Roster<RoutingTarget>::Walk walk_;
  bool begun_ = false;
  // Whose bindings are being taken, up to which.
  bool inside_ = false;
  RoutingTarget::Kind kind_ = RoutingTarget::Kind::kQueue;
  std::string name_;
  std::uint64_t last_binding_ = 0;
};

bool Walk::slice(const broker::VirtualHost& host, steady_clock::time_point end) {
  if (!std::exchange(begun_, true)) walk_.begin(host.targets());
  do {
    const RoutingTarget* target = inside_ ? target_again(host) : nullptr;
    if (target == nullptr) {
      inside_ = false;
      target = walk_.next(host.targets());
      if (target == nullptr) return false;
      if (!take(*target)) continue;
    }
    if (!take_bindings(*target, end)) return true;
    inside_ = false;
  } while (steady_clock::now() < end);
  return true;
}

const RoutingTarget* Walk::target_again(const broker::VirtualHost& host) const {
  if (kind_ == RoutingTarget::Kind::kQueue) return host.find_queue(name_);
  return host.find_exchange(name_);
}

bool Walk::take(const RoutingTarget& target) {
  if (target.kind() == RoutingTarget::Kind::kQueue) {
    const auto& queue = static_cast<const broker::Queue&>(target);
    if (!is_definition(queue)) return false;
    document_.queues.push_back({host_, queue.declaration()});
  } else if (const auto& exchange = static_cast<const broker::Exchange&>(target);
             is_definition(exchange)) {
    document_.exchanges.push_back({host_, exchange.declaration()});
  }
  if (target.inbound().empty()) return false;
  inside_ = true;
  kind_ = target.kind();
  name_ = target.name();
  last_binding_ = 0;
  return true;
}

bool Walk::take_bindings(const RoutingTarget& target, steady_clock::time_point end) {
  constexpr int kBetweenLooks = 32;
  int left = kBetweenLooks;
  for (const broker::Binding* binding : target.inbound()) {
    // They are in the order of their numbers.
    if (binding->id() <= last_binding_) continue;
    if (--left == 0) {
      if (steady_clock::now() >= end) return false;
      left = kBetweenLooks;
    }
    last_binding_ = binding->id();
    document_.bindings.push_back({host_, target.kind(), target.name(), binding->source().name(),
                                  std::string(binding->routing_key()),
                                  amqp::FieldTable(binding->arguments())});
  }
  return true;
}

}  // namespace

DefinitionsDocument DefinitionsTransfer::export_all() {
  DefinitionsDocument document = document_of(administration_.definitions());
  for (const VirtualHostDescription& host : document.virtual_hosts)
    walk(host.name, document);
  put_in_order(document);
  return document;
}

void DefinitionsTransfer::walk(const std::string& host, DefinitionsDocument& document) {
  Walk walk(host, document);
  bool more = true;
  while (more) {
    const auto lives = hosts_.keep();
    const auto place = hosts_.find(host);
    if (!place) return;  // deleted meanwhile
    NodeLoop& loop = *loops_[place->loop];
    loop.run([&] { more = walk.slice(place->host->host(), steady_clock::now() + kSlice); });
  }
}

}  // namespace harrier::server

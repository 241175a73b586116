#include "broker/direct_exchange.h"

namespace harrier::broker {

void DirectExchange::match(const RouteRequest& request, Targets& targets) const {
  const auto found = by_key_.find(request.routing_key);
  if (found != by_key_.end()) found->second.append_targets(targets);
}

void DirectExchange::index(Binding& binding) { by_key_[binding.routing_key()].add(binding); }

void DirectExchange::unindex(Binding& binding) {
  const auto found = by_key_.find(binding.routing_key());
  CHECK(found != by_key_.end());
  found.value().remove(binding);
  if (found->second.empty()) by_key_.erase(found);
}

}  // namespace harrier::broker

#include "broker/direct_exchange.h"

#include <utility>

#include "base/check.h"

namespace harrier::broker {

DirectExchange::DirectExchange(ExchangeDeclaration declaration) : Exchange(std::move(declaration)) {
  by_key_.max_load_factor(kBindingsLoadMax);
}

void DirectExchange::match(const RouteRequest& request, Targets& targets) const {
  const auto found = by_key_.find(request.routing_key);
  if (found != by_key_.end()) found->bindings.append_targets(targets);
}

void DirectExchange::index(Binding& binding) {
  const auto found = by_key_.find(binding.routing_key());
  if (found != by_key_.end()) {
    found->bindings.add(binding);
    return;
  }
  Bound bound;
  bound.bindings.add(binding);
  by_key_.insert(std::move(bound));
}

void DirectExchange::unindex(Binding& binding) {
  const auto found = by_key_.find(binding.routing_key());
  CHECK(found != by_key_.end());
  found->bindings.remove(binding);
  if (found->bindings.empty()) by_key_.erase(found);
}

}  // namespace harrier::broker

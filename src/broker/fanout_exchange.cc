#include "broker/fanout_exchange.h"

namespace harrier::broker {

void FanoutExchange::match(const RouteRequest& /*request*/, Targets& targets) const {
  all_.append_targets(targets);
}

void FanoutExchange::index(Binding& binding) { all_.add(binding); }

void FanoutExchange::unindex(Binding& binding) { all_.remove(binding); }

}  // namespace harrier::broker

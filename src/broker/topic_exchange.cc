#include "broker/topic_exchange.h"

namespace harrier::broker {

void TopicExchange::match(const RouteRequest& request, Targets& targets) const {
  trie_.match(request.routing_key, targets);
}

void TopicExchange::index(Binding& binding) { trie_.add(binding); }

void TopicExchange::unindex(Binding& binding) { trie_.remove(binding); }

}  // namespace harrier::broker

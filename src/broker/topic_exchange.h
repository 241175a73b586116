// The topic exchange: binding keys are patterns over the words of the routing key.
//
// Thread: confined(broker).
// Spec:   AMQP 0-9-1 section 3.1.3.3; topic_trie.h says how the patterns match.
#pragma once

#include "broker/exchange.h"
#include "broker/topic_trie.h"

namespace harrier::broker {

class TopicExchange final : public Exchange {
 public:
  explicit TopicExchange(ExchangeDeclaration declaration) : Exchange(std::move(declaration)) {}

  void match(const RouteRequest& request, Targets& targets) const override;

 private:
  void index(Binding& binding) override;
  void unindex(Binding& binding) override;

  TopicTrie trie_;
};

}  // namespace harrier::broker

// The direct exchange: a binding matches when its key is the routing key.
//
// Cost:   one hash lookup and the targets.
// Thread: confined(broker).
// Spec:   AMQP 0-9-1 section 3.1.3.1.
#pragma once

#include "broker/binding_list.h"
#include "broker/exchange.h"
#include "broker/key_map.h"

namespace harrier::broker {

class DirectExchange final : public Exchange {
 public:
  explicit DirectExchange(ExchangeDeclaration declaration) : Exchange(std::move(declaration)) {}

  void match(const RouteRequest& request, Targets& targets) const override;

 private:
  void index(Binding& binding) override;
  void unindex(Binding& binding) override;

  KeyMap<BindingList> by_key_;
};

}  // namespace harrier::broker

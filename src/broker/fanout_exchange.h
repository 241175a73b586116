// The fanout exchange: every binding matches every message.
//
// Thread: confined(broker).
// Spec:   AMQP 0-9-1 section 3.1.3.2.
#pragma once

#include "broker/binding_list.h"
#include "broker/exchange.h"

namespace harrier::broker {

class FanoutExchange final : public Exchange {
 public:
  explicit FanoutExchange(ExchangeDeclaration declaration) : Exchange(std::move(declaration)) {}

  void match(const RouteRequest& request, Targets& targets) const override;

 private:
  void index(Binding& binding) override;
  void unindex(Binding& binding) override;

  BindingList all_;
};

}  // namespace harrier::broker

// The direct exchange: a binding matches when its key is the routing key.
//
// Model:  a set of lists, each found by the key that its bindings share: no key is kept twice.
// Cost:   one hash lookup and the targets.
// Thread: confined(broker).
// Spec:   AMQP 0-9-1 section 3.1.3.1.
#pragma once

#include <memory>
#include <string_view>

#include <tsl/robin_set.h>

#include "broker/binding_list.h"
#include "broker/exchange.h"
#include "broker/key_map.h"

namespace harrier::broker {

class DirectExchange final : public Exchange {
 public:
  explicit DirectExchange(ExchangeDeclaration declaration);

  void match(const RouteRequest& request, Targets& targets) const override;

 private:
  // Bindings of one key: never empty but on the way out of the set.
  struct Bound {
    std::string_view key() const { return bindings.front().routing_key(); }

    mutable BindingList bindings;  // changes without changing the key
  };
  struct BoundHash : KeyHash {
    using KeyHash::operator();
    std::size_t operator()(const Bound& bound) const { return (*this)(bound.key()); }
  };
  struct KeyEqual {
    using is_transparent = void;
    bool operator()(std::string_view key, const Bound& bound) const { return key == bound.key(); }
    bool operator()(const Bound& bound, std::string_view key) const { return key == bound.key(); }
    bool operator()(const Bound& a, const Bound& b) const { return a.key() == b.key(); }
  };

  void index(Binding& binding) override;
  void unindex(Binding& binding) override;

  // With their hashes, so that neither growing nor most misses read the bindings.
  tsl::robin_set<Bound, BoundHash, KeyEqual, std::allocator<Bound>, true> by_key_;
};

}  // namespace harrier::broker

// What tells a binding from the others of its exchange: destination, key and arguments.
//
// Model:  arguments are the same if they have the same fields, in whatever order; fields of one
//         name keep theirs. `l` and `L` mean one type, and any octet but zero is true. Nothing is
//         stored for it: a hash set of bindings reads its elements.
// Thread: immutable. Its views live as long as what they were made from.
// Cost:   linear in key and arguments; allocates only to compare arguments that are spelled
//         differently and hash alike.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "amqp/field_table.h"
#include "broker/binding.h"

namespace harrier::broker {

struct BindingIdentity {
  const RoutingTarget& destination;
  std::string_view routing_key;
  amqp::TableView arguments;

  static BindingIdentity of(const Binding& binding) {
    return {binding.destination(), binding.routing_key(), binding.arguments()};
  }
  bool operator==(const BindingIdentity& other) const;
  // Differs from run to run, since it takes the destination by its address.
  std::size_t hash() const;
};

// For a set of bindings that is asked with identities.
struct BindingIdentityHash {
  std::size_t operator()(const BindingIdentity& identity) const { return identity.hash(); }
  std::size_t operator()(const std::unique_ptr<Binding>& binding) const {
    return BindingIdentity::of(*binding).hash();
  }
};
struct BindingIdentityEqual {
  using is_transparent = void;
  bool operator()(const BindingIdentity& a, const std::unique_ptr<Binding>& b) const {
    return a == BindingIdentity::of(*b);
  }
  bool operator()(const std::unique_ptr<Binding>& a, const BindingIdentity& b) const {
    return BindingIdentity::of(*a) == b;
  }
  bool operator()(const std::unique_ptr<Binding>& a, const std::unique_ptr<Binding>& b) const {
    return BindingIdentity::of(*a) == BindingIdentity::of(*b);
  }
};

}  // namespace harrier::broker

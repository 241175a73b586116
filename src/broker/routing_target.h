// What a binding points at: a queue or an exchange.
//
// Model:  a target knows the bindings that end in it, so that deleting it removes them, and carries
//         the mark by which a routing pass visits it at most once (S21 of conformance.md) without a
//         set of its own. The marks belong to the one Router of the virtual host.
// Thread: confined(broker).
#pragma once

#include <cstdint>
#include <string>

#include "broker/binding_chain.h"
#include "broker/roster.h"

namespace harrier::broker {

class RoutingTarget {
 public:
  enum class Kind : std::uint8_t { kQueue, kExchange };

  // `name` is the declaration's, which lives in the same object: not kept twice.
  RoutingTarget(Kind kind, const std::string& name) : name_(name), kind_(kind) {}
  RoutingTarget(Kind kind, std::string&& name) = delete;
  RoutingTarget(const RoutingTarget&) = delete;
  RoutingTarget& operator=(const RoutingTarget&) = delete;

  Kind kind() const { return kind_; }
  const std::string& name() const { return name_; }
  // Bindings that end here, by age.
  const BindingChain& inbound() const { return inbound_; }
  void add_inbound(Binding& binding) { inbound_.add(binding); }
  void remove_inbound(Binding& binding) { inbound_.remove(binding); }

  // True the first time it is called in the pass.
  bool visit(std::uint64_t pass) {
    if (visited_in_ == pass) return false;
    visited_in_ = pass;
    return true;
  }

 protected:
  ~RoutingTarget() = default;

 private:
  friend class Roster<RoutingTarget>;

  const std::string& name_;
  BindingChain inbound_;
  std::uint64_t visited_in_ = 0;
  std::uint32_t roster_place_ = 0;
  Kind kind_;
};

}  // namespace harrier::broker

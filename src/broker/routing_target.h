// What a binding points at: a queue or an exchange.
//
// Model:  a target knows the bindings that end in it, so that deleting it removes them, and carries
//         the mark by which a routing pass visits it at most once (S21 of conformance.md) without a
//         set of its own. The marks belong to the one Router of the virtual host.
// Thread: confined(broker).
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

namespace harrier::broker {

class Binding;

struct BindingOrder {
  bool operator()(const Binding* a, const Binding* b) const;
};
// Ordered by age: hash order must never decide what a client sees.
using BindingSet = std::set<Binding*, BindingOrder>;

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
  // Bindings that end here.
  const BindingSet& inbound() const {
    static const BindingSet none;
    return inbound_ ? *inbound_ : none;
  }
  // False when it is there already.
  bool add_inbound(Binding& binding) {
    if (!inbound_) inbound_ = std::make_unique<BindingSet>();
    return inbound_->insert(&binding).second;
  }
  void remove_inbound(Binding& binding) {
    if (!inbound_) return;
    inbound_->erase(&binding);
    if (inbound_->empty()) inbound_.reset();
  }

  // True the first time it is called in the pass.
  bool visit(std::uint64_t pass) {
    if (visited_in_ == pass) return false;
    visited_in_ = pass;
    return true;
  }

 protected:
  ~RoutingTarget() = default;

 private:
  const std::string& name_;
  // None: most targets are idle queues, and there may be a great many.
  std::unique_ptr<BindingSet> inbound_;
  std::uint64_t visited_in_ = 0;
  Kind kind_;
};

}  // namespace harrier::broker

// An exchange: takes a routing key and headers, names the targets whose bindings match.
//
// Role:       VirtualHost creates, finds and deletes exchanges; Router asks them. Each type is one
//             subclass in a file of its own: direct_exchange, fanout_exchange, topic_exchange,
//             headers_exchange.
// Model:      the base class owns the bindings by their identity (binding_identity.h); a subclass
//             keeps an index over them.
// Invariants: every binding in bindings() is in the index and in its destination's inbound(),
//             exactly once.
// Thread:     confined(broker).
// Lifetimes:  bindings are removed before either of their ends dies.
// Errors:     a binding that its type refuses (an unknown x-match) is a ProtocolError 406.
// Spec:       AMQP 0-9-1 section 3.1; RabbitMQ's alternate-exchange, exchange-to-exchange bindings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tsl/robin_set.h>

#include "amqp/field_table.h"
#include "amqp/protocol_error.h"
#include "base/bytes.h"
#include "base/ref.h"
#include "broker/applied_policies.h"
#include "broker/binding.h"
#include "broker/binding_identity.h"
#include "broker/binding_list.h"
#include "broker/exchange_traffic.h"
#include "broker/routing_target.h"

namespace harrier::broker {

using base::Bytes;

enum class ExchangeType : std::uint8_t { kDirect, kFanout, kTopic, kHeaders };
// "direct" …; nullopt for a type we do not have.
std::optional<ExchangeType> exchange_type_named(std::string_view name);
std::string_view name_of(ExchangeType type);

inline constexpr std::string_view kAlternateExchange = "alternate-exchange";

struct ExchangeDeclaration {
  std::string name;
  ExchangeType type = ExchangeType::kDirect;
  bool durable = false;
  bool auto_delete = false;
  bool internal = false;
  amqp::FieldTable arguments;
};

// What routing may look at.
struct RouteRequest {
  Bytes routing_key;
  amqp::TableView headers;
};
using Targets = std::vector<RoutingTarget*>;

class Exchange : public base::RefCounted<Exchange>, public RoutingTarget {
 public:
  static base::Ref<Exchange> create(ExchangeDeclaration declaration);
  virtual ~Exchange() = default;

  const ExchangeDeclaration& declaration() const { return declaration_; }
  ExchangeType type() const { return declaration_.type; }
  // An alternate exchange named "" is the default exchange.
  bool has_alternate_exchange() const { return has_alternate_exchange_; }
  // Empty when there is none.
  const std::string& alternate_exchange() const { return alternate_exchange_; }
  const AppliedPolicies& policies() const { return policies_; }
  // True when its routes are others now.
  bool change_policies(AppliedPolicies policies);
  // Names the first differing argument as RabbitMQ words it, or succeeds (S11 of conformance.md).
  amqp::CheckedStatus check_equivalent(const ExchangeDeclaration& redeclared,
                                       std::string_view virtual_host) const;

  // Appends the target of every matching binding, possibly more than once; order of binding age
  // within what the index gives, the same in each run.
  virtual void match(const RouteRequest& request, Targets& targets) const = 0;
  // Whether match() looks at the routing key, and whether at the headers.
  bool routes_by_key() const {
    return type() == ExchangeType::kDirect || type() == ExchangeType::kTopic;
  }
  bool routes_by_headers() const { return type() == ExchangeType::kHeaders; }

  // Refuses what this type cannot bind; checked before add_binding.
  virtual amqp::CheckedStatus check_binding(std::string_view routing_key,
                                            amqp::TableView arguments) const;
  // Nullptr when there is none.
  Binding* find_binding(const RoutingTarget& destination, std::string_view routing_key,
                        amqp::TableView arguments) const;
  // REQUIRES that find_binding gave nullptr.
  Binding& add_binding(std::uint64_t id, RoutingTarget& destination, std::string_view routing_key,
                       amqp::TableView arguments);
  // `binding` is gone afterwards.
  void remove_binding(Binding& binding);
  bool has_bindings() const { return !owned_.empty(); }
  ExchangeTraffic& traffic() { return traffic_; }
  const ExchangeTraffic& traffic() const { return traffic_; }
  // By age. Made for each call: O(n log n), for those who remove or list them all.
  std::vector<Binding*> bindings() const;
  // An auto-delete exchange goes with its last binding, if it ever had one.
  bool expired_by_unbind() const {
    return declaration_.auto_delete && had_binding_ && owned_.empty();
  }

 protected:
  explicit Exchange(ExchangeDeclaration declaration);
  virtual void index(Binding& binding) = 0;
  virtual void unindex(Binding& binding) = 0;

 private:
  // Sets the alternate exchange: the argument's or, without one, the policy's.
  void choose_alternate_exchange();

  ExchangeDeclaration declaration_;
  AppliedPolicies policies_;
  ExchangeTraffic traffic_;
  std::string alternate_exchange_;
  // With their hashes, so that growing does not read the bindings.
  tsl::robin_set<std::unique_ptr<Binding>, BindingIdentityHash, BindingIdentityEqual,
                 std::allocator<std::unique_ptr<Binding>>, true>
      owned_;
  bool has_alternate_exchange_ = false;
  bool had_binding_ = false;
};

}  // namespace harrier::broker

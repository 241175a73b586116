// The headers exchange: bindings state conditions on headers, keys are ignored.
//
// Model:  bindings stand in an index by the hash of (name, value) of a condition, or of the name
//         alone where presence suffices: an `all` binding under the one of its conditions that
//         fewest others share, an `any` binding under each. A message's headers look themselves up;
//         what they find is checked in full. An `all` binding without conditions matches
//         everything, an `any` binding without them nothing.
// Cost:   of a match: the headers, and the bindings that share a condition with them; nothing is
//         allocated in the long run.
// Thread: confined(broker): matching writes marks into the entries.
// Spec:   AMQP 0-9-1 section 3.1.3.4; conformance.md S23.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <tsl/robin_map.h>

#include "broker/binding_list.h"
#include "broker/exchange.h"
#include "broker/headers_pattern.h"

namespace harrier::broker {

class HeadersExchange final : public Exchange {
 public:
  explicit HeadersExchange(ExchangeDeclaration declaration) : Exchange(std::move(declaration)) {}

  void match(const RouteRequest& request, Targets& targets) const override;
  amqp::CheckedStatus check_binding(std::string_view routing_key,
                                    amqp::TableView arguments) const override;

 private:
  struct Entry {
    explicit Entry(const Binding& indexed) : binding(indexed), pattern(indexed.arguments()) {}

    const Binding& binding;
    HeadersPattern pattern;
    // Of an `all` pattern: the condition it is found by.
    std::size_t key_condition = 0;
    std::uint64_t seen_in = 0;  // the match that looked at it last
  };
  using Bucket = std::vector<Entry*>;  // by age
  // The keys are hashes already.
  struct Identity {
    std::size_t operator()(std::uint64_t hash) const { return hash; }
  };

  void index(Binding& binding) override;
  void unindex(Binding& binding) override;
  std::size_t rarest_condition(const HeadersPattern& pattern) const;
  void enter(const HeadersPattern::Condition& condition, Entry& entry);
  void leave(const HeadersPattern::Condition& condition, Entry& entry);
  void try_bucket(std::uint64_t hash) const;

  tsl::robin_map<const Binding*, std::unique_ptr<Entry>> entries_;
  tsl::robin_map<std::uint64_t, Bucket, Identity> buckets_;
  std::size_t presence_conditions_ = 0;
  BindingList unconditional_;

  // One match's state, kept for its capacity.
  mutable HeaderSet headers_;
  mutable std::vector<const Binding*> matched_;
  mutable std::uint64_t matches_ = 0;
};

}  // namespace harrier::broker

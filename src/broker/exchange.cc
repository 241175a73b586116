#include "broker/exchange.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "broker/direct_exchange.h"
#include "broker/equivalence.h"
#include "broker/fanout_exchange.h"
#include "broker/headers_exchange.h"
#include "broker/topic_exchange.h"

namespace harrier::broker {
namespace {

constexpr std::array<std::string_view, 4> kTypeNames = {"direct", "fanout", "topic", "headers"};

}  // namespace

std::optional<ExchangeType> exchange_type_named(std::string_view name) {
  for (std::size_t i = 0; i < kTypeNames.size(); ++i) {
    if (kTypeNames[i] == name) return static_cast<ExchangeType>(i);
  }
  return std::nullopt;
}

std::string_view name_of(ExchangeType type) { return kTypeNames[static_cast<std::size_t>(type)]; }

base::Ref<Exchange> Exchange::create(ExchangeDeclaration declaration) {
  Exchange* exchange = nullptr;
  switch (declaration.type) {
    case ExchangeType::kDirect: exchange = new DirectExchange(std::move(declaration)); break;
    case ExchangeType::kFanout: exchange = new FanoutExchange(std::move(declaration)); break;
    case ExchangeType::kTopic: exchange = new TopicExchange(std::move(declaration)); break;
    case ExchangeType::kHeaders: exchange = new HeadersExchange(std::move(declaration)); break;
  }
  return base::Ref<Exchange>(exchange);
}

Exchange::Exchange(ExchangeDeclaration declaration)
    : RoutingTarget(Kind::kExchange, declaration_.name), declaration_(std::move(declaration)) {
  owned_.max_load_factor(kBindingsLoadMax);
  choose_alternate_exchange();
}

void Exchange::choose_alternate_exchange() {
  const amqp::FieldTable definition = policies_.definition();
  auto alternate = declaration_.arguments.view().find(kAlternateExchange);
  if (!alternate) alternate = definition.view().find(policy_keys::kAlternateExchange);
  // Whoever declares was refused any other type; here it would mean none.
  has_alternate_exchange_ = alternate && alternate->is_string();
  alternate_exchange_ = has_alternate_exchange_ ? std::string(alternate->bytes) : std::string();
}

bool Exchange::change_policies(AppliedPolicies policies) {
  if (policies == policies_) return false;
  policies_ = std::move(policies);
  const bool had_alternate = has_alternate_exchange_;
  const std::string alternate = alternate_exchange_;
  choose_alternate_exchange();
  return had_alternate != has_alternate_exchange_ || alternate != alternate_exchange_;
}

amqp::CheckedStatus Exchange::check_equivalent(const ExchangeDeclaration& redeclared,
                                               std::string_view virtual_host) const {
  const Redeclared what{"exchange", name(), virtual_host};
  auto status = check_same(what, "type", name_of(redeclared.type), name_of(type()));
  if (status.ok()) status = check_same(what, "durable", redeclared.durable, declaration_.durable);
  if (status.ok())
    status = check_same(what, "auto_delete", redeclared.auto_delete, declaration_.auto_delete);
  if (status.ok())
    status = check_same(what, "internal", redeclared.internal, declaration_.internal);
  if (!status.ok()) return status;
  return check_same(what, kAlternateExchange, redeclared.arguments.view().find(kAlternateExchange),
                    declaration_.arguments.view().find(kAlternateExchange));
}

amqp::CheckedStatus Exchange::check_binding(std::string_view /*routing_key*/,
                                            amqp::TableView /*arguments*/) const {
  return base::Done{};
}

Binding* Exchange::find_binding(const RoutingTarget& destination, std::string_view routing_key,
                                amqp::TableView arguments) const {
  const auto found = owned_.find(BindingIdentity{destination, routing_key, arguments});
  return found == owned_.end() ? nullptr : found->get();
}

Binding& Exchange::add_binding(std::uint64_t id, RoutingTarget& destination,
                               std::string_view routing_key, amqp::TableView arguments) {
  const auto [place, added] =
      owned_.insert(Binding::create(id, *this, destination, routing_key, arguments));
  CHECK(added);
  Binding& binding = **place;
  destination.add_inbound(binding);
  index(binding);
  had_binding_ = true;
  return binding;
}

void Exchange::remove_binding(Binding& binding) {
  // Only what every target has is asked of the destination: it may be on its way out.
  const auto place = owned_.find(BindingIdentity::of(binding));
  CHECK(place != owned_.end() && place->get() == &binding);
  unindex(binding);
  binding.destination().remove_inbound(binding);
  owned_.erase(place);
}

std::vector<Binding*> Exchange::bindings() const {
  // With the ids beside them: sorting that reads the bindings would miss the cache at each step.
  std::vector<std::pair<std::uint64_t, Binding*>> by_age;
  by_age.reserve(owned_.size());
  for (const auto& binding : owned_)
    by_age.emplace_back(binding->id(), binding.get());
  std::sort(by_age.begin(), by_age.end());
  std::vector<Binding*> bindings;
  bindings.reserve(by_age.size());
  for (const auto& [id, binding] : by_age)
    bindings.push_back(binding);
  return bindings;
}

}  // namespace harrier::broker

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

using amqp::Field;

constexpr std::array<std::string_view, 4> kTypeNames = {"direct", "fanout", "topic", "headers"};

void append_counted(std::string& out, std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  std::array<char, sizeof size> bytes;
  base::store_big_endian(bytes.data(), size);
  out.append(bytes.data(), bytes.size()).append(text);
}

void append_field(std::string& out, const Field& field) {
  append_counted(out, field.name);
  // Both letters mean a signed 64-bit integer, and any octet but zero is true.
  out.push_back(field.value.type == 'L' ? 'l' : field.value.type);
  if (field.value.type == 't') {
    out.push_back(field.value.boolean() ? 1 : 0);
  } else {
    append_counted(out, field.value.bytes);
  }
}

// What tells a binding from the others of its exchange. RabbitMQ sorts the arguments by name.
std::string identity_of(const RoutingTarget& destination, std::string_view routing_key,
                        amqp::TableView arguments) {
  std::string identity;
  identity.reserve(16 + destination.name().size() + routing_key.size() + arguments.bytes().size());
  identity.push_back(destination.kind() == RoutingTarget::Kind::kQueue ? 'q' : 'e');
  append_counted(identity, destination.name());
  append_counted(identity, routing_key);
  if (arguments.empty()) return identity;

  std::vector<Field> fields;
  for (const Field& field : arguments)
    fields.push_back(field);
  std::stable_sort(fields.begin(), fields.end(),
                   [](const Field& a, const Field& b) { return a.name < b.name; });
  for (const Field& field : fields)
    append_field(identity, field);
  return identity;
}

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
  const auto alternate = declaration_.arguments.view().find(kAlternateExchange);
  // Whoever declares was refused any other type; here it would mean none.
  if (!alternate || !alternate->is_string()) return;
  has_alternate_exchange_ = true;
  alternate_exchange_ = alternate->bytes;
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
  const auto found = owned_.find(identity_of(destination, routing_key, arguments));
  return found == owned_.end() ? nullptr : found->second.get();
}

Binding& Exchange::add_binding(std::uint64_t id, RoutingTarget& destination,
                               std::string_view routing_key, amqp::TableView arguments) {
  auto [place, added] =
      owned_.emplace(identity_of(destination, routing_key, arguments),
                     std::make_unique<Binding>(id, *this, destination, std::string(routing_key),
                                               amqp::FieldTable(arguments)));
  CHECK(added);
  Binding& binding = *place->second;
  CHECK(outbound_.insert(&binding).second);
  CHECK(destination.add_inbound(binding));
  index(binding);
  had_binding_ = true;
  return binding;
}

void Exchange::remove_binding(Binding& binding) {
  // Only what every target has is asked of the destination: it may be on its way out.
  const auto place =
      owned_.find(identity_of(binding.destination(), binding.routing_key(), binding.arguments()));
  CHECK(place != owned_.end() && place->second.get() == &binding);
  unindex(binding);
  binding.destination().remove_inbound(binding);
  outbound_.erase(&binding);
  owned_.erase(place);
}

}  // namespace harrier::broker

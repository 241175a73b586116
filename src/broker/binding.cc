#include "broker/binding.h"

#include <cstring>
#include <new>

#include "base/check.h"

namespace harrier::broker {

Binding::Binding(std::uint64_t id, Exchange& source, RoutingTarget& destination,
                 std::string_view routing_key, amqp::TableView arguments)
    : id_(id),
      source_(source),
      destination_(destination),
      arguments_size_(static_cast<std::uint32_t>(arguments.bytes().size())),
      routing_key_size_(static_cast<std::uint8_t>(routing_key.size())) {}

std::unique_ptr<Binding> Binding::create(std::uint64_t id, Exchange& source,
                                         RoutingTarget& destination, std::string_view routing_key,
                                         amqp::TableView arguments) {
  CHECK(routing_key.size() <= UINT8_MAX && arguments.bytes().size() <= UINT32_MAX);
  void* memory = ::operator new(sizeof(Binding) + routing_key.size() + arguments.bytes().size());
  auto* binding = ::new (memory) Binding(id, source, destination, routing_key, arguments);
  char* to = reinterpret_cast<char*>(binding + 1);
  for (const std::string_view part : {routing_key, std::string_view(arguments.bytes())}) {
    if (part.empty()) continue;
    std::memcpy(to, part.data(), part.size());
    to += part.size();
  }
  return std::unique_ptr<Binding>(binding);
}

}  // namespace harrier::broker

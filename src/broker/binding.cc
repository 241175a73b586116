#include "broker/binding.h"

#include <new>

#include "base/bytes.h"
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
  char* const text = reinterpret_cast<char*>(binding + 1);
  base::put_bytes(base::put_bytes(text, routing_key), arguments.bytes());
  return std::unique_ptr<Binding>(binding);
}

}  // namespace harrier::broker

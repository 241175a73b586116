// A binding: from an exchange to a queue or another exchange, with a key and arguments.
//
// Model:  identity is (source, destination, routing key, arguments), see binding_identity.h:
//         declaring the same again changes nothing. Owned by its source exchange; its destination
//         lists it in inbound(). One allocation, key and arguments included: there may be millions.
// Thread: confined(broker).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "amqp/field_table.h"
#include "broker/routing_target.h"

namespace harrier::broker {

class Exchange;

class Binding {
 public:
  // Copies key and arguments. REQUIRES that the key is a short string: 255 octets at most.
  static std::unique_ptr<Binding> create(std::uint64_t id, Exchange& source,
                                         RoutingTarget& destination, std::string_view routing_key,
                                         amqp::TableView arguments);
  // Indexes hold views of its key and arguments.
  Binding(const Binding&) = delete;
  Binding& operator=(const Binding&) = delete;
  // Its memory is larger than its type.
  static void operator delete(void* memory) { ::operator delete(memory); }

  // Grows with each binding of the virtual host: the younger binding has the larger one.
  std::uint64_t id() const { return id_; }
  Exchange& source() const { return source_; }
  RoutingTarget& destination() const { return destination_; }
  std::string_view routing_key() const { return {text(), routing_key_size_}; }
  amqp::TableView arguments() const {
    return amqp::TableView(base::Bytes(text() + routing_key_size_, arguments_size_));
  }

 private:
  friend class BindingChain;

  Binding(std::uint64_t id, Exchange& source, RoutingTarget& destination,
          std::string_view routing_key, amqp::TableView arguments);
  const char* text() const { return reinterpret_cast<const char*>(this + 1); }

  std::uint64_t id_;
  Exchange& source_;
  Binding* previous_inbound_ = nullptr;
  Binding* next_inbound_ = nullptr;
  // Last, beside the key: matching reads these alone.
  RoutingTarget& destination_;
  std::uint32_t arguments_size_;
  std::uint8_t routing_key_size_;
};

}  // namespace harrier::broker

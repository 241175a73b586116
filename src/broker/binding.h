// A binding: from an exchange to a queue or another exchange, with a key and arguments.
//
// Model:  identity is (source, destination, routing key, arguments): declaring the same again
//         changes nothing. Owned by its source exchange; its destination lists it in inbound().
// Thread: confined(broker).
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "amqp/field_table.h"
#include "broker/routing_target.h"

namespace harrier::broker {

class Exchange;

class Binding {
 public:
  Binding(std::uint64_t id, Exchange& source, RoutingTarget& destination, std::string routing_key,
          amqp::FieldTable arguments)
      : id_(id),
        source_(source),
        destination_(destination),
        routing_key_(std::move(routing_key)),
        arguments_(std::move(arguments)) {}
  // Indexes hold views of its key and arguments.
  Binding(const Binding&) = delete;
  Binding& operator=(const Binding&) = delete;

  // Grows with each binding of the virtual host: the younger binding has the larger one.
  std::uint64_t id() const { return id_; }
  Exchange& source() const { return source_; }
  RoutingTarget& destination() const { return destination_; }
  const std::string& routing_key() const { return routing_key_; }
  amqp::TableView arguments() const { return arguments_.view(); }

 private:
  std::uint64_t id_;
  Exchange& source_;
  RoutingTarget& destination_;
  std::string routing_key_;
  amqp::FieldTable arguments_;
};

inline bool BindingOrder::operator()(const Binding* a, const Binding* b) const {
  return a->id() < b->id();
}

}  // namespace harrier::broker

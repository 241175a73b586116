// What a client says to bind or unbind.
//
// Lifetimes: `arguments` points into what it was read from.
// Thread:    plain value.
#pragma once

#include <string>

#include "amqp/field_table.h"
#include "broker/routing_target.h"

namespace harrier::broker {

class Exchange;

struct BindingRequest {
  RoutingTarget::Kind destination_kind = RoutingTarget::Kind::kQueue;
  std::string destination;
  std::string source;
  std::string routing_key;
  amqp::TableView arguments;
};

// What it names, once it is found.
struct BindingEnds {
  Exchange* source = nullptr;
  RoutingTarget* destination = nullptr;
};

}  // namespace harrier::broker

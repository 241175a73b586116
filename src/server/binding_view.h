// A binding, copied out of its loop.
//
// Thread: plain values.
#pragma once

#include <string>

#include "amqp/field_table.h"
#include "broker/routing_target.h"

namespace harrier::server {

struct BindingView {
  std::string virtual_host;
  // Empty: the default exchange. Each queue has such a binding with its name as the key, which
  // nobody made; it is listed, too, as in RabbitMQ.
  std::string source;
  std::string destination;
  broker::RoutingTarget::Kind destination_kind = broker::RoutingTarget::Kind::kQueue;
  std::string routing_key;
  amqp::FieldTable arguments;
};

}  // namespace harrier::server

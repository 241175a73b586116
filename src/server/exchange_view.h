// An exchange as it was at one moment, copied out of its loop.
//
// Thread: plain values.
#pragma once

#include <cstdint>
#include <string>

#include "amqp/field_table.h"
#include "broker/exchange.h"
#include "server/measured.h"

namespace harrier::server {

struct ExchangeView {
  std::string virtual_host;
  // Empty: the default exchange, which every virtual host has.
  std::string name;
  broker::ExchangeType type = broker::ExchangeType::kDirect;
  bool durable = false;
  bool auto_delete = false;
  bool internal = false;
  amqp::FieldTable arguments;
  // Names; empty: none.
  std::string policy;
  std::string operator_policy;
  amqp::FieldTable effective_policy_definition;
  // publish_in and publish_out.
  MessageStatistics statistics;
  // Of publish_in: published by clients, and no queue took them.
  std::uint64_t returned = 0;
  std::uint64_t dropped = 0;
};

}  // namespace harrier::server

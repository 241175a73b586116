// Redeclaring what exists: the same properties pass, a different one is named as RabbitMQ names it.
//
// Role:   shared by exchanges and queues; which properties are compared is theirs to say.
// Errors: PRECONDITION_FAILED (406): "inequivalent arg 'durable' for queue 'q' in vhost '/':
//         received 'true' but current is 'false'".
// Thread: pure functions.
// Spec:   RabbitMQ's declare equivalence; integers of any width are one kind.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "amqp/field_table.h"
#include "amqp/protocol_error.h"

namespace harrier::broker {

// What is redeclared: "queue" or "exchange", its name, where.
struct Redeclared {
  std::string_view kind;
  std::string_view name;
  std::string_view virtual_host;
};

amqp::CheckedStatus check_same(const Redeclared& what, std::string_view property,
                               std::string_view received, std::string_view current);
amqp::CheckedStatus check_same(const Redeclared& what, std::string_view property, bool received,
                               bool current);
// An argument of the field table, which either side may lack.
amqp::CheckedStatus check_same(const Redeclared& what, std::string_view argument,
                               const std::optional<amqp::FieldValue>& received,
                               const std::optional<amqp::FieldValue>& current);

}  // namespace harrier::broker

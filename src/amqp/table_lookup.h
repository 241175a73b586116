// What one field of a table says, where anything else in its place counts as nothing.
//
// Role:   capabilities and definitions: tables whose writer may be newer than we are.
// Thread: immutable values.
#pragma once

#include <string>
#include <string_view>

#include "amqp/field_table.h"

namespace harrier::amqp {

// Empty unless it is a string.
inline std::string text_in(TableView table, std::string_view name) {
  const auto value = table.find(name);
  return value && value->is_string() ? std::string(value->bytes) : std::string();
}

// False unless it is a boolean.
inline bool flag_in(TableView table, std::string_view name) {
  const auto value = table.find(name);
  return value && value->type == 't' && value->boolean();
}

}  // namespace harrier::amqp

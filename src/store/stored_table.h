// Field tables as the store reads them back.
//
// Errors: nullopt when the bytes are no table.
#pragma once

#include <optional>

#include "amqp/field_table.h"
#include "base/bytes.h"

namespace harrier::store {

// What was stored passed the limits of its time; these are above any that can be configured.
inline std::optional<amqp::FieldTable> stored_table(base::Bytes bytes) {
  constexpr amqp::TableLimits kLimits{.depth = 64, .elements = 1'000'000};
  const auto checked = amqp::validate_table(bytes, kLimits);
  if (!checked.ok()) return std::nullopt;
  return amqp::FieldTable(*checked);
}

}  // namespace harrier::store

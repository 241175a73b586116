// The policies that apply to one queue or exchange: at most one of each kind.
//
// Thread: immutable value; what it points to is shared.
#pragma once

#include <memory>

#include "amqp/field_table.h"
#include "broker/policy.h"

namespace harrier::broker {

// Nullptr where none applies.
struct AppliedPolicies {
  std::shared_ptr<const Policy> user;
  std::shared_ptr<const Policy> from_operator;

  bool operator==(const AppliedPolicies&) const = default;
  bool any() const { return user != nullptr || from_operator != nullptr; }
  // What both say together; empty when there is none.
  amqp::FieldTable definition() const;
};

}  // namespace harrier::broker

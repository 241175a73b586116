#include "broker/applied_policies.h"

namespace harrier::broker {

amqp::FieldTable AppliedPolicies::definition() const {
  if (user != nullptr && from_operator != nullptr)
    return merge_definitions(user->definition, from_operator->definition);
  if (user != nullptr) return user->definition;
  return from_operator != nullptr ? from_operator->definition : amqp::FieldTable();
}

}  // namespace harrier::broker

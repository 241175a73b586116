// What a queue's arguments and its policies come to.
//
// Model:  numbers: the lower of argument and policy. Texts: the argument, if there is one.
//         Overflow: the argument on a classic queue, the policy on a quorum queue. What neither
//         names has its default.
// Thread: pure functions.
// Spec:   docs/operations/policies.md.
#pragma once

#include <string_view>

#include "broker/limits.h"
#include "broker/policies.h"
#include "broker/queue_arguments.h"

namespace harrier::broker {

PolicySubject subject_of(QueueType type);

// `declared` is what parse_queue_arguments() made of `declaration`.
QueueSettings effective_settings(QueueSettings declared, const QueueDeclaration& declaration,
                                 AppliedPolicies policies, const VirtualHostLimits& limits);

}  // namespace harrier::broker

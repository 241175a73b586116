// docs/reference/metrics.md, made from the families themselves.
//
// Role: `harriermq --print-metrics` prints it; script/metrics-reference writes it, a test compares.
#pragma once

#include <string>

namespace harrier::metrics {

std::string reference_markdown();

}  // namespace harrier::metrics

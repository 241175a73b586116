// A time as JSON has it.
//
// Thread: pure function.
#pragma once

#include <string>

#include "base/time.h"

namespace harrier::management {

// RFC 3339, in UTC.
std::string text_of(base::WallTime time);

}  // namespace harrier::management

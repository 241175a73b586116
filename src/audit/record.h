// An event as the JSON object of its line, up to where the seal comes.
//
// Thread: pure functions.
// Spec:   docs/formats/audit.md.
#pragma once

#include <cstdint>
#include <string>

#include "audit/event.h"

namespace harrier::audit {

// ASCII only, whatever the names hold, and no line break; the last brace is left out. Octets that
// are no UTF-8 are written \xff, as text. `node` may be empty.
std::string encode_record(const Event& event, std::uint64_t sequence, const std::string& node,
                          const std::string& previous);

// "2026-11-30T23:59:59.123Z".
std::string rfc3339(base::WallTime time);

}  // namespace harrier::audit

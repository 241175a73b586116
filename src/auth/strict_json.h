// JSON from strangers: one text, no name twice in an object, no deeper than agreed.
//
// Thread: pure function.
// Errors: says what is wrong without repeating the text.
// Limits: the caller bounds the size; depth_max objects and arrays inside one another.
// Spec:   RFC 8259; RFC 8725 section 2.6 for why a name must not come twice.
#pragma once

#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/result.h"

namespace harrier::auth {

base::Result<nlohmann::json> parse_strict_json(base::Bytes text, int depth_max);

}  // namespace harrier::auth

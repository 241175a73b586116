// A field of a form that a browser sends with a file in it.
//
// Thread: pure function.
// Spec:   RFC 7578.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace harrier::management {

// nullopt: no such field, or no such form. `content_type`: the request's, with the boundary.
std::optional<std::string> multipart_field(std::string_view content_type, std::string_view body,
                                           std::string_view name);

}  // namespace harrier::management

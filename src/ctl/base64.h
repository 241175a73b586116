// Base64 as Basic credentials and password hashes need it (RFC 4648, section 4).
//
// Thread: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace harrier::ctl {

std::string base64_encoded(std::string_view bytes);
std::optional<std::string> base64_decoded(std::string_view text);

}  // namespace harrier::ctl

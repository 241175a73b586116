// The target of a request, made of a pattern and of names that may hold anything.
//
// Thread: pure functions.
// Spec:   RFC 3986: all but its unreserved characters are encoded, a slash in a name as %2F.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace harrier::ctl {

std::string percent_encoded(std::string_view text);
std::optional<std::string> percent_decoded(std::string_view text);

// `pattern` with each {name} replaced by what `value` says of it.
std::string expand(std::string_view pattern,
                   const std::function<std::string(std::string_view name)>& value);

}  // namespace harrier::ctl

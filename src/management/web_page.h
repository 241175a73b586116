// The web page over HTTP: its files, without a login, to whoever asks.
//
// Thread: pure functions.
// Spec:   RFC 9110 sections 8.8.3 (entity tags) and 13.1.2 (If-None-Match).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/message.h"

namespace harrier::management {

// `segments`: of the path, below the prefix. nullopt: the path is none of the page's files, or the
// method none for them. The page itself is at the prefix with a slash behind it, for its links are
// relative; without the slash the answer leads there.
std::optional<http::Response> web_page(const http::Request& request,
                                       const std::vector<std::string>& segments);

}  // namespace harrier::management

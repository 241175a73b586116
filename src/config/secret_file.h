// Secrets: where they are read from, and what stands for them where they are shown.
//
// Thread: compatible.
// Limits: of a file, the secret's own size and one newline.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace harrier::config {

// Shown instead of a secret. As a secret it is accepted by those who only look at a configuration.
inline constexpr std::string_view kSecretMask = "********";

// What the file holds, without one newline at its end. Refuses what is no regular file (a pipe
// might never end), what is empty, and what is longer than `size_max`.
base::Result<std::string> read_secret(const std::string& path, std::size_t size_max);

}  // namespace harrier::config

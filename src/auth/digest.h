// OpenSSL's digests as functions of bytes, and base64.
//
// Role:   the one place of this layer that calls OpenSSL's algorithms.
// Thread: pure functions.
// Errors: from_base64 answers nullopt; that OpenSSL itself fails is our bug or no memory.
// Spec:   RFC 2104 (HMAC), RFC 8018 (PBKDF2), RFC 4648 (base64).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace harrier::auth {

enum class DigestKind : std::uint8_t { kSha256, kSha512 };

// 32 or 64.
std::size_t digest_size(DigestKind kind);
std::string digest(DigestKind kind, base::Bytes bytes);
std::string hmac(DigestKind kind, base::Bytes key, base::Bytes bytes);
// As long as the digest. Takes `iterations` times two digests, and memory for a few.
std::string pbkdf2(DigestKind kind, base::Bytes password, base::Bytes salt,
                   std::uint32_t iterations);
// Takes the same time wherever they differ; lengths are no secret.
bool equal_in_constant_time(base::Bytes one, base::Bytes other);

// With padding.
std::string to_base64(base::Bytes bytes);
// Padding must be there exactly as needed; nothing else beside the alphabet.
std::optional<std::string> from_base64(base::Bytes text);

}  // namespace harrier::auth

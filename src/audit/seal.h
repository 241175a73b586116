// What ends each line: a hash over the line, which names the hash of the line before it.
//
// Role:   ChainFile seals what it writes, Verification checks it.
// Model:  {…,"prev":"<64 hex>","hash":"<64 hex>"}. `hash` is SHA-256 over the bytes before
//         ,"hash"; with a key it is HMAC-SHA-256 and called `hmac`, so that only who has the key
//         can make one.
// Thread: immutable.
// Errors: what is no sealed line is told in words.
// Spec:   docs/formats/audit.md; FIPS 180-4, RFC 2104.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace harrier::audit {

// In place of a hash where nothing comes before.
std::string no_hash();

// What a sealed line says of its place.
struct Link {
  std::uint64_t sequence = 0;
  std::string previous;
  std::string hash;
  bool keyed = false;
  // What is said about the log itself concerns whoever checks it.
  std::string action;
  std::uint64_t count = 0;
};

class Seal {
 public:
  static constexpr std::size_t kKeyMin = 16;
  static constexpr std::size_t kKeyMax = 4096;

  Seal() = default;
  // REQUIRES at least kKeyMin bytes.
  explicit Seal(std::string key);
  // A line break at the end of the file is not part of the key. Refused: others may read it, too
  // short, too long.
  static base::Result<Seal> from_file(const std::string& path);

  bool keyed() const { return !key_.empty(); }
  // The whole line for an object whose last brace is missing; answers the hash.
  std::string close(std::string& object) const;
  // Of a line without its line feed. A keyed line is not checked without the key; see Link::keyed.
  base::Result<Link> read(std::string_view line) const;

 private:
  std::string digest(std::string_view bytes, bool keyed) const;

  std::string key_;
};

}  // namespace harrier::audit

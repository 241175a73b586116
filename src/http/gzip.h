// A body in gzip's format, chunk by chunk.
//
// Thread: confined to its connection.
// Spec:   RFC 1952.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace harrier::http {

class Gzip {
 public:
  Gzip();
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  // What can be sent of all that was given so far; with `last` the end, too. REQUIRES that nothing
  // comes behind the last.
  std::string compress(std::string_view text, bool last);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

// What a value of Accept-Encoding says of gzip.
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace harrier::http

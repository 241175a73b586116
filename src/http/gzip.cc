#include "http/gzip.h"

#include <algorithm>
#include <array>

#include <zlib.h>

#include "base/check.h"

namespace harrier::http {

struct Gzip::Stream {
  z_stream z{};
};

Gzip::Gzip() : stream_(std::make_unique<Stream>()) {
  // Level 1: names and numbers that repeat shrink to a tenth with any level. 15 + 16: gzip.
  const int made = ::deflateInit2(&stream_->z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  CHECK(made == Z_OK);
}

Gzip::~Gzip() { ::deflateEnd(&stream_->z); }

std::string Gzip::compress(std::string_view text, bool last) {
  z_stream& z = stream_->z;
  std::string compressed;
  std::array<char, 16 << 10> room;
  // zlib reads there only.
  std::string input(text);
  z.next_in = reinterpret_cast<Bytef*>(input.data());
  z.avail_in = static_cast<uInt>(input.size());
  do {
    z.next_out = reinterpret_cast<Bytef*>(room.data());
    z.avail_out = static_cast<uInt>(room.size());
    ::deflate(&z, last ? Z_FINISH : Z_SYNC_FLUSH);
    compressed.append(room.data(), room.size() - z.avail_out);
  } while (z.avail_out == 0);
  return compressed;
}

bool accepts_gzip(std::string_view accept) {
  while (!accept.empty()) {
    const std::size_t comma = accept.find(',');
    std::string_view item = accept.substr(0, comma);
    accept.remove_prefix(comma == std::string_view::npos ? accept.size() : comma + 1);
    item.remove_prefix(std::min(item.find_first_not_of(" \t"), item.size()));
    const std::string_view coding = item.substr(0, item.find_first_of("; \t"));
    if (coding != "gzip" && coding != "x-gzip") continue;
    const std::size_t q = item.find("q=");
    // Only a weight of nothing refuses it.
    return q == std::string_view::npos ||
           item.substr(q + 2).find_first_of("123456789") != std::string_view::npos;
  }
  return false;
}

}  // namespace harrier::http

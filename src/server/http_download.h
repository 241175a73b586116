// GET of a small document over HTTPS, by libcurl.
//
// Model:  one request, no redirects; the certificate and its name are always verified. Plain HTTP
//         goes to this machine's own addresses only, never through a proxy.
// Thread: any, but not a loop's: it waits.
// Errors: what libcurl says; any status but 200; a body over the limit.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace harrier::server {

struct HttpDownload {
  std::string url;
  std::string ca_file;  // empty: the system's authorities
  base::Milliseconds timeout{10'000};
  std::size_t size_max = 256 << 10;

  // Whether the URL is of a kind that get() would ask.
  base::Status<> check() const;
  // The body. Gives up within a second once `stopping` is set.
  base::Result<std::string> get(const std::atomic<bool>& stopping) const;
};

}  // namespace harrier::server

// One HTTP request for a small document, or with one, by libcurl.
//
// Model:  no redirects; with HTTPS the certificate and its name are always verified. Plain HTTP
//         goes to this machine's own addresses, or anywhere with `plain_anywhere`; never through a
//         proxy.
// Thread: any, but not a loop's: it waits.
// Errors: what libcurl says; any status but those of success; an answer over the limit.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace harrier::server {

struct HttpClient {
  std::string url;
  std::string ca_file;  // empty: the system's authorities
  base::Milliseconds timeout{10'000};
  std::size_t size_max = 256 << 10;  // of the answer
  bool plain_anywhere = false;       // what is sent and got is no secret

  // Whether the URL is of a kind that would be asked.
  base::Status<> check() const;
  // The answer's body; 200. Both give up within a second once `stopping` is set.
  base::Result<std::string> get(const std::atomic<bool>& stopping) const;
  // 200 to 299.
  base::Status<> post_json(const std::string& document, const std::atomic<bool>& stopping) const;
};

}  // namespace harrier::server

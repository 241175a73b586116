// What stands behind a listener: the port through which the HTTP server asks what to answer.
//
// Model:  admit(), when the header is there and the body not yet read: the site knows the client or
//         answers at once → the body is read → respond(), on a worker's thread. A request that is
//         no good HTTP, or that there is no room for, is answered by refuse().
// Thread: admit() and refuse(): the server's own, which they must not hold up. respond(): any
//         number of workers at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/time.h"
#include "http/message.h"

namespace harrier::http {

// What was wrong before a site could look at the request.
enum class Fault : std::uint8_t {
  kBadRequest,      // 400: no HTTP, or a target that cannot be decoded
  kHeaderTooLarge,  // 431
  kBodyTooLarge,    // 400, as RabbitMQ
  kTimeout,         // 408: the request came too slowly
  kOverloaded,      // 503: too much is waiting
  kTooSlow,         // 503: the answer took too long
  kFailed,          // 500: the site threw
};
int status_of(Fault fault);

// What a site may have done later while a request waits.
class Waiter {
 public:
  virtual ~Waiter() = default;
  // On the server's thread. After the server has stopped: never.
  virtual void post_from_any_thread(std::function<void()> task) = 0;
  // The server's thread only.
  virtual void after(base::Milliseconds span, std::function<void()> task) = 0;
};

struct Admission {
  std::optional<Response> answer;  // the request goes no further
  std::shared_ptr<const Principal> principal;
  std::uint64_t body_max = UINT64_MAX;  // where it is less than the server's
};

class Site {
 public:
  // To be called once, on the server's thread.
  using Admitted = std::function<void(Admission)>;

  virtual ~Site() = default;
  // `request` has no body yet.
  virtual void admit(const std::shared_ptr<const Request>& request, Waiter& waiter,
                     Admitted done) = 0;
  virtual Response respond(const Request& request) = 0;
  // `request`: nullptr if its header was not understood.
  virtual Response refuse(Fault fault, const Request* request) = 0;
};

}  // namespace harrier::http

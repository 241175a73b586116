// The certificates in use, and those that replace them while connections go on.
//
// Role:   Node asks for a context for each socket and has the files read again.
// Model:  one TlsContext at a time; a reload makes a new one out of all files or changes nothing.
//         Connections keep what they began with.
// Thread: synchronized by mutex_ (once per connection).
// Errors: load(): no context, and why. A failed reload keeps the old one.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "harrier/options.h"
#include "server/tls_context.h"

namespace harrier::server {

class TlsCertificates {
 public:
  // A certificate that ends within this time is worth a warning.
  static constexpr std::chrono::hours kExpiresSoon{24 * 14};

  // REQUIRES that it outlives this.
  explicit TlsCertificates(const base::Clock& clock) : clock_(clock) {}

  // Reads all files and logs what is to be said of them; for the start and for reloads.
  base::Status<> load(const TlsListenerOptions& options);
  // nullptr before the first load() that went well.
  std::shared_ptr<const TlsContext> current() const;

 private:
  const base::Clock& clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const TlsContext> current_;
};

}  // namespace harrier::server

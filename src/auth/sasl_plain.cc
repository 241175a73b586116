#include "auth/sasl_plain.h"

namespace harrier::auth {

SaslOutcome SaslPlain::step(base::Bytes response, base::MonotonicTime now) {
  const std::size_t second = response.find('\0', 1);
  const bool well_formed = !response.empty() && response.front() == '\0' &&
                           second != base::Bytes::npos &&
                           response.find('\0', second + 1) == base::Bytes::npos;
  if (!well_formed) return SaslOutcome::malformed("PLAIN response is not NUL user NUL password");
  return login_.start(response.substr(1, second - 1), response.substr(second + 1), now);
}

}  // namespace harrier::auth

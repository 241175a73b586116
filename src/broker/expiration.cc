#include "broker/expiration.h"

#include <charconv>

namespace harrier::broker {

amqp::Checked<base::Milliseconds> parse_expiration(amqp::Bytes expiration) {
  std::uint64_t milliseconds = 0;
  const char* end = expiration.data() + expiration.size();
  const auto [stopped_at, status] = std::from_chars(expiration.data(), end, milliseconds);
  if (status != std::errc() || stopped_at != end ||
      milliseconds > static_cast<std::uint64_t>(kTimeToLiveMaxMs)) {
    return amqp::refuse(amqp::ReplyCode::kPreconditionFailed,
                        "invalid expiration '" + std::string(expiration.substr(0, 64)) + "'");
  }
  return base::Milliseconds(static_cast<std::int64_t>(milliseconds));
}

}  // namespace harrier::broker

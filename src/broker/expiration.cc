#include "broker/expiration.h"

#include <charconv>

namespace harrier::broker {

amqp::Checked<base::Milliseconds> parse_expiration(amqp::Bytes expiration) {
  std::uint64_t milliseconds = 0;
  const char* end = expiration.data() + expiration.size();
  const auto [stopped_at, status] = std::from_chars(expiration.data(), end, milliseconds);
  std::string_view complaint;
  if (status == std::errc::invalid_argument) {
    complaint = "no_integer";
  } else if (stopped_at != end) {
    complaint = "leftover_string";
  } else if (status != std::errc() || milliseconds > static_cast<std::uint64_t>(kTimeToLiveMaxMs)) {
    complaint = "value_too_large";
  }
  if (!complaint.empty()) {
    return amqp::refuse(amqp::ReplyCode::kPreconditionFailed,
                        "invalid expiration '" + std::string(expiration.substr(0, 64)) +
                            "': " + std::string(complaint));
  }
  return base::Milliseconds(static_cast<std::int64_t>(milliseconds));
}

}  // namespace harrier::broker

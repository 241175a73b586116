#include "broker/expiration.h"

#include <charconv>

namespace harrier::broker {

amqp::Checked<base::Milliseconds> parse_expiration(amqp::Bytes expiration) {
  // Signed and with a sign, so that the complaint can be RabbitMQ's.
  std::int64_t milliseconds = 0;
  const char* end = expiration.data() + expiration.size();
  const auto [stopped_at, status] = std::from_chars(expiration.data(), end, milliseconds);
  std::string complaint;
  if (status == std::errc::invalid_argument) {
    complaint = "no_integer";
  } else if (stopped_at != end) {
    complaint = "{leftover_string,\"" + std::string(stopped_at, end) + "\"}";
  } else if (expiration.starts_with('-')) {
    complaint = "{value_negative," + std::string(expiration) + "}";
  } else if (status != std::errc() || milliseconds > kTimeToLiveMaxMs) {
    complaint = "{value_too_large," + std::string(expiration) + "}";
  }
  if (!complaint.empty()) {
    return amqp::refuse(
        amqp::ReplyCode::kPreconditionFailed,
        "invalid expiration '" + std::string(expiration) + "': " + complaint);
  }
  return base::Milliseconds(milliseconds);
}

}  // namespace harrier::broker

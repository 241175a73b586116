// A peer's mistake, as a value: which reply code closes what, and why.
//
// Role:   raised by amqp, broker and session; session alone turns it into channel.close or
//         connection.close. Never used for our bugs (CHECK) nor the world's failures (base::Error).
// Thread: immutable value.
// Spec:   AMQP 0-9-1 1.2: codes 311–313 and 403–406 close the channel, the others the connection.
#pragma once

#include <string>

#include "amqp/constants.h"
#include "base/result.h"

namespace harrier::amqp {

// Class and method number, as carried by every method frame and by the close methods.
struct MethodId {
  std::uint16_t class_id = 0;
  std::uint16_t method_id = 0;

  constexpr bool operator==(const MethodId&) const = default;
  constexpr std::uint32_t packed() const {
    return static_cast<std::uint32_t>(class_id) << 16 | method_id;
  }
};

enum class ErrorScope : std::uint8_t { kChannel, kConnection };

struct ProtocolError {
  ErrorScope scope = ErrorScope::kConnection;
  ReplyCode code = ReplyCode::kInternalError;
  // The detail alone: "no queue 'q' in vhost '/'".
  std::string detail;
  // The method that failed; zero where no method is to blame. Filled in by session when left zero.
  MethodId method;

  // "NOT_FOUND - no queue 'q' in vhost '/'", cut to the 255 octets of a short string.
  std::string reply_text() const;
};

// The scope follows from the code.
ErrorScope scope_of(ReplyCode code);
ProtocolError protocol_error(ReplyCode code, std::string detail, MethodId method = {});

// base::fail(protocol_error(...)), for the return statements of broker and session.
base::Failure<ProtocolError> refuse(ReplyCode code, std::string detail, MethodId method = {});

template <class T>
using Checked = base::Result<T, ProtocolError>;
using CheckedStatus = base::Status<ProtocolError>;

}  // namespace harrier::amqp

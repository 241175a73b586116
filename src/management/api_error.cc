#include "management/api_error.h"

namespace harrier::management {
namespace {

// RabbitMQ gives AMQP's text without the code's name.
ApiError refused(const server::CommandError& error) {
  if (error.code == amqp::ReplyCode::kNotFound)
    return {404, "not_found", "NOT_FOUND - " + error.message};
  if (error.code == amqp::ReplyCode::kAccessRefused) return not_authorised();
  return bad_request(error.message);
}

}  // namespace

ApiError error_of(const server::AdministrationError& error) {
  using Kind = server::AdministrationFailure;
  switch (error.kind) {
    case Kind::kNotFound: return not_found();
    case Kind::kInvalid: return bad_request(error.message);
    case Kind::kNotDurable:
    case Kind::kStopping: break;
  }
  return unavailable(error.message);
}

ApiError error_of(const server::CommandError& error) {
  using Kind = server::CommandFailure;
  switch (error.kind) {
    case Kind::kRefused: return refused(error);
    case Kind::kNoVirtualHost: return not_found();
    case Kind::kNotDurable:
    case Kind::kHeld:
    case Kind::kUnavailable:
    case Kind::kGivenUp: break;
  }
  return unavailable(error.message);
}

}  // namespace harrier::management

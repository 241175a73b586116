#include "management/api_error.h"

namespace harrier::management {
namespace {

ApiError refused(const server::CommandError& error) {
  switch (error.code) {
    case amqp::ReplyCode::kNotFound: return not_found();
    case amqp::ReplyCode::kAccessRefused:
      return {401, "not_authorised", "ACCESS_REFUSED - " + error.message};
    case amqp::ReplyCode::kPreconditionFailed:
      return bad_request("PRECONDITION_FAILED - " + error.message);
    case amqp::ReplyCode::kResourceLocked: return bad_request("RESOURCE_LOCKED - " + error.message);
    case amqp::ReplyCode::kNotAllowed: return bad_request("NOT_ALLOWED - " + error.message);
    case amqp::ReplyCode::kResourceError: return bad_request("RESOURCE_ERROR - " + error.message);
    default: return bad_request(error.message);
  }
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

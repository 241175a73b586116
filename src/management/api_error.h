// A request that is answered with an error, in RabbitMQ's form: {"error": "...", "reason": "..."}.
//
// Role:   thrown by handlers, made an answer by Api. It does not leave this layer.
// Thread: plain value.
// Spec:   docs/reference/http-api.md, "Errors".
#pragma once

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "server/administrative_change.h"
#include "server/command.h"

namespace harrier::management {

class ApiError {
 public:
  ApiError(int status, std::string error, std::string reason)
      : status_(status), error_(std::move(error)), reason_(std::move(reason)) {}

  int status() const { return status_; }
  nlohmann::json body() const { return {{"error", error_}, {"reason", reason_}}; }
  const std::string& reason() const { return reason_; }

 private:
  int status_;
  std::string error_;
  std::string reason_;
};

inline ApiError bad_request(std::string reason) { return {400, "bad_request", std::move(reason)}; }
inline ApiError not_found() { return {404, "Object Not Found", "Not Found"}; }
inline ApiError not_authorised() { return {401, "not_authorised", "Access refused."}; }
inline ApiError unavailable(std::string reason) {
  return {503, "service_unavailable", std::move(reason)};
}

ApiError error_of(const server::AdministrationError& error);
ApiError error_of(const server::CommandError& error);

// The value, or the error thrown.
template <class T, class E>
T value_of(base::Result<T, E> result) {
  if (!result.ok()) throw error_of(result.error());
  return std::move(result).value();
}
template <class E>
void check(const base::Status<E>& status) {
  if (!status.ok()) throw error_of(status.error());
}

}  // namespace harrier::management

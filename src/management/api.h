// The management API: from a request to its answer.
//
// Role:   the site behind the management listeners.
// Model:  admit(): path → route → login → rights; respond(): the route's handler on a worker.
//         Probes, preflights and unknown paths are answered at once.
// Thread: as http::Site says; all members are immutable or synchronized.
// Errors: RabbitMQ's statuses and JSON; what a handler did not foresee is 500, and logged.
// Spec:   docs/reference/http-api.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/site.h"
#include "management/login.h"
#include "management/ports.h"
#include "management/route.h"

namespace harrier::management {

class Api final : public http::Site {
 public:
  // REQUIRES that all that `ports` names outlives it.
  explicit Api(Ports ports);

  // Before the server starts.
  Ports& ports() { return ports_; }
  base::Status<> set_administrators_group(const std::string& name) {
    return login_.set_group(name);
  }

  void admit(const std::shared_ptr<const http::Request>& request, http::Waiter& waiter,
             Admitted done) override;
  http::Response respond(const http::Request& request) override;
  http::Response refuse(http::Fault fault, const http::Request* request) override;

 private:
  struct Passage;

  // nullopt: the path is not below the prefix.
  std::optional<std::vector<std::string>> below_prefix(const http::Request& request) const;
  http::Response run(const Call& call) const;
  http::Response finished(http::Response response, const http::Request* request) const;
  http::Response error(const ApiError& error, const http::Request* request) const;
  http::Response preflight(const Router::Match& match, const http::Request& request) const;
  std::optional<http::Response> probe(const std::vector<std::string>& segments) const;
  // Throws ApiError.
  void check_rights(const Visitor& visitor, const Router::Match& match) const;
  http::Admission judge(const std::shared_ptr<const http::Request>& request, LoginResult result,
                        std::shared_ptr<const Visitor> visitor, Router::Match match);
  const std::string* allowed_origin(const http::Request& request) const;

  Ports ports_;
  const Router router_;
  Login login_;
  std::vector<std::string> prefix_;
};

}  // namespace harrier::management

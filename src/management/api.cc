#include "management/api.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "management/web_page.h"
#include "metrics/probes.h"

namespace harrier::management {
namespace {

using http::Response;

constexpr const char* kChallenge = "Basic realm=\"HarrierMQ Management\"";

const Visitor& nobody() {
  static const Visitor kNobody{broker::Actor{}};
  return kNobody;
}

std::string joined(const std::vector<std::string_view>& methods) {
  std::string text;
  for (const std::string_view method : methods) {
    if (method == "GET") text.append("HEAD, ");
    text.append(method).append(", ");
  }
  return text.append("OPTIONS");
}

}  // namespace

// What admit() found out, for respond().
struct Api::Passage final : http::Principal {
  std::shared_ptr<const Visitor> visitor;
  Router::Match match;
};

Api::Api(Ports ports)
    : ports_(std::move(ports)), router_(all_routes()), login_(ports_.node, ports_.clock) {
  if (auto target = http::Target::parse(ports_.options.management.path_prefix + "/"))
    prefix_ = std::move(target->segments);
}

std::optional<std::vector<std::string>> Api::below_prefix(const http::Request& request) const {
  std::vector<std::string> segments = request.target.segments;
  if (segments.size() < prefix_.size() ||
      !std::equal(prefix_.begin(), prefix_.end(), segments.begin()))
    return std::nullopt;
  segments.erase(segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(prefix_.size()));
  return segments;
}

void Api::admit(const std::shared_ptr<const http::Request>& request, http::Waiter& waiter,
                Admitted done) {
  const auto answer = [&](Response response) {
    done({finished(std::move(response), request.get()), nullptr});
  };
  const auto segments = below_prefix(*request);
  if (!segments) return answer(error(not_found(), request.get()));
  if (auto probed = probe(*segments)) return answer(*std::move(probed));
  if (auto page = web_page(*request, *segments)) return answer(*std::move(page));
  Router::Match match = router_.find(request->method, *segments);
  if (request->method == "OPTIONS") return answer(preflight(match, *request));
  if (match.methods.empty()) return answer(error(not_found(), request.get()));
  if (match.route == nullptr) {
    Response response = error({405, "method_not_allowed", "Method Not Allowed"}, request.get());
    return answer(std::move(response.set("allow", joined(match.methods))));
  }
  if (match.route->need == Need::kNothing)
    return done(judge(request, LoginResult::kAccepted, nullptr, std::move(match)));
  login_.run(*request, waiter,
             [this, request, match = std::move(match), done = std::move(done)](
                 LoginResult result, std::shared_ptr<const Visitor> visitor) {
               done(judge(request, result, std::move(visitor), match));
             });
}

http::Admission Api::judge(const std::shared_ptr<const http::Request>& request, LoginResult result,
                           std::shared_ptr<const Visitor> visitor, Router::Match match) {
  const auto answer = [&](const ApiError& reason) {
    return http::Admission{error(reason, request.get()), nullptr};
  };
  if (result == LoginResult::kMissing) {
    Response response;
    response.status = 401;
    response.set("www-authenticate", kChallenge);
    return {finished(std::move(response), request.get()), nullptr};
  }
  if (!ports_.node.ready()) return answer(unavailable("The node is starting."));
  if (result == LoginResult::kRefused) {
    ++ports_.counters.logins_refused;
    return answer({401, "not_authorized", "Login failed"});
  }
  if (visitor != nullptr) {
    ++ports_.counters.logins_accepted;
    try {
      check_rights(*visitor, match);
    } catch (const ApiError& refused) {
      if (refused.status() == 401) ++ports_.counters.requests_refused;
      return answer(refused);
    }
  }
  const std::uint64_t body_max = match.route->body_max;
  auto passage = std::make_shared<Passage>();
  passage->visitor = std::move(visitor);
  passage->match = std::move(match);
  return {std::nullopt, std::move(passage), body_max};
}

void Api::check_rights(const Visitor& visitor, const Router::Match& match) const {
  bool may = visitor.is_user();
  switch (match.route->need) {
    case Need::kNothing:
    case Need::kUser:
    case Need::kHost: break;
    case Need::kPolicies: may = visitor.is_policymaker(); break;
    case Need::kMonitor: may = visitor.is_monitor(); break;
    case Need::kAdministrator: may = visitor.is_administrator(); break;
  }
  if (!may) throw not_authorised();
}

http::Response Api::respond(const http::Request& request) {
  const auto& passage = static_cast<const Passage&>(*request.principal);
  const Visitor& visitor = passage.visitor ? *passage.visitor : nobody();
  const Router::Match& match = passage.match;
  const Call call(request, visitor, *match.route, match.parameters, ports_);
  try {
    const Need need = match.route->need;
    if ((need == Need::kHost || need == Need::kPolicies) && match.virtual_host >= 0) {
      const std::string& host = call.parameter(static_cast<std::size_t>(match.virtual_host));
      call.check_virtual_host(host);
      // Who may look everywhere may not change anything everywhere.
      const bool changes =
          need == Need::kHost && request.method != "GET" && request.method != "HEAD";
      if (!(changes ? call.may_enter(host) : call.may_see(host))) throw not_authorised();
    }
    return finished(match.route->handler(call), &request);
  } catch (const ApiError& refused) {
    if (refused.status() == 401) ++ports_.counters.requests_refused;
    return error(refused, &request);
  }
}

http::Response Api::refuse(http::Fault fault, const http::Request* request) {
  using http::Fault;
  const int status = status_of(fault);
  switch (fault) {
    case Fault::kBadRequest: return error({status, "bad_request", "malformed request"}, request);
    case Fault::kHeaderTooLarge:
      return error({status, "bad_request", "the request's header is too large"}, request);
    case Fault::kBodyTooLarge:
      return error({status, "bad_request", "Exceeded HTTP request body size limit"}, request);
    case Fault::kTimeout:
      return error({status, "request_timeout", "the request came too slowly"}, request);
    case Fault::kOverloaded:
      return error({status, "service_unavailable", "too many requests are waiting"}, request);
    case Fault::kTooSlow:
      return error({status, "service_unavailable", "the answer took too long"}, request);
    case Fault::kFailed: break;
  }
  return error({status, "internal_server_error", "Internal Server Error"}, request);
}

Response Api::error(const ApiError& error, const http::Request* request) const {
  return finished(json_answer(error.body(), error.status()), request);
}

// ---- headers

// nullptr: a page of its origin may not read the answer.
const std::string* Api::allowed_origin(const http::Request& request) const {
  const auto& allowed = ports_.options.management.cors.allow_origins;
  const std::string* const origin = request.find("origin");
  if (origin == nullptr || allowed.empty()) return nullptr;
  for (const std::string& one : allowed)
    if (one == *origin || one == "*") return &one;
  return nullptr;
}

Response Api::finished(Response response, const http::Request* request) const {
  if (std::any_of(response.fields.begin(), response.fields.end(),
                  [](const auto& field) { return field.first == "server"; }))
    return response;
  const auto has = [&](std::string_view name) {
    return std::any_of(response.fields.begin(), response.fields.end(),
                       [&](const auto& field) { return field.first == name; });
  };
  response.set("server", "HarrierMQ");
  response.set("vary", "accept, accept-encoding, origin");
  if (!has("cache-control")) response.set("cache-control", "no-cache");
  response.set("content-security-policy", ports_.options.management.content_security_policy);
  response.set("x-content-type-options", "nosniff");
  response.set("x-frame-options", "DENY");
  response.set("referrer-policy", "no-referrer");
  const std::string* const origin = request == nullptr ? nullptr : allowed_origin(*request);
  if (origin == nullptr) return response;
  response.set("access-control-allow-origin", *origin);
  // To everybody's pages credentials are not sent.
  if (*origin != "*") response.set("access-control-allow-credentials", "true");
  return response;
}

Response Api::preflight(const Router::Match& match, const http::Request& request) const {
  const bool whole = request.target.path == "*";
  if (match.methods.empty() && !whole) return error(not_found(), &request);
  Response response;
  const std::string methods = joined(match.methods);
  response.set("allow", methods);
  if (allowed_origin(request) == nullptr) return response;
  response.set("access-control-allow-methods", methods);
  response.set("access-control-allow-headers", "authorization, content-type, x-reason");
  response.set("access-control-max-age",
               std::to_string(ports_.options.management.cors.max_age.count()));
  return response;
}

std::optional<Response> Api::probe(const std::vector<std::string>& segments) const {
  if (segments.size() != 1) return std::nullopt;
  if (segments.front() == "livez") return metrics::livez(ports_.node);
  if (segments.front() == "readyz") return metrics::readyz(ports_.node);
  return std::nullopt;
}

}  // namespace harrier::management

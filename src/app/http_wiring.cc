#include "app/http_wiring.h"

#include <utility>

namespace harrier::app {
namespace {

http::Limits limits_of(const Options& options) {
  const HttpLimitOptions& given = options.http;
  http::Limits limits;
  limits.workers = given.workers;
  limits.waiting_max = given.waiting_max;
  limits.connections_max = given.connections_max;
  limits.header_size_max = static_cast<std::uint32_t>(given.header_size_max);
  limits.body_size_max = options.management.max_body_size;
  limits.bodies_size_max = given.bodies_size_max;
  limits.header_timeout = given.header_timeout;
  limits.idle_timeout = given.idle_timeout;
  limits.body_timeout = given.body_timeout;
  limits.answer_timeout = given.answer_timeout;
  limits.stall_timeout = given.stall_timeout;
  return limits;
}

Outcome failed(const char* what, const base::Error& error) {
  return Failure{FailureKind::kCannotListen, std::string(what) + ": " + error.message};
}

}  // namespace

HttpWiring::HttpWiring(const Options& options, server::Node& node, const base::Clock& clock)
    : options_(options),
      metrics_login_(node, clock),
      metrics_site_(node, clock, options.metrics, authorize_monitors()),
      api_(management::Ports{.node = node,
                             .options = options,
                             .clock = clock,
                             .started = clock.now(),
                             .counters = counters_}),
      certificates_(clock),
      server_(limits_of(options)) {
  metrics_site_.add_http({&server_, &counters_});
}

metrics::MetricsSite::Authorize HttpWiring::authorize_monitors() {
  using Access = metrics::MetricsSite::Access;
  using management::LoginResult;
  return [this](const std::shared_ptr<const http::Request>& request, http::Waiter& waiter,
                std::function<void(Access)> told) {
    metrics_login_.run(
        *request, waiter,
        [this, told = std::move(told)](LoginResult result,
                                       const std::shared_ptr<const management::Visitor>& visitor) {
          if (result == LoginResult::kMissing) return told(Access::kNoCredentials);
          ++(visitor != nullptr ? counters_.logins_accepted : counters_.logins_refused);
          const bool allowed = visitor != nullptr && visitor->is_monitor();
          told(allowed ? Access::kAllowed : Access::kRefused);
        });
  };
}

Outcome HttpWiring::start() {
  if (auto known = api_.set_administrators_group(options_.management.administrators_group); !known)
    return Failure{FailureKind::kBadOptions, known.error().message};
  for (const auto listen : {&HttpWiring::listen_metrics, &HttpWiring::listen_management,
                            &HttpWiring::listen_management_tls, &HttpWiring::listen_unix})
    if (Outcome listening = (this->*listen)(); !listening) return listening;
  server_.start();
  return {};
}

Outcome HttpWiring::listen_metrics() {
  const MetricsOptions& metrics = options_.metrics;
  if (!metrics.enabled) return {};
  const auto port = server_.listen(metrics.bind, metrics.port, metrics_site_);
  if (!port) return failed("metrics", port.error());
  metrics_port_ = *port;
  api_.ports().places.push_back({"http/prometheus", metrics.bind, *port});
  return {};
}

Outcome HttpWiring::listen_management() {
  const ManagementOptions& management = options_.management;
  if (!management.enabled) return {};
  const auto port = server_.listen(management.bind, management.port, api_);
  if (!port) return failed("management", port.error());
  management_port_ = *port;
  api_.ports().places.push_back({"http", management.bind, *port});
  return {};
}

Outcome HttpWiring::listen_management_tls() {
  const TlsListenerOptions& tls = options_.management.tls;
  if (!options_.management.enabled || !tls.enabled) return {};
  if (auto loaded = certificates_.load(tls); !loaded)
    return Failure{FailureKind::kBadOptions, "management.tls: " + loaded.error().message};
  const auto choose = [this] {
    auto context = certificates_.current();
    return http::TlsChoice{context->default_context(), context};
  };
  const auto port = server_.listen(tls.bind, tls.port, api_, choose);
  if (!port) return failed("management.tls", port.error());
  management_tls_port_ = *port;
  api_.ports().places.push_back({"https", tls.bind, *port});
  return {};
}

Outcome HttpWiring::listen_unix() {
  const UnixListenerOptions& place = options_.management.unix_socket;
  if (!options_.management.enabled || place.path.empty()) return {};
  auto file = server::UnixSocketFile::open(place.path, place.mode);
  if (!file) return failed("management.unix", file.error());
  unix_file_ = std::move(file).value();
  server_.listen_unix(unix_file_->take_descriptor(), api_);
  return {};
}

base::Status<> HttpWiring::reload(const Options& options) {
  if (management_tls_port_ == 0) return base::Done();
  return certificates_.load(options.management.tls);
}

void HttpWiring::stop() {
  if (unix_file_) unix_file_->remove();
  server_.stop();
  management_port_ = management_tls_port_ = metrics_port_ = 0;
}

}  // namespace harrier::app

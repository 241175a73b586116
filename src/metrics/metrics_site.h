// The site on the metrics port: the pages of metrics, /livez and /readyz; everything else is 404 or
// 405.
//
// Role:   app gives it to a listener, and says who may read the pages.
// Model:  /metrics and /metrics/memory-breakdown are made whole: they have families and loops, no
//         objects. /metrics/per-object and /metrics/detailed are made while they are sent
//         (ObjectPage).
// Thread: as http::Site says. Walks of objects hold a worker, never a loop for longer than a slice.
// Errors: a regular expression that is none: 400. A page of metrics that is not known: 404. What
//         cannot be made: 500.
// Limits: one answer of /metrics/per-object and detailed_scrapes_max of /metrics/detailed at one
//         time: 503. A regular expression as base::Pattern limits it: 400.
// Spec:   RabbitMQ's paths and words.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "harrier/options.h"
#include "http/site.h"
#include "metrics/exposition.h"
#include "metrics/selection.h"
#include "server/node.h"

namespace harrier::metrics {

class MetricsSite final : public http::Site {
 public:
  enum class Access : std::uint8_t { kAllowed, kNoCredentials, kRefused };
  // Whether who asks may read; told on the server's thread, now or later.
  using Authorize = std::function<void(const std::shared_ptr<const http::Request>& request,
                                       http::Waiter& waiter, std::function<void(Access)> told)>;

  // `authorize` is asked with MetricsOptions::authentication. REQUIRES that the node and the clock
  // outlive it.
  MetricsSite(server::Node& node, const base::Clock& clock, const MetricsOptions& options,
              Authorize authorize);

  // What else it tells of. Before the server starts. REQUIRES that they outlive it.
  void add_http(HttpSources http) { exposition_.add_http(http); }

  void admit(const std::shared_ptr<const http::Request>& request, http::Waiter& waiter,
             Admitted done) override;
  http::Response respond(const http::Request& request) override;
  http::Response refuse(http::Fault fault, const http::Request* request) override;

 private:
  using Count = std::shared_ptr<std::atomic<std::uint32_t>>;

  base::Result<Selection> selection_of(const http::Request& request, Endpoint endpoint) const;
  http::Response whole(const Selection& selection) const;
  http::Response by_object(Selection selection) const;
  // nullptr: as many as may be are there.
  std::shared_ptr<void> place(Endpoint endpoint) const;

  server::Node& node_;
  const base::Clock& clock_;
  const MetricsOptions options_;
  const Authorize authorize_;
  Exposition exposition_;
  // Answers that are being made.
  const Count per_object_;
  const Count detailed_;
};

}  // namespace harrier::metrics

// The site on the metrics port: GET /metrics, /livez, /readyz; everything else is 404 or 405.
//
// Role:   app gives it to a listener. It knows no login and holds no lock that a loop waits for.
// Thread: as http::Site says.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "http/site.h"
#include "server/node.h"

namespace harrier::metrics {

class MetricsSite final : public http::Site {
 public:
  // `text` is called for each scrape, on any worker's thread. REQUIRES that `node` outlives it.
  MetricsSite(const server::Node& node, std::function<std::string()> text)
      : node_(node), text_(std::move(text)) {}

  void admit(const std::shared_ptr<const http::Request>& request, http::Waiter& waiter,
             Admitted done) override;
  http::Response respond(const http::Request& request) override;
  http::Response refuse(http::Fault fault, const http::Request* request) override;

 private:
  const server::Node& node_;
  const std::function<std::string()> text_;
};

}  // namespace harrier::metrics

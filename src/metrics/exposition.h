// The text of /metrics: families built from the owners' counters at the moment of the scrape.
//
// Role:   names and types as RabbitMQ's exporter where it has them, `harriermq_` for the rest, so
//         that the dashboards people run keep working. Aggregated: no series per virtual host,
//         queue or connection, and no work for them either.
// Thread: compatible; reads counters of running loops.
// Errors: prometheus-cpp's exceptions end here: an empty text.
#pragma once

#include <string>
#include <vector>

#include <prometheus/collectable.h>

#include "base/clock.h"
#include "metrics/family.h"
#include "server/node.h"

namespace harrier::metrics {

// What prometheus expects as Content-Type, to the letter.
inline constexpr char kContentType[] = "text/plain; version=0.0.4; charset=utf-8";

class Exposition final : public prometheus::Collectable {
 public:
  // REQUIRES that both outlive it. Uptime counts from here.
  Exposition(const server::Node& node, const base::Clock& clock);

  std::string text() const;
  // Those that have a sample.
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const server::Node& node_;
  const base::Clock& clock_;
  const base::Now started_;
};

}  // namespace harrier::metrics

// The text of /metrics: families built from the owners' counters at the moment of the scrape.
//
// Role:   names and types as RabbitMQ's exporter where it has them, `harriermq_` for the rest, so
//         that the dashboards people run keep working. Aggregated: no series per queue or
//         connection.
// Thread: compatible; reads counters of running loops.
// Errors: prometheus-cpp's exceptions end here: an empty text.
#pragma once

#include <string>

#include "base/clock.h"
#include "server/node.h"

namespace harrier::metrics {

// What prometheus expects as Content-Type, to the letter.
inline constexpr char kContentType[] = "text/plain; version=0.0.4; charset=utf-8";

class Exposition {
 public:
  // REQUIRES that both outlive it. Uptime counts from here.
  Exposition(const server::Node& node, const base::Clock& clock);

  std::string text() const;

 private:
  const server::Node& node_;
  const base::Clock& clock_;
  const base::Now started_;
};

}  // namespace harrier::metrics

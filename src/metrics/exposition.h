// What the pages of metrics say of the node as a whole: families built from the owners' counters at
// the moment of the scrape.
//
// Role:   names and types as RabbitMQ's exporter where it has them, `harriermq_` for the rest, so
//         that the dashboards people run keep working. No series per virtual host, queue or
//         connection, and no work for queues and connections either.
// Thread: compatible; reads counters of running loops.
// Errors: prometheus-cpp's exceptions end here: an empty text.
#pragma once

#include <string>
#include <vector>

#include <prometheus/collectable.h>

#include "base/clock.h"
#include "metrics/family.h"
#include "metrics/http_sources.h"
#include "metrics/scrape_statistics.h"
#include "metrics/selection.h"
#include "server/node.h"

namespace harrier::metrics {

// What prometheus expects as Content-Type, to the letter.
inline constexpr char kContentType[] = "text/plain; version=0.0.4; charset=utf-8";

class Exposition final : public prometheus::Collectable {
 public:
  // REQUIRES that both outlive it. Uptime counts from here.
  Exposition(const server::Node& node, const base::Clock& clock);

  // Before the first page. REQUIRES that they outlive it.
  void add_http(HttpSources http) { http_ = http; }

  // /metrics.
  std::string text() const { return text({}); }
  // What `selection` wants of the node as a whole; the rest is ObjectPage's.
  std::string text(const Selection& selection) const;
  // Those that have a sample, of /metrics.
  std::vector<prometheus::MetricFamily> Collect() const override { return collect({}); }
  ScrapeStatistics& scrapes() const { return scrapes_; }

 private:
  std::vector<prometheus::MetricFamily> collect(const Selection& selection) const;

  const server::Node& node_;
  const base::Clock& clock_;
  const base::Now started_;
  HttpSources http_;
  mutable ScrapeStatistics scrapes_;  // synchronized
};

}  // namespace harrier::metrics

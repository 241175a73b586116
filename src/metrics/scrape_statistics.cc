#include "metrics/scrape_statistics.h"

#include <string>

namespace harrier::metrics {

ScrapeStatistics::ScrapeStatistics() {
  auto& seconds =
      prometheus::BuildSummary().Name("telemetry_scrape_duration_seconds").Register(registry_);
  auto& bytes = prometheus::BuildSummary().Name("telemetry_scrape_size_bytes").Register(registry_);
  auto& refused =
      prometheus::BuildCounter().Name("harriermq_scrapes_refused_total").Register(registry_);
  for (const Endpoint endpoint : kEndpoints) {
    const std::map<std::string, std::string> label = {{"registry", std::string(name_of(endpoint))}};
    const prometheus::Summary::Quantiles none;
    counts_[endpoint] = {&seconds.Add(label, none), &bytes.Add(label, none), &refused.Add(label)};
  }
}

void ScrapeStatistics::count(Endpoint endpoint, double seconds, double bytes) {
  const Counts& counts = counts_.at(endpoint);
  counts.seconds->Observe(seconds);
  counts.bytes->Observe(bytes);
}

void ScrapeStatistics::count_refusal(Endpoint endpoint) {
  counts_.at(endpoint).refused->Increment();
}

}  // namespace harrier::metrics

#include "metrics/family.h"

#include <array>
#include <limits>

namespace harrier::metrics {

void Samples::add_histogram(std::span<const double> bounds, std::span<const std::uint64_t> counts,
                            double sum, Labels labels) {
  auto& histogram = next(labels).histogram;
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i != counts.size(); ++i) {
    cumulative += counts[i];
    const double bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({cumulative, bound});
  }
  histogram.sample_count = cumulative;
  histogram.sample_sum = sum;
}

void Samples::copy(const std::vector<prometheus::MetricFamily>& families) {
  for (const prometheus::MetricFamily& family : families)
    if (family.name == family_.name) family_.metric = family.metric;
}

std::span<const FamilyGroup> family_groups() {
  static const std::array<FamilyGroup, 16> groups = {
      identity_families(), scrape_families(),  node_families(),     object_families(),
      sum_families(),      message_families(), login_families(),    limit_families(),
      audit_families(),    loop_families(),    listener_families(), tls_families(),
      http_families(),     alarm_families(),   store_families(),    tracing_families()};
  return groups;
}

}  // namespace harrier::metrics

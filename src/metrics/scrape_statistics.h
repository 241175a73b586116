// What the pages themselves count: how long they took, how large they were, which were refused.
//
// Role:   the one part of metrics that owns what it counts, so it is a prometheus-cpp registry;
//         everything else is counted by its owners and only read.
// Thread: synchronized (prometheus-cpp's own locks); never on a loop.
#pragma once

#include <map>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

#include "metrics/selection.h"

namespace harrier::metrics {

class ScrapeStatistics {
 public:
  ScrapeStatistics();

  void count(Endpoint endpoint, double seconds, double bytes);
  void count_refusal(Endpoint endpoint);
  std::vector<prometheus::MetricFamily> collect() const { return registry_.Collect(); }

 private:
  struct Counts {
    prometheus::Summary* seconds;
    prometheus::Summary* bytes;
    prometheus::Counter* refused;
  };

  prometheus::Registry registry_;
  std::map<Endpoint, Counts> counts_;
};

}  // namespace harrier::metrics

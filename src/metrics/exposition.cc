#include "metrics/exposition.h"

#include <exception>

#include "base/log.h"
#include "metrics/text_writer.h"

namespace harrier::metrics {

Exposition::Exposition(const server::Node& node, const base::Clock& clock)
    : node_(node), clock_(clock), started_(clock.now()) {}

std::vector<prometheus::MetricFamily> Exposition::Collect() const {
  const NodeReading reading(node_, started_, clock_.now(), "aggregated");
  std::vector<prometheus::MetricFamily> collected;
  for (const FamilyGroup& group : family_groups()) {
    for (const Family& family : group.families) {
      prometheus::MetricFamily samples{family.name, family.help, family.type, {}};
      Samples into(samples);
      family.collect(reading, into);
      if (!samples.metric.empty()) collected.push_back(std::move(samples));
    }
  }
  return collected;
}

std::string Exposition::text() const {
  try {
    std::string text;
    TextWriter writer(text);
    for (const prometheus::MetricFamily& family : Collect())
      writer.write(family);
    return text;
  } catch (const std::exception& exception) {
    base::log_error("metrics", exception.what());
    return {};
  }
}

}  // namespace harrier::metrics

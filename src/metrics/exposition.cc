#include "metrics/exposition.h"

#include <exception>
#include <utility>

#include "base/log.h"
#include "metrics/text_writer.h"

namespace harrier::metrics {
namespace {

bool is_on_every_page(const FamilyGroup& group) {
  return group.families.data() == identity_families().families.data() ||
         group.families.data() == scrape_families().families.data();
}

std::vector<FamilyGroup> groups_of(Endpoint endpoint) {
  if (endpoint == Endpoint::kMemoryBreakdown)
    return {identity_families(), scrape_families(), memory_families()};
  std::vector<FamilyGroup> groups;
  for (const FamilyGroup& group : family_groups()) {
    const bool sums = group.families.data() == sum_families().families.data();
    if (endpoint == Endpoint::kAggregated || !sums) groups.push_back(group);
  }
  return groups;
}

}  // namespace

Exposition::Exposition(const server::Node& node, const base::Clock& clock)
    : node_(node), clock_(clock), started_(clock.now()) {}

std::vector<prometheus::MetricFamily> Exposition::collect(const Selection& selection) const {
  const NodeReading reading(node_, started_, clock_.now(), selection.endpoint, scrapes_.collect(),
                            http_);
  std::vector<prometheus::MetricFamily> collected;
  for (const FamilyGroup& group : groups_of(selection.endpoint)) {
    for (const Family& family : group.families) {
      // Only these have no name in /metrics/detailed and are there all the same.
      const bool always = is_on_every_page(group);
      if (!always && !selection.wants(family.detailed)) continue;
      const std::string name = always ? family.name : name_on(selection.endpoint, family.name);
      prometheus::MetricFamily samples{name, family.help, family.type, {}};
      Samples into(samples);
      family.collect(reading, into);
      if (!samples.metric.empty()) collected.push_back(std::move(samples));
    }
  }
  return collected;
}

std::string Exposition::text(const Selection& selection) const {
  try {
    std::string text;
    TextWriter writer(text);
    for (const prometheus::MetricFamily& family : collect(selection))
      writer.write(family);
    return text;
  } catch (const std::exception& exception) {
    base::log_error("metrics", exception.what());
    return {};
  }
}

}  // namespace harrier::metrics

// A family of metrics of the whole node: what it is called, what it means, and how it is read.
//
// Role:   rows of the tables in *_families.cc. The pages write them (Exposition), the reference in
//         docs/ is made from them (reference.h), so that neither can have what the other has not.
// Model:  a row that adds no sample is not written: what is not configured has no metrics.
// Thread: immutable; collect() where the reading is.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

#include "metrics/node_reading.h"

namespace harrier::metrics {

using prometheus::MetricType;

// Takes the samples of one family.
class Samples {
 public:
  using Labels = std::initializer_list<std::pair<const char*, std::string>>;

  explicit Samples(prometheus::MetricFamily& family) : family_(family) {}

  void add(double value, Labels labels = {}) {
    prometheus::ClientMetric& metric = next(labels);
    // Which of them counts is the family's type's.
    metric.gauge.value = metric.counter.value = value;
  }
  // `counts` has one more than `bounds`: those above all of them. Not cumulative.
  void add_histogram(std::span<const double> bounds, std::span<const std::uint64_t> counts,
                     double sum, Labels labels = {});
  // What one thread has counted, with bounds and sum divided by `unit`.
  template <class Histogram>
  void add_histogram(const Histogram& counted, double unit, Labels labels = {}) {
    std::vector<std::uint64_t> counts;
    for (std::size_t i = 0; i != Histogram::kClasses; ++i)
      counts.push_back(counted.count_in(i));
    add_histogram(bounds_in(Histogram::kBounds, unit), counts,
                  static_cast<double>(counted.sum()) / unit, labels);
  }
  static std::vector<double> bounds_in(std::span<const std::uint64_t> bounds, double unit) {
    std::vector<double> in_unit;
    for (const std::uint64_t bound : bounds)
      in_unit.push_back(static_cast<double>(bound) / unit);
    return in_unit;
  }
  // Those of the family of this name.
  void copy(const std::vector<prometheus::MetricFamily>& families);

 private:
  prometheus::ClientMetric& next(Labels labels) {
    prometheus::ClientMetric& metric = family_.metric.emplace_back();
    for (const auto& [name, value] : labels)
      metric.label.push_back({name, value});
    return metric;
  }

  prometheus::MetricFamily& family_;
};

struct Family {
  const char* name;
  MetricType type;
  const char* help;  // a sentence or two, also for the reference
  void (*collect)(const NodeReading& node, Samples& samples);
  // The names of its labels, with commas.
  const char* labels = "";
  // By which name /metrics/detailed has it, if it has: RabbitMQ's word.
  const char* detailed = nullptr;
};

// Families of one subject: a section of the reference.
struct FamilyGroup {
  const char* title;
  const char* preface;  // in Markdown
  std::span<const Family> families;
};

// On every page.
FamilyGroup identity_families();
FamilyGroup scrape_families();
FamilyGroup node_families();
FamilyGroup object_families();
// What a page per object has otherwise.
FamilyGroup sum_families();
FamilyGroup message_families();
FamilyGroup login_families();
FamilyGroup limit_families();
FamilyGroup audit_families();
FamilyGroup loop_families();
FamilyGroup listener_families();
FamilyGroup tls_families();
FamilyGroup http_families();
FamilyGroup alarm_families();
FamilyGroup store_families();
FamilyGroup tracing_families();
// On a page of their own.
FamilyGroup memory_families();

// Those of /metrics, in its order.
std::span<const FamilyGroup> family_groups();

}  // namespace harrier::metrics

// Writes families of metrics in Prometheus's text format, into a string that the caller sends on.
//
// Role:   used by the pages of metrics. The families are prometheus-cpp's; its serializer is not
//         used: it writes `le` as 100 and 1000000, where RabbitMQ's dashboards ask for 100.0 and
//         1e+06.
// Model:  family() → sample() … sample() → the next family(). HELP and TYPE are written with the
//         first sample: a family without samples leaves no trace.
// Thread: confined to its caller.
// Limits: none of its own; whoever writes many samples looks at size() and sends in between.
// Spec:   Prometheus's text exposition format, version 0.0.4.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>

namespace harrier::metrics {

struct Label {
  std::string_view name;
  std::string_view value;
};

// A number as a sample has it: whole numbers without exponent, else the shortest that reads back
// the same; NaN, +Inf, -Inf.
std::string number_text(double number);
// A bound as `le` has it in Prometheus 3 and Go: 100.0, 1e+06, +Inf.
std::string bound_text(double bound);
// What stands between the braces, without them: vhost="/",queue="a\"b".
std::string label_text(std::initializer_list<Label> labels);

class TextWriter {
 public:
  explicit TextWriter(std::string& out) : out_(out) {}

  // REQUIRES that the views live until the last sample of the family.
  // `begun`: HELP and TYPE are out, by another writer.
  void family(std::string_view name, prometheus::MetricType type, std::string_view help,
              bool begun = false);
  // `labels` as label_text() has them; `suffix` is "_sum" and its like, of a histogram.
  void sample(std::string_view labels, double value, std::string_view suffix = {});
  // `counts` has one more than `bounds`, and is not cumulative.
  void histogram(std::string_view labels, std::span<const double> bounds,
                 std::span<const std::uint64_t> counts, double sum);
  // A whole family with all its samples.
  void write(const prometheus::MetricFamily& family);

  std::size_t size() const { return out_.size(); }

 private:
  void write_histogram(const std::string& labels, const prometheus::ClientMetric::Histogram& value);
  void write_bucket(std::string_view labels, double bound, double count);

  std::string& out_;
  std::string_view name_;
  std::string_view help_;
  prometheus::MetricType type_ = prometheus::MetricType::Untyped;
  bool begun_ = false;
  std::string scratch_;
};

}  // namespace harrier::metrics

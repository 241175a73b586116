#include "metrics/text_writer.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace harrier::metrics {
namespace {

// Below it every whole number is a double of its own.
constexpr double kWholeMax = 9007199254740992.0;

// `quotes`: in a label's value, not in HELP.
void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char character : text) {
    if (character == '\\') {
      out += "\\\\";
    } else if (character == '\n') {
      out += "\\n";
    } else if (character == '"' && quotes) {
      out += "\\\"";
    } else {
      out += character;
    }
  }
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += ',';
  out.append(name).append("=\"");
  append_escaped(out, value, true);
  out += '"';
}

void append_number(std::string& out, double number) {
  if (std::isnan(number)) {
    out += "NaN";
  } else if (std::isinf(number)) {
    out += number > 0 ? "+Inf" : "-Inf";
  } else {
    char digits[32];
    const bool whole = std::trunc(number) == number && std::fabs(number) < kWholeMax;
    const auto end =
        whole ? std::to_chars(digits, digits + sizeof digits, static_cast<std::int64_t>(number))
              : std::to_chars(digits, digits + sizeof digits, number);
    out.append(digits, end.ptr);
  }
}

const char* type_text(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter: return "counter";
    case prometheus::MetricType::Gauge: return "gauge";
    case prometheus::MetricType::Summary: return "summary";
    case prometheus::MetricType::Histogram: return "histogram";
    case prometheus::MetricType::Untyped: break;
  }
  return "untyped";
}

}  // namespace

std::string number_text(double number) {
  std::string text;
  append_number(text, number);
  return text;
}

std::string bound_text(double bound) {
  if (std::isinf(bound)) return bound > 0 ? "+Inf" : "-Inf";
  char digits[64];
  const auto scientific =
      std::to_chars(digits, digits + sizeof digits, bound, std::chars_format::scientific);
  std::string text(digits, scientific.ptr);
  const int exponent = std::stoi(text.substr(text.find('e') + 1));
  if (exponent < -4 || exponent >= 6) return text;
  const auto fixed = std::to_chars(digits, digits + sizeof digits, bound, std::chars_format::fixed);
  text.assign(digits, fixed.ptr);
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

std::string label_text(std::initializer_list<Label> labels) {
  std::string text;
  for (const Label& label : labels)
    append_label(text, label.name, label.value);
  return text;
}

void TextWriter::family(std::string_view name, prometheus::MetricType type, std::string_view help,
                        bool begun) {
  name_ = name;
  type_ = type;
  help_ = help;
  begun_ = begun;
}

void TextWriter::sample(std::string_view labels, double value, std::string_view suffix) {
  if (!begun_) {
    out_.append("# HELP ").append(name_) += ' ';
    append_escaped(out_, help_, false);
    out_.append("\n# TYPE ").append(name_).append(" ").append(type_text(type_)) += '\n';
    begun_ = true;
  }
  out_.append(name_).append(suffix);
  if (!labels.empty()) out_.append("{").append(labels) += '}';
  out_ += ' ';
  append_number(out_, value);
  out_ += '\n';
}

void TextWriter::write(const prometheus::MetricFamily& family) {
  this->family(family.name, family.type, family.help);
  std::string labels;
  for (const prometheus::ClientMetric& metric : family.metric) {
    labels.clear();
    for (const auto& label : metric.label)
      append_label(labels, label.name, label.value);
    switch (family.type) {
      case prometheus::MetricType::Counter: sample(labels, metric.counter.value); break;
      case prometheus::MetricType::Histogram: write_histogram(labels, metric.histogram); break;
      case prometheus::MetricType::Untyped: sample(labels, metric.untyped.value); break;
      case prometheus::MetricType::Summary:  // ours have no quantiles
        sample(labels, metric.summary.sample_sum, "_sum");
        sample(labels, static_cast<double>(metric.summary.sample_count), "_count");
        break;
      case prometheus::MetricType::Gauge: sample(labels, metric.gauge.value); break;
    }
  }
}

void TextWriter::write_histogram(const std::string& labels,
                                 const prometheus::ClientMetric::Histogram& value) {
  for (const auto& bucket : value.bucket)
    write_bucket(labels, bucket.upper_bound, static_cast<double>(bucket.cumulative_count));
  if (value.bucket.empty() || !std::isinf(value.bucket.back().upper_bound))
    write_bucket(labels, std::numeric_limits<double>::infinity(),
                 static_cast<double>(value.sample_count));
  sample(labels, value.sample_sum, "_sum");
  sample(labels, static_cast<double>(value.sample_count), "_count");
}

void TextWriter::histogram(std::string_view labels, std::span<const double> bounds,
                           std::span<const std::uint64_t> counts, double sum) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i != counts.size(); ++i) {
    count += counts[i];
    write_bucket(labels, i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity(),
                 static_cast<double>(count));
  }
  sample(labels, sum, "_sum");
  sample(labels, static_cast<double>(count), "_count");
}

void TextWriter::write_bucket(std::string_view labels, double bound, double count) {
  scratch_.assign(labels).append(labels.empty() ? "le=\"" : ",le=\"");
  scratch_.append(bound_text(bound)) += '"';
  sample(scratch_, count, "_bucket");
}

}  // namespace harrier::metrics

#include "metrics/text_writer.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace harrier::metrics {
namespace {

using prometheus::MetricType;

TEST(NumberText, WholeNumbersHaveNoExponent) {
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(-7), "-7");
  EXPECT_EQ(number_text(1e6), "1000000");
  EXPECT_EQ(number_text(9007199254740991.0), "9007199254740991");
  EXPECT_EQ(number_text(63044399104.0), "63044399104");
}

TEST(NumberText, FractionsReadBackTheSame) {
  for (const double number : {0.1, 16.489, 1.8e-5, 1.0 / 3, 1e300})
    EXPECT_EQ(std::stod(number_text(number)), number);
  EXPECT_EQ(number_text(2.5), "2.5");
}

TEST(NumberText, WhatIsNoNumberHasPrometheusNames) {
  EXPECT_EQ(number_text(std::nan("")), "NaN");
  EXPECT_EQ(number_text(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(number_text(-std::numeric_limits<double>::infinity()), "-Inf");
}

// The dashboards of RabbitMQ ask for these to the letter.
TEST(BoundText, IsWhatPrometheus3Writes) {
  EXPECT_EQ(bound_text(100), "100.0");
  EXPECT_EQ(bound_text(1e3), "1000.0");
  EXPECT_EQ(bound_text(1e5), "100000.0");
  EXPECT_EQ(bound_text(1e6), "1e+06");
  EXPECT_EQ(bound_text(1e7), "1e+07");
  EXPECT_EQ(bound_text(5e7), "5e+07");
  EXPECT_EQ(bound_text(1e8), "1e+08");
  EXPECT_EQ(bound_text(0.005), "0.005");
  EXPECT_EQ(bound_text(0.0001), "0.0001");
  EXPECT_EQ(bound_text(0.00005), "5e-05");
  EXPECT_EQ(bound_text(2.5), "2.5");
  EXPECT_EQ(bound_text(std::numeric_limits<double>::infinity()), "+Inf");
}

TEST(LabelText, EscapesWhatCouldEndAValue) {
  EXPECT_EQ(label_text({}), "");
  EXPECT_EQ(label_text({{"vhost", "/"}, {"queue", "a\"} 1\n\\"}}),
            "vhost=\"/\",queue=\"a\\\"} 1\\n\\\\\"");
}

TEST(TextWriter, HelpAndTypeStandOnceBeforeTheFirstSample) {
  std::string text;
  TextWriter writer(text);
  writer.family("a_total", MetricType::Counter, "What \"a\" is\nand \\ is");
  writer.sample({}, 1);
  writer.sample("of=\"b\"", 2);
  EXPECT_EQ(text,
            "# HELP a_total What \"a\" is\\nand \\\\ is\n# TYPE a_total counter\n"
            "a_total 1\na_total{of=\"b\"} 2\n");
}

TEST(TextWriter, FamilyWithoutSamplesLeavesNoTrace) {
  std::string text;
  TextWriter writer(text);
  writer.family("a", MetricType::Gauge, "A");
  writer.family("b", MetricType::Gauge, "B");
  writer.sample({}, 1);
  EXPECT_EQ(text, "# HELP b B\n# TYPE b gauge\nb 1\n");
}

TEST(TextWriter, HistogramEndsWithInfinitySumAndCount) {
  prometheus::MetricFamily family{"h", "H", MetricType::Histogram, {}};
  prometheus::ClientMetric metric;
  metric.label = {{"protocol", "amqp091"}};
  metric.histogram.bucket = {{3, 100}, {4, 1e6}};
  metric.histogram.sample_count = 5;
  metric.histogram.sample_sum = 2000500;
  family.metric.push_back(metric);
  std::string text;
  TextWriter(text).write(family);
  EXPECT_EQ(text,
            "# HELP h H\n# TYPE h histogram\n"
            "h_bucket{protocol=\"amqp091\",le=\"100.0\"} 3\n"
            "h_bucket{protocol=\"amqp091\",le=\"1e+06\"} 4\n"
            "h_bucket{protocol=\"amqp091\",le=\"+Inf\"} 5\n"
            "h_sum{protocol=\"amqp091\"} 2000500\nh_count{protocol=\"amqp091\"} 5\n");
}

}  // namespace
}  // namespace harrier::metrics

#include "perf/figures.h"

#include <limits>

#include <gtest/gtest.h>

namespace harrier::perf {
namespace {

TEST(Figures, AreOneObjectInTheOrderOfFilling) {
  Figures figures;
  figures.text("workload", "load").count("messages", 7).real("rate", 1234567.0).flag("tls", false);
  EXPECT_EQ(figures.json(),
            R"({"workload": "load", "messages": 7, "rate": 1.23457e+06, "tls": false})");
}

TEST(Figures, WhatWasNotMeasuredIsNull) {
  Figures figures;
  figures.count("flushes", std::optional<std::uint64_t>())
      .real("cpu", std::optional<double>())
      .real("ratio", std::numeric_limits<double>::infinity());
  EXPECT_EQ(figures.json(), R"({"flushes": null, "cpu": null, "ratio": null})");
  EXPECT_EQ(figures.lines(), "");
}

TEST(Figures, TextIsEscaped) {
  Figures figures;
  figures.text("id", "a\"b\\c\nd");
  EXPECT_EQ(figures.json(), R"({"id": "a\"b\\cd"})");
}

TEST(Figures, ADistributionHasItsPercentiles) {
  Histogram times;
  for (std::uint64_t i = 1; i <= 100; ++i)
    times.record(i);  // exact: a bucket each
  Figures figures;
  figures.distribution("latency", times);
  EXPECT_EQ(figures.json(),
            R"({"latency_min_us": 0.001, "latency_p50_us": 0.05, "latency_p75_us": 0.075, )"
            R"("latency_p95_us": 0.095, "latency_p99_us": 0.099, "latency_p999_us": 0.1, )"
            R"("latency_max_us": 0.1, "latency_count": 100})");
  Figures none;
  none.distribution("latency", Histogram());
  EXPECT_NE(none.json().find(R"("latency_p50_us": null)"), std::string::npos);
  EXPECT_NE(none.json().find(R"("latency_count": 0)"), std::string::npos);
}

}  // namespace
}  // namespace harrier::perf

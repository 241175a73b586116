// Every figure of a run, for programs as one object of JSON and for people as lines.
//
// Role:   a workload fills one and hands it to its caller as its last act, so that a result is
//         whole or absent.
// Model:  a flat object in the order of filling; what could not be measured is null, never left
//         out, so that a reader can tell "not measured" from "an older program".
// Thread: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "perf/histogram.h"

namespace harrier::perf {

class Figures {
 public:
  Figures& text(std::string_view name, std::string_view value);
  Figures& count(std::string_view name, std::uint64_t value);
  Figures& count(std::string_view name, std::optional<std::uint64_t> value);
  // Six significant digits; null if it is not finite, as a ratio to nothing is.
  Figures& real(std::string_view name, double value);
  Figures& real(std::string_view name, std::optional<double> value);
  Figures& flag(std::string_view name, bool value);
  // <prefix>_min_us, _p50_us, _p75_us, _p95_us, _p99_us, _p999_us, _max_us and _count: null and 0
  // without a sample.
  Figures& distribution(const std::string& prefix, const Histogram& times);

  std::string json() const;
  // "name: value" lines, without what is null.
  std::string lines() const;

 private:
  void add(std::string_view name, std::string encoded);

  std::vector<std::pair<std::string, std::string>> fields_;  // the value as JSON
};

}  // namespace harrier::perf

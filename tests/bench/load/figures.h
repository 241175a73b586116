// One line of JSON with every figure of a run, and the percentiles that go into it.
//
// Role:   each mode makes one JsonLine and prints it as its last act, so that a line is whole or
//         absent.
// Model:  a flat object; what could not be measured is null, never left out, so that a reader can
//         tell "not measured" from "an older program".
// Thread: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace harrier::bench {

class JsonLine {
 public:
  JsonLine& text(std::string_view name, std::string_view value);
  JsonLine& count(std::string_view name, std::uint64_t value);
  JsonLine& count(std::string_view name, std::optional<std::uint64_t> value);
  // Six significant digits; null if it is not finite, as a ratio to nothing is.
  JsonLine& real(std::string_view name, double value);
  JsonLine& real(std::string_view name, std::optional<double> value);
  JsonLine& flag(std::string_view name, bool value);
  void print() const;

 private:
  void add(std::string_view name, std::string_view encoded);
  std::string fields_;
};

// Adds <prefix>_p50_us, _p95_us, _p99_us, _max_us and _count. All null, count 0, without a sample.
void add_distribution(JsonLine& line, const std::string& prefix,
                      std::vector<std::uint64_t> nanoseconds);
// REQUIRES sorted, not empty.
double percentile_us(const std::vector<std::uint64_t>& sorted_nanoseconds, double percent);

}  // namespace harrier::bench

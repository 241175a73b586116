#include "perf/progress.h"

#include <cstring>

#include "perf/clock.h"

namespace harrier::perf {
namespace {

double rate(std::uint64_t count, double seconds) { return per_second(count, seconds).value_or(0); }

void append_rate(std::string& text, const char* what, std::uint64_t count, double seconds) {
  char part[80];
  std::snprintf(part, sizeof part, ", %s: %.0f msg/s", what, rate(count, seconds));
  text += part;
}

unsigned long long microseconds(std::uint64_t nanoseconds) { return nanoseconds / 1000; }

constexpr char kHeader[] =
    "time_s,sent_per_s,confirmed_per_s,nacked_per_s,returned_per_s,received_per_s,"
    "latency_min_us,latency_p50_us,latency_p75_us,latency_p95_us,latency_p99_us,latency_p999_us,"
    "latency_max_us,confirm_min_us,confirm_p50_us,confirm_p75_us,confirm_p95_us,confirm_p99_us,"
    "confirm_p999_us,confirm_max_us\n";

// Empty columns where there is nothing.
void append_times(std::string& row, const Histogram& times) {
  if (times.empty()) {
    row += ",,,,,,,";
    return;
  }
  char part[32];
  const auto add = [&](std::uint64_t value) {
    std::snprintf(part, sizeof part, ",%.1f", static_cast<double>(value) / 1000);
    row += part;
  };
  add(times.min());
  for (const double percent : {50.0, 75.0, 95.0, 99.0, 99.9})
    add(times.percentile(percent));
  add(times.max());
}

}  // namespace

std::FILE* people_stream(const Options& options) {
  return options.json_file == "-" ? stderr : stdout;
}

std::string describe_latency(const Histogram& times) {
  char text[160];
  std::snprintf(text, sizeof text, "min/median/75th/95th/99th %llu/%llu/%llu/%llu/%llu µs",
                microseconds(times.min()), microseconds(times.percentile(50)),
                microseconds(times.percentile(75)), microseconds(times.percentile(95)),
                microseconds(times.percentile(99)));
  return text;
}

Progress::Progress(const Options& options) : options_(options), people_(people_stream(options)) {
  if (options.csv_file.empty()) return;
  csv_.reset(std::fopen(options.csv_file.c_str(), "w"));
  if (!csv_ || std::fputs(kHeader, csv_.get()) < 0)
    throw LoadError("cannot write " + options.csv_file);
}

void Progress::begin(const Totals& totals) {
  passed_s_ += seconds(last_elapsed_);
  last_ = totals;
  last_elapsed_ = {};
}

void Progress::observe(const Totals& since_start, Clock::duration elapsed) {
  const Totals step = since_start.since(last_);
  const double step_s = seconds(elapsed - last_elapsed_);
  const double at = passed_s_ + seconds(elapsed);
  last_ = since_start;
  last_elapsed_ = elapsed;
  if (!options_.quiet) write_line(step, step_s, at);
  if (csv_) write_row(step, step_s, at);
}

void Progress::write_line(const Totals& step, double seconds, double at) const {
  char start[300];
  std::snprintf(start, sizeof start, "id: %.200s, time %.3f s", options_.id.c_str(), at);
  std::string text = start;
  if (options_.producers > 0) append_rate(text, "sent", step.sent, seconds);
  if (options_.confirm) append_rate(text, "confirmed", step.confirmed, seconds);
  if (step.nacked > 0) append_rate(text, "nacked", step.nacked, seconds);
  if (step.returned > 0) append_rate(text, "returned", step.returned, seconds);
  if (options_.consumers > 0) append_rate(text, "received", step.received, seconds);
  if (!step.latency.empty()) text += ", " + describe_latency(step.latency);
  if (!step.confirm_latency.empty()) text += ", confirm " + describe_latency(step.confirm_latency);
  std::fprintf(people_, "%s\n", text.c_str());
  std::fflush(people_);
}

void Progress::write_row(const Totals& step, double seconds, double at) const {
  char start[200];
  std::snprintf(start, sizeof start, "%.3f,%.1f,%.1f,%.1f,%.1f,%.1f", at, rate(step.sent, seconds),
                rate(step.confirmed, seconds), rate(step.nacked, seconds),
                rate(step.returned, seconds), rate(step.received, seconds));
  std::string row = start;
  append_times(row, step.latency);
  append_times(row, step.confirm_latency);
  row += '\n';
  if (std::fputs(row.c_str(), csv_.get()) < 0 || std::fflush(csv_.get()) != 0)
    throw LoadError("cannot write " + options_.csv_file);
}

}  // namespace harrier::perf

// Settings of tracing; see docs/operations/tracing.md.
//
// Role: part of Options.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace harrier {

struct TracingOptions {
  bool enabled = false;
  // Where the collector takes OTLP over HTTP, as JSON.
  std::string endpoint = "http://127.0.0.1:4318/v1/traces";
  std::string ca_file;
  std::string service_name = "harriermq";
  // Of the traces that their publishers sample.
  double ratio = 1.0;
  // Followed at a time in each virtual host.
  std::uint32_t messages_max = 10'000;
  // Spans that wait for the collector.
  std::uint32_t queue_max = 20'000;
  std::uint32_t batch_max = 512;
  std::chrono::milliseconds batch_delay{1'000};
  std::chrono::milliseconds timeout{10'000};

  bool operator==(const TracingOptions&) const = default;
};

}  // namespace harrier

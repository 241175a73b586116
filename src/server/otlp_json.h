// Spans as OTLP's ExportTraceServiceRequest in JSON.
//
// Thread: pure functions.
// Spec:   OpenTelemetry Protocol 1.x, "JSON Protobuf Encoding"; semantic conventions for messaging.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "broker/span.h"

namespace harrier::server {

// What all spans of a node have in common.
struct SpanResource {
  std::string service_name;
  std::string instance;  // the node's name
};

// What is no UTF-8 in names is replaced.
std::string otlp_json(std::span<const broker::Span> spans, const SpanResource& resource);

}  // namespace harrier::server

// The trace that a message belongs to, as its publisher names it in the header `traceparent`.
//
// Thread: plain values, pure functions.
// Spec:   W3C Trace Context 1, section 3.2.2; docs/operations/tracing.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "amqp/field_table.h"

namespace harrier::broker {

using TraceId = std::array<std::uint8_t, 16>;
using SpanId = std::array<std::uint8_t, 8>;

struct TraceContext {
  TraceId trace{};
  SpanId parent{};
  bool sampled = false;

  bool operator==(const TraceContext&) const = default;
};

// Nothing for what is no traceparent: a wrong length or version, upper case, a number of zeros.
// A later version than 00 may have more behind it.
std::optional<TraceContext> parse_traceparent(base::Bytes text);
// Of these headers, if it is there and a string.
std::optional<TraceContext> trace_context(amqp::TableView headers);

}  // namespace harrier::broker

// What becomes of the spans of traced messages.
#include "metrics/family.h"
#include "server/span_exporter.h"

namespace harrier::metrics {
namespace {

using server::SpanCounters;

template <auto counter>
void span_counter(const NodeReading& reading, Samples& samples) {
  if (const auto tracing = reading.node().tracing())
    samples.add(static_cast<double>((tracing->counters->*counter).load(std::memory_order_relaxed)));
}

constexpr Family kTracing[] = {
    {"harriermq_tracing_spans_sent_total", MetricType::Counter,
     "Spans that the collector has taken.", span_counter<&SpanCounters::sent>},
    {"harriermq_tracing_spans_lost_total", MetricType::Counter,
     "Spans that the collector did not take.", span_counter<&SpanCounters::lost_unsent>},
    {"harriermq_tracing_spans_dropped_total", MetricType::Counter,
     "Spans for which tracing.queue_max left no room.", span_counter<&SpanCounters::lost_unqueued>},
    {"harriermq_tracing_messages_abandoned_total", MetricType::Counter,
     "Messages that are no longer followed, for tracing.messages_max others are.",
     span_counter<&SpanCounters::abandoned>},
    {"harriermq_tracing_spans_waiting", MetricType::Gauge, "Spans that wait for the collector.",
     [](const NodeReading& reading, Samples& samples) {
       if (const auto tracing = reading.node().tracing())
         samples.add(static_cast<double>(tracing->waiting));
     }}};

}  // namespace

FamilyGroup tracing_families() {
  return {"Tracing", "With [tracing](../operations/tracing.md) only.", kTracing};
}

}  // namespace harrier::metrics

// What the pages cost, and what the memory is used for.
#include "metrics/family.h"

namespace harrier::metrics {
namespace {

double value(std::uint64_t number) { return static_cast<double>(number); }

// Counted by ScrapeStatistics, under the same names.
constexpr char kDuration[] = "telemetry_scrape_duration_seconds";
constexpr char kSize[] = "telemetry_scrape_size_bytes";
constexpr char kRefused[] = "harriermq_scrapes_refused_total";

constexpr Family kScrapes[] = {
    {kDuration, MetricType::Summary, "How long answers took until their last byte was made.",
     [](const NodeReading& n, Samples& s) { s.copy(n.scrapes()); }, "registry"},
    {kSize, MetricType::Summary, "How large they were, before compression.",
     [](const NodeReading& n, Samples& s) { s.copy(n.scrapes()); }, "registry"},
    {kRefused, MetricType::Counter,
     "Answers refused with 503, since as many of their kind were being made.",
     [](const NodeReading& n, Samples& s) { s.copy(n.scrapes()); }, "registry"}};

constexpr Family kMemory[] = {
    {"rabbitmq_memory_rss_bytes", MetricType::Gauge, "Resident memory of the process.",
     [](const NodeReading& n, Samples& s) { s.add(n.process().resident_bytes); }},
    {"rabbitmq_memory_allocated_bytes", MetricType::Gauge, "What the allocator has given out.",
     [](const NodeReading& n, Samples& s) { s.add(n.allocator().used_bytes); }},
    {"rabbitmq_memory_allocated_unused_bytes", MetricType::Gauge,
     "What it holds, of the system's, and has not given out.",
     [](const NodeReading& n, Samples& s) { s.add(n.allocator().free_bytes); }},
    {"rabbitmq_memory_binary_bytes", MetricType::Gauge,
     "Messages that count against `memory.cache`.",
     [](const NodeReading& n, Samples& s) {
       if (n.store()) s.add(value(n.store()->resident_bytes));
     }},
    {"harriermq_memory_arena_bytes", MetricType::Gauge,
     "What the allocator took from the system for small blocks.",
     [](const NodeReading& n, Samples& s) { s.add(n.allocator().arena_bytes); }},
    {"harriermq_memory_mapped_bytes", MetricType::Gauge,
     "What it took for large blocks, each for itself.",
     [](const NodeReading& n, Samples& s) { s.add(n.allocator().mapped_bytes); }},
    {"harriermq_memory_releasable_bytes", MetricType::Gauge,
     "What it could give back to the system now.",
     [](const NodeReading& n, Samples& s) { s.add(n.allocator().top_bytes); }}};

}  // namespace

FamilyGroup scrape_families() { return {"Scrapes", "On every page.", kScrapes}; }
FamilyGroup memory_families() {
  return {"Memory breakdown",
          "On `/metrics/memory-breakdown` only: to answer, each arena of the allocator is locked "
          "while its free blocks are counted.",
          kMemory};
}

}  // namespace harrier::metrics

// What journal, runs and checkpoints do, and what the start found.
#include <atomic>

#include "metrics/family.h"

namespace harrier::metrics {
namespace {

using V = server::StoreView;
using D = journal::DiskCounters;
using F = journal::FlushCounters;

template <auto member>
void store_number(const NodeReading& node, Samples& samples) {
  if (node.store()) samples.add(static_cast<double>((*node.store()).*member));
}

void collect_segments(const NodeReading& node, Samples& samples) {
  if (!node.store()) return;
  const journal::JournalUsage& journal = node.store()->journal;
  samples.add(journal.segments_used, {{"state", "used"}});
  samples.add(journal.segments - journal.segments_used, {{"state", "free"}});
}

double value(const std::atomic<std::uint64_t>& counter) {
  return static_cast<double>(counter.load(std::memory_order_relaxed));
}
using Calls = journal::DiskCounters::Calls;

// Of the calls `calls` on the disk: `member`, divided by `unit`.
template <auto calls, auto member, int unit = 1>
void disk_calls(const NodeReading& node, Samples& samples) {
  if (node.store()) samples.add(value(node.store()->disk->*calls.*member) / unit);
}
constexpr int kNano = 1'000'000'000;

template <auto histogram>
void flushes(const NodeReading& node, Samples& samples, double unit) {
  if (!node.store()) return;
  const auto& counted = node.store()->flush_counters->*histogram;
  samples.add_histogram(counted, unit);
}

constexpr Family kFamilies[] = {
    {"rabbitmq_io_read_ops_total", MetricType::Counter, "Reads from disk.",
     disk_calls<&D::reads, &Calls::count>, "", "node_persister_metrics"},
    {"rabbitmq_io_read_bytes_total", MetricType::Counter, "Bytes read from disk.",
     disk_calls<&D::reads, &Calls::bytes>, "", "node_persister_metrics"},
    {"rabbitmq_io_read_time_seconds_total", MetricType::Counter, "How long that took.",
     disk_calls<&D::reads, &Calls::nanoseconds, kNano>, "", "node_persister_metrics"},
    {"rabbitmq_io_write_ops_total", MetricType::Counter, "Writes to disk.",
     disk_calls<&D::writes, &Calls::count>, "", "node_persister_metrics"},
    {"rabbitmq_io_write_bytes_total", MetricType::Counter, "Bytes written to disk.",
     disk_calls<&D::writes, &Calls::bytes>, "", "node_persister_metrics"},
    {"rabbitmq_io_write_time_seconds_total", MetricType::Counter, "How long that took.",
     disk_calls<&D::writes, &Calls::nanoseconds, kNano>, "", "node_persister_metrics"},
    {"rabbitmq_io_sync_ops_total", MetricType::Counter, "Times a file was made safe on disk.",
     disk_calls<&D::syncs, &Calls::count>, "", "node_persister_metrics"},
    {"rabbitmq_io_sync_time_seconds_total", MetricType::Counter, "How long that took.",
     disk_calls<&D::syncs, &Calls::nanoseconds, kNano>, "", "node_persister_metrics"},
    {"harriermq_journal_flush_seconds", MetricType::Histogram,
     "How long flushes of the journal took, writing and syncing.",
     [](const NodeReading& n, Samples& s) { flushes<&F::duration_us>(n, s, 1e6); }},
    {"harriermq_journal_flush_records", MetricType::Histogram,
     "How many records each flush made safe: the larger, the more publishers share its cost.",
     [](const NodeReading& n, Samples& s) { flushes<&F::records>(n, s, 1); }},
    {"harriermq_journal_flush_bytes", MetricType::Histogram, "How many bytes each flush wrote.",
     [](const NodeReading& n, Samples& s) { flushes<&F::bytes>(n, s, 1); }},
    {"harriermq_journal_segment_bytes", MetricType::Gauge,
     "The size of one segment, all of which exist from the start.",
     [](const NodeReading& n, Samples& s) {
       if (n.store()) s.add(static_cast<double>(n.store()->segment_bytes));
     }},
    {"harriermq_journal_flushes_total", MetricType::Counter,
     "Times the journal was made safe on disk; each confirms a group of messages.",
     store_number<&V::flushes>},
    {"harriermq_journal_segments", MetricType::Gauge,
     "Segments `used` and `free`: from half used on messages move to runs.", collect_segments,
     "state"},
    {"harriermq_journal_pending_bytes", MetricType::Gauge,
     "Bytes of records not yet written; publishers are held above `journal.pending_max`.",
     [](const NodeReading& n, Samples& s) {
       if (n.store()) s.add(static_cast<double>(n.store()->journal.pending_bytes));
     }},
    {"harriermq_store_resident_bytes", MetricType::Gauge,
     "Memory of messages that count against `memory.cache`.", store_number<&V::resident_bytes>},
    {"harriermq_store_runs", MetricType::Gauge, "Files with messages outside the journal.",
     store_number<&V::runs>},
    {"harriermq_store_run_bytes", MetricType::Gauge, "The bytes of these files.",
     store_number<&V::run_bytes>},
    {"harriermq_store_run_dead_bytes", MetricType::Gauge,
     "Of these, about what belongs to settled messages in files that are still needed: merging "
     "gives it back.",
     store_number<&V::dead_run_bytes>},
    {"harriermq_store_spilled_messages_total", MetricType::Counter, "Messages written to runs.",
     store_number<&V::spilled_messages>},
    {"harriermq_store_spilled_bytes_total", MetricType::Counter, "Bytes written to runs.",
     store_number<&V::spilled_bytes>},
    {"harriermq_store_merges_total", MetricType::Counter,
     "Files written by merging in place of older ones.", store_number<&V::merges>},
    {"harriermq_store_merged_bytes_total", MetricType::Counter,
     "The bytes of these files when they were written: what merging costs the disk.",
     store_number<&V::merged_bytes>},
    {"harriermq_store_read_bytes_total", MetricType::Counter, "Bytes read back from runs.",
     store_number<&V::read_bytes>},
    {"harriermq_store_damaged_blocks_total", MetricType::Counter,
     "Blocks of runs that could not be read. Above 0: look at the disk.",
     store_number<&V::damaged_blocks>},
    {"harriermq_store_checkpoints_total", MetricType::Counter,
     "Cycles of checkpoints that have ended.", store_number<&V::checkpoints>},
    {"harriermq_store_checkpoint_generation", MetricType::Gauge, "The newest checkpoint; 0: none.",
     store_number<&V::checkpoint_generation>},
    {"harriermq_recovery_records", MetricType::Gauge,
     "Records of the journal that the start read back.",
     [](const NodeReading& n, Samples& s) {
       if (n.store()) s.add(static_cast<double>(n.store()->recovery.journal.records));
     }},
    {"harriermq_recovery_torn_bytes", MetricType::Gauge,
     "Bytes behind the journal's last whole batch at the start.",
     [](const NodeReading& n, Samples& s) {
       if (n.store()) s.add(static_cast<double>(n.store()->recovery.journal.torn_bytes));
     }},
    {"harriermq_recovery_clean", MetricType::Gauge,
     "1 when the process before ended in an orderly way.", [](const NodeReading& n, Samples& s) {
       if (n.store()) s.add(n.store()->recovery.journal.clean);
     }}};

}  // namespace

FamilyGroup store_families() {
  return {"The store", "There when `data_dir` is set and recovery has ended.", kFamilies};
}

}  // namespace harrier::metrics

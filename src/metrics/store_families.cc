// What journal, runs and checkpoints do, and what the start found.
#include "metrics/family.h"

namespace harrier::metrics {
namespace {

using V = server::StoreView;

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

constexpr Family kFamilies[] = {
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

#include "server/store_view.h"

namespace harrier::server {

StoreView read_store(store::Store& store, std::size_t loops) {
  StoreView view;
  view.journal = store.journal_usage();
  view.flushes = store.flushes().value();
  view.flush_counters = &store.flush_counters();
  view.runs = store.run_count();
  view.run_bytes = store.run_bytes();
  view.checkpoints = store.checkpointer().cycles();
  view.checkpoint_generation = store.checkpointer().generation();
  for (std::size_t index = 0; index != loops; ++index) {
    const store::LoopStore& loop = store.loop(index);
    view.resident_bytes += loop.resident_bytes().value();
    view.spilled_messages += loop.spiller().spilled_messages().value();
    view.spilled_bytes += loop.spiller().spilled_bytes().value();
    view.merges += loop.merger().merges().value();
    view.merged_bytes += loop.merger().merged_bytes().value();
    view.dead_run_bytes += loop.dead_run_bytes().value();
    view.read_bytes += loop.pager().read_bytes().value();
    view.damaged_blocks += loop.pager().damaged_blocks().value();
  }
  view.recovery = store.recovery();
  return view;
}

}  // namespace harrier::server

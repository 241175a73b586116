#include "journal/flush_schedule.h"

namespace harrier::journal {

ScheduledWork next_work(const FlushState& state, base::Milliseconds idle_delay) {
  constexpr base::MonotonicTime kAtOnce{};
  if (state.stopped) return {Work::kStop, kAtOnce};
  if (state.pending && !state.no_segment) {
    if (state.urgent || state.pending_bytes > kPendingBytesMax) return {Work::kFlush, kAtOnce};
    return {Work::kFlush, state.pending_since + idle_delay};
  }
  if (state.unproven && !state.no_seal) return {Work::kSeal, state.last_commit + idle_delay};
  return {};
}

}  // namespace harrier::journal

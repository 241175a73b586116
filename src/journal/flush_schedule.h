// When the flusher has something to do: a pure function of what there is to do.
//
// Model:  waited for → at once. Much pending → at once. Else `idle_delay` after the first pending
//         record. Nothing pending, and a commit that no later batch proves → a seal `idle_delay`
//         after the commit. Without a free segment nothing but a seal, until one is released.
// Thread: immutable values.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace harrier::journal {

// More pending than this is flushed though nobody waits.
inline constexpr std::uint64_t kPendingBytesMax = 1 << 20;

struct FlushState {
  bool stopped = false;
  bool pending = false;
  bool urgent = false;      // somebody waits for what is pending
  bool no_segment = false;  // the last flush found no free one
  bool no_seal = false;     // nor did the last seal
  bool unproven = false;    // the newest records on disk have no later watermark
  std::uint64_t pending_bytes = 0;
  base::MonotonicTime pending_since{};
  base::MonotonicTime last_commit{};
};

enum class Work : std::uint8_t { kNothing, kFlush, kSeal, kStop };

struct ScheduledWork {
  Work what = Work::kNothing;
  base::MonotonicTime at = base::kNever;  // due from then on; kNothing is never due
};

ScheduledWork next_work(const FlushState& state, base::Milliseconds idle_delay);

}  // namespace harrier::journal

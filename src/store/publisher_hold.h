// When publishers must wait for the journal: it is nearly full, or too much waits to be written.
//
// Role:   the store looks at the journal after every flush, every seal and every release of
//         segments; server's gate acts on it.
// Model:  each reason closes at its threshold and opens again well below it, so that it does not
//         flutter. The last eighth of the segments is for settles, deletions and checkpoints.
// Thread: synchronized by mutex_, which guards the two flags; the callback runs inside it. The
//         journal is read inside it, too: else a loop that was interrupted between reading and
//         deciding would hold publishers for what has been flushed meanwhile, and nobody would
//         look again.
// Spec:   ruling B3.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>

#include "journal/journal.h"

namespace harrier::store {

enum class HoldReason : std::uint8_t { kJournalFull, kJournalBacklog };

class PublisherHold {
 public:
  using Changed = std::function<void(HoldReason reason, bool held)>;

  PublisherHold(std::uint64_t pending_bytes_max, Changed changed)
      : pending_bytes_max_(pending_bytes_max), changed_(std::move(changed)) {}

  void look_at(const journal::Journal& journal) {
    const std::lock_guard lock(mutex_);
    const journal::JournalUsage usage = journal.usage();
    const std::uint64_t used = std::uint64_t{usage.segments_used} * 8;
    const std::uint64_t all = usage.segments;
    set(HoldReason::kJournalFull, full_, full_ ? used > all * 5 : used > all * 6);
    set(HoldReason::kJournalBacklog, backlog_,
        usage.pending_bytes > (backlog_ ? pending_bytes_max_ / 2 : pending_bytes_max_));
  }

 private:
  void set(HoldReason reason, bool& flag, bool held) {
    if (flag == held) return;
    flag = held;
    if (changed_) changed_(reason, held);
  }

  const std::uint64_t pending_bytes_max_;
  const Changed changed_;
  std::mutex mutex_;
  bool full_ = false;
  bool backlog_ = false;
};

}  // namespace harrier::store

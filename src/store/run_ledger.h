// How much of each run a loop's queues still need.
//
// Role:       the queues of a loop tell it when extents come, lose messages and go; RunMerger asks
//             it what is worth rewriting. No queue is ever walked for that.
// Model:      one line for each run with an extent of recorded messages. A run is sparse while less
//             than 30 % of what was written into it is alive.
// Invariants: it says what a recount of all extents would say.
// Cost:       O(log runs) for each change.
// Thread:     confined(broker).
// Spec:       ruling A2.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>

#include "base/check.h"
#include "store/run_file.h"

namespace harrier::store {

class RunLedger {
 public:
  struct Use {
    std::shared_ptr<const RunFile> file;
    std::uint64_t live = 0;  // messages
    std::uint64_t extents = 0;
    std::uint64_t extent_bytes = 0;  // of those extents, dead or alive
    // Which look found it sparse first; 0: it is not.
    std::uint64_t sparse_since = 0;

    bool sparse() const { return live * 10 < file->entry_count() * 3; }
    // About what rewriting it would give back.
    std::uint64_t dead_bytes() const {
      const std::uint64_t written = file->entry_count();
      return written == 0 ? 0 : file->file_bytes() / written * (written - std::min(live, written));
    }
    bool operator==(const Use& other) const {
      return file == other.file && live == other.live && extents == other.extents &&
             extent_bytes == other.extent_bytes;
    }
  };

  void add_extent(const std::shared_ptr<const RunFile>& file, std::uint64_t live,
                  std::uint64_t bytes) {
    Use& use = runs_[file->run()];
    if (use.file) {
      dead_bytes_ -= use.dead_bytes();
    } else {
      use.file = file;
    }
    ++use.extents;
    use.live += live;
    use.extent_bytes += bytes;
    dead_bytes_ += use.dead_bytes();
    // Other extents of the run may follow: what it is now counts once something dies, or at a look.
    unsettled_ = true;
  }
  void remove_extent(RunId run, std::uint64_t live, std::uint64_t bytes) {
    const auto found = runs_.find(run);
    CHECK(found != runs_.end() && found->second.live >= live);
    if (--found->second.extents == 0) {
      dead_bytes_ -= found->second.dead_bytes();
      runs_.erase(found);
      return;
    }
    found->second.extent_bytes -= bytes;
    lose(found->second, live);
  }
  void gain_messages(RunId run, std::uint64_t count) {
    Use& use = runs_.at(run);
    dead_bytes_ -= use.dead_bytes();
    use.live += count;
    dead_bytes_ += use.dead_bytes();
  }
  void lose_messages(RunId run, std::uint64_t count) {
    const auto found = runs_.find(run);
    CHECK(found != runs_.end() && found->second.live >= count);
    lose(found->second, count);
  }

  const std::map<RunId, Use>& runs() const { return runs_; }
  // The sum of theirs.
  std::uint64_t dead_bytes() const { return dead_bytes_; }
  // Something may have become sparse since the last look.
  bool wants_look() const { return unsettled_; }
  // Notes with `look`, a number that grows, what is sparse now.
  void note_sparse(std::uint64_t look) {
    unsettled_ = false;
    for (auto& [run, use] : runs_) {
      if (!use.sparse()) {
        use.sparse_since = 0;
      } else if (use.sparse_since == 0) {
        use.sparse_since = look;
      }
    }
  }
  bool operator==(const RunLedger& other) const {
    return runs_ == other.runs_ && dead_bytes_ == other.dead_bytes_;
  }

 private:
  void lose(Use& use, std::uint64_t count) {
    dead_bytes_ -= use.dead_bytes();
    use.live -= count;
    dead_bytes_ += use.dead_bytes();
    if (use.sparse_since == 0 && use.sparse()) unsettled_ = true;
  }

  std::map<RunId, Use> runs_;
  std::uint64_t dead_bytes_ = 0;
  bool unsettled_ = false;
};

}  // namespace harrier::store

// The run files of a node: their numbers, which are in use, and when one may go.
//
// Role:   spills and merges ask for new runs, extents hold the files open, the checkpoint says
//         which ones it names. A run goes once nothing refers to it and no checkpoint that may be
//         read at the next start names it.
// Thread: synchronized by mutex_, which guards runs_; never held across I/O.
// Spec:   rulings A2, A3.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "journal/file_system.h"
#include "store/run_file.h"
#include "store/run_writer.h"

namespace harrier::store {

class RunStore {
 public:
  RunStore(journal::FileSystem& files, std::string node_uuid)
      : files_(files), node_uuid_(std::move(node_uuid)) {}

  RunId next() { return RunId(last_.fetch_add(1, std::memory_order_relaxed) + 1); }
  // No run with this number or a lower one is ever made.
  void skip_to(RunId run);

  journal::IoResult<std::unique_ptr<RunWriter>> create(RunId run) {
    return RunWriter::create(files_, run, node_uuid_);
  }
  // Opens what a writer finished, or a checkpoint named.
  RunResult<std::shared_ptr<const RunFile>> open(RunId run);
  // It is there, though not open: remove_unused() looks at it, too.
  void note(RunId run);
  // What a writer that failed may have left, or any other that nothing refers to. If it cannot go
  // now, remove_unused() tries again.
  void discard(RunId run);
  // Removes the files of runs that are in nobody's hands and not in `named`. The worker's thread
  // only, or before others run.
  void remove_unused(const std::set<RunId>& named);
  // Removes those not in `named`, in use or not: nobody reads any more.
  void remove_all_but(const std::set<RunId>& named);
  // What remove_unused() could give back now, of files that were in use once.
  std::uint64_t unused_bytes() const;
  std::size_t count() const;
  std::uint64_t bytes() const;

 private:
  bool remove(RunId run);

  struct Known {
    std::weak_ptr<const RunFile> file;
    std::uint64_t bytes = 0;
  };

  journal::FileSystem& files_;
  const std::string node_uuid_;
  std::atomic<std::uint64_t> last_{0};
  mutable std::mutex mutex_;
  std::map<RunId, Known> runs_;
};

}  // namespace harrier::store

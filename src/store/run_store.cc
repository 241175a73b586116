#include "store/run_store.h"

#include <algorithm>
#include <vector>

#include "base/log.h"

namespace harrier::store {

void RunStore::skip_to(RunId run) {
  std::uint64_t last = last_.load(std::memory_order_relaxed);
  while (last < run.value && !last_.compare_exchange_weak(last, run.value)) {
  }
}

RunResult<std::shared_ptr<const RunFile>> RunStore::open(RunId run) {
  auto opened = RunFile::open(files_, run, node_uuid_);
  if (!opened.ok()) return opened;
  skip_to(run);
  const std::lock_guard lock(mutex_);
  runs_.insert_or_assign(run, Known{*opened, (*opened)->file_bytes()});
  return opened;
}

void RunStore::note(RunId run) {
  std::uint64_t bytes = 0;
  if (const auto file = files_.open(run_path(run), journal::OpenMode::kRead); file.ok())
    if (const auto size = (*file)->size(); size.ok()) bytes = *size;
  const std::lock_guard lock(mutex_);
  runs_.try_emplace(run, Known{{}, bytes});
}

void RunStore::discard(RunId run) {
  if (!remove(run)) note(run);
}

bool RunStore::remove(RunId run) {
  const auto removed = files_.remove(run_path(run));
  if (removed.ok() || removed.error().is_not_found()) return true;
  base::log_warning("store", "a run file that nobody needs stays",
                    {{"error", removed.error().message}});
  return false;
}

void RunStore::remove_unused(const std::set<RunId>& named) {
  std::vector<RunId> unused;
  {
    const std::lock_guard lock(mutex_);
    for (auto run = runs_.begin(); run != runs_.end();) {
      if (named.contains(run->first) || !run->second.file.expired()) {
        ++run;
        continue;
      }
      unused.push_back(run->first);
      ++run;
    }
  }
  // One that cannot be removed is tried again next time.
  std::erase_if(unused, [this](RunId run) { return !remove(run); });
  const std::lock_guard lock(mutex_);
  for (const RunId run : unused)
    runs_.erase(run);
}

void RunStore::remove_all_but(const std::set<RunId>& named) {
  std::map<RunId, Known> known;
  {
    const std::lock_guard lock(mutex_);
    known = runs_;
  }
  for (const auto& [run, file] : known)
    if (!named.contains(run)) (void)remove(run);
}

std::uint64_t RunStore::unused_bytes() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t bytes = 0;
  for (const auto& [run, known] : runs_)
    if (known.file.expired()) bytes += known.bytes;
  return bytes;
}

std::size_t RunStore::count() const {
  const std::lock_guard lock(mutex_);
  return runs_.size();
}

std::uint64_t RunStore::bytes() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t bytes = 0;
  for (const auto& [run, known] : runs_)
    bytes += known.bytes;
  return bytes;
}

}  // namespace harrier::store

#include "store/spiller.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "store/run_writer.h"

namespace harrier::store {

// One queue's share of a spill.
struct Spiller::Part {
  QueueId queue;
  std::vector<broker::EvictionPart> evictions;
  std::vector<StoredQueue::Spilled> recorded;
  // Young messages up to here are in the run or dead.
  Position through;
  bool may_expire = false;
  bool transient_may_expire = false;
};

struct Spiller::Job {
  std::vector<Part> parts;
  std::vector<RunEntry> recorded;
  std::vector<RunEntry> transient;
  // Keeps the messages that the worker reads.
  std::vector<broker::MessageRef> held;
  Done done;
  // What the worker made.
  std::shared_ptr<const RunFile> run;
  std::shared_ptr<const RunFile> transient_run;
  std::vector<RunExtent> extents;
  std::vector<RunExtent> transient_extents;
  std::uint64_t file_bytes = 0;
  std::optional<journal::IoError> failure;
};

broker::Queue* Spiller::find_queue(QueueId id, Tenant** tenant) const {
  *tenant = find_tenant_(id);
  return *tenant == nullptr || (*tenant)->host == nullptr ? nullptr
                                                          : (*tenant)->host->find_queue(id);
}

// A bound of bytes says how far; up to there all levels leave memory. What stayed in memory behind
// its level's middle would be delivered although only the run tells of it (B5).
void Spiller::plan_evictions(const Target& target, broker::Queue& queue, base::Now now, Part& part,
                             Job& job) {
  if (target.bytes_max != UINT64_MAX) {
    part.through = Position();
    queue.plan_eviction(target.through, target.bytes_max, [&](const broker::QueueEntry& entry) {
      part.through = std::max(part.through, entry.position);
    });
  }
  part.evictions =
      queue.plan_eviction(part.through, UINT64_MAX, [&](const broker::QueueEntry& entry) {
        if (entry.logged || !entry.message) return;
        RunEntry written;
        written.queue = target.queue;
        written.level = entry.priority;
        written.position = entry.position;
        if (entry.expires_at != base::kNever) {
          written.expires_at = now.wall + (entry.expires_at - now.monotonic);
          part.transient_may_expire = true;
        }
        written.delivery_count = entry.delivery_count;
        written.transient = true;
        written.message = entry.message.get();
        written.may_be_shared = entry.message->reference_count() > 1;
        job.held.push_back(entry.message);
        job.transient.push_back(written);
      });
}

void Spiller::plan(const Target& target, Job& job) {
  Tenant* tenant = nullptr;
  broker::Queue* queue = find_queue(target.queue, &tenant);
  ShardState* state = find_state_(target.queue);
  StoredQueue* stored = state == nullptr ? nullptr : state->find(target.queue);
  Part part;
  part.queue = target.queue;
  part.through = target.through;
  if (queue != nullptr) plan_evictions(target, *queue, tenant->host->now(), part, job);
  const std::size_t begin = job.recorded.size();
  if (stored != nullptr) {
    stored->visit_young_through(part.through, [&](const YoungMessage& young) {
      RunEntry written;
      written.queue = target.queue;
      written.level = young.level;
      written.position = young.position;
      written.expires_at = young.expires_at;
      if (young.expires_at != broker::kNoExpiry) part.may_expire = true;
      written.delivery_count = static_cast<std::uint16_t>(
          std::min<std::uint32_t>(stored->delivery_count(young.position), UINT16_MAX));
      written.message = young.message.get();
      // In more than one queue, so maybe in this run twice.
      written.may_be_shared = young.message->reference_count() > 2;
      job.held.push_back(young.message);
      job.recorded.push_back(written);
    });
  }
  const auto first = job.recorded.begin() + static_cast<std::ptrdiff_t>(begin);
  std::stable_sort(first, job.recorded.end(),
                   [](const RunEntry& a, const RunEntry& b) { return a.level < b.level; });
  for (auto entry = first; entry != job.recorded.end(); ++entry) {
    part.recorded.push_back(
        {entry->level, entry->position, static_cast<std::uint32_t>(entry->message->body_size())});
  }
  job.parts.push_back(std::move(part));
}

void Spiller::start(const std::vector<Target>& targets, Done done) {
  CHECK(!busy_);
  auto job = std::make_shared<Job>();
  for (const Target& target : targets)
    plan(target, *job);
  job->done = std::move(done);
  busy_ = true;
  if (job->recorded.empty() && job->transient.empty()) {
    // What leaves memory, if anything, is in a run already.
    loop_.post([this, job] { finish(*job); });
    return;
  }
  worker_.post([this, job] {
    write(runs_, *job);
    if (job->failure && !job->failure->is_out_of_space()) return fatal_(*job->failure);
    loop_.post([this, job] { finish(*job); });
  });
}

void Spiller::write(RunStore& runs, Job& job) {
  const auto write_run = [&](const std::vector<RunEntry>& entries,
                             std::shared_ptr<const RunFile>& run, std::vector<RunExtent>& extents) {
    if (entries.empty() || job.failure) return;
    const RunId id = runs.next();
    auto made = runs.create(id);
    if (!made.ok()) {
      job.failure = made.error();
      (void)runs.discard(id);
      return;
    }
    journal::IoStatus status = base::Done{};
    for (const RunEntry& entry : entries) {
      status = (*made)->add(entry);
      if (!status.ok()) break;
    }
    if (!status.ok()) {
      job.failure = status.error();
      (void)runs.discard(id);
      return;
    }
    auto finished = (*made)->finish();
    if (!finished.ok()) {
      job.failure = finished.error();
      (void)runs.discard(id);
      return;
    }
    auto opened = runs.open(id);
    if (!opened.ok()) {
      // What was written a moment ago cannot be read: no disk to go on with.
      job.failure = journal::IoError{EIO, opened.error().message};
      return;
    }
    run = std::move(*opened);
    job.file_bytes += finished->file_bytes;
    extents = std::move(finished->extents);
  };
  write_run(job.recorded, job.run, job.extents);
  write_run(job.transient, job.transient_run, job.transient_extents);
}

namespace {

// The extents of one queue: they are sorted by queue, as the targets were.
std::vector<RunExtent> extents_of(const std::vector<RunExtent>& extents, QueueId queue) {
  const auto by_queue = [](const RunExtent& extent, QueueId wanted) {
    return extent.queue < wanted;
  };
  auto first = std::lower_bound(extents.begin(), extents.end(), queue, by_queue);
  std::vector<RunExtent> found;
  for (; first != extents.end() && first->queue == queue; ++first)
    found.push_back(*first);
  return found;
}

}  // namespace

void Spiller::finish_part(const Job& job, const Part& part) {
  Tenant* tenant = nullptr;
  broker::Queue* queue = find_queue(part.queue, &tenant);
  ShardState* state = find_state_(part.queue);
  if (state == nullptr) return;
  if (StoredQueue* stored = state->find(part.queue)) {
    const std::uint64_t before = stored->young_count();
    if (job.run)
      stored->move_to_run(job.run, extents_of(job.extents, part.queue), part.recorded, part.through,
                          part.may_expire);
    state->note_young_moved(before - stored->young_count());
  }
  if (queue == nullptr) return;  // deleted meanwhile, or not restored yet
  if (job.transient_run) {
    const auto extents = extents_of(job.transient_extents, part.queue);
    if (!extents.empty())
      state->find_or_add_transient(part.queue)
          .add_transient_run(job.transient_run, extents, part.transient_may_expire);
  }
  tenant->touch();
  queue->evict(part.evictions);
  if (StoredQueue* stored = state->find(part.queue)) {
    // What was taken while the run was written will never be asked for.
    for (std::size_t i = 0; i != stored->levels().size(); ++i) {
      const std::uint8_t level = stored->levels()[i].number;
      stored->passed(level, queue->dispatched_through(level));
    }
    // What stays in memory may be delivered without another record.
    for (const StoredLevel& level : stored->levels()) {
      if (level.extents.empty()) continue;
      stored->dispatched(level.number, std::min(queue->dispatched_through(level.number),
                                                level.extents.back().last));
    }
    state->forget_if_empty(part.queue);
  }
}

void Spiller::finish(Job& job) {
  busy_ = false;
  // Given back here: the job itself may die on the worker's thread.
  const std::vector<broker::MessageRef> held = std::exchange(job.held, {});
  Done done = std::exchange(job.done, nullptr);
  if (job.failure) {
    base::log_warning("store", "no room for a run file; messages stay in memory",
                      {{"error", job.failure->message}});
    return done(Result::kOutOfSpace);
  }
  for (const Part& part : job.parts)
    finish_part(job, part);
  spilled_messages_.add(job.recorded.size() + job.transient.size());
  spilled_bytes_.add(job.file_bytes);
  const bool some = std::any_of(job.parts.begin(), job.parts.end(), [](const Part& part) {
    return !part.evictions.empty() || !part.recorded.empty();
  });
  done(some ? Result::kDone : Result::kNothing);
}

}  // namespace harrier::store

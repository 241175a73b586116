#include "store/spiller.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "store/run_writer.h"

namespace harrier::store {

// A window of one queue's positions.
struct Spiller::Part {
  QueueId queue;
  std::vector<broker::EvictionPart> evictions;
  std::vector<StoredQueue::Spilled> recorded;
  // Keeps the messages that the worker reads.
  std::vector<broker::MessageRef> held;
  // Young messages up to here are in the run or dead.
  Position through;
  bool may_expire = false;
  bool transient_may_expire = false;
  // What it costs to walk it, and what it is worth.
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
};

struct Spiller::Job {
  std::vector<Target> targets;
  // Where planning is: in a target, and behind which position.
  std::size_t next_target = 0;
  Position after;
  std::uint64_t planned_bytes = 0;
  broker::ReadyMessages::KeptHeads kept;

  std::vector<Part> parts;
  std::vector<RunEntry> recorded;
  std::vector<RunEntry> transient;
  Done done;
  // What the worker made.
  std::shared_ptr<const RunFile> run;
  std::shared_ptr<const RunFile> transient_run;
  std::vector<RunExtent> extents;
  std::vector<RunExtent> transient_extents;
  std::uint64_t file_bytes = 0;
  std::optional<journal::IoError> failure;

  std::size_t next_part = 0;
};

broker::Queue* Spiller::find_queue(QueueId id, Tenant** tenant) const {
  *tenant = find_tenant_(id);
  return *tenant == nullptr || (*tenant)->host == nullptr ? nullptr
                                                          : (*tenant)->host->find_queue(id);
}

// ---- planning

void Spiller::plan_evictions(broker::Queue& queue, base::Now now, Position through, Part& part,
                             Job& job) {
  part.evictions =
      queue.plan_eviction(job.after, through, job.kept, [&](const broker::QueueEntry& entry) {
        ++part.messages;
        part.bytes += entry.footprint();
        part.through = std::max(part.through, entry.position);
        if (entry.logged || !entry.message) return;
        RunEntry written;
        written.queue = part.queue;
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
        part.held.push_back(entry.message);
        job.transient.push_back(written);
      });
}

void Spiller::plan_young(const StoredQueue& stored, Position through, Part& part, Job& job) {
  std::uint64_t bytes = 0;
  stored.visit_young(job.after, through, [&](const YoungMessage& young) {
    ++part.messages;
    bytes += young.message->footprint();
    RunEntry written;
    written.queue = part.queue;
    written.level = young.level;
    written.position = young.position;
    written.expires_at = young.expires_at;
    if (young.expires_at != broker::kNoExpiry) part.may_expire = true;
    written.delivery_count = static_cast<std::uint16_t>(
        std::min<std::uint32_t>(stored.delivery_count(young.position), UINT16_MAX));
    written.message = young.message.get();
    // In more than one queue, so maybe in this run twice.
    written.may_be_shared = young.message->reference_count() > 2;
    part.held.push_back(young.message);
    part.recorded.push_back(
        {young.level, young.position, static_cast<std::uint32_t>(young.message->body_size())});
    part.through = std::max(part.through, young.position);
    job.recorded.push_back(written);
  });
  std::stable_sort(part.recorded.begin(), part.recorded.end(),
                   [](const auto& a, const auto& b) { return a.level < b.level; });
  // Most of them are ready, and were counted there.
  part.bytes = std::max(part.bytes, bytes);
}

// All levels of the window leave memory. What stayed there behind its level's middle would be
// delivered although only the run tells of it (B5).
bool Spiller::plan_part(Job& job) {
  const Target& target = job.targets[job.next_target];
  Tenant* tenant = nullptr;
  broker::Queue* queue = find_queue(target.queue, &tenant);
  ShardState* state = find_state_(target.queue);
  const StoredQueue* stored = state == nullptr ? nullptr : state->find(target.queue);
  if (job.after == Position() && queue != nullptr) job.kept = queue->kept_heads();
  Position first = broker::kNoPosition;
  if (queue != nullptr) first = queue->ready().first_evictable(job.after, job.kept);
  if (stored != nullptr) first = std::min(first, stored->first_young(job.after));
  if (first > target.through || first == broker::kNoPosition) return false;
  const Position through(std::min(target.through.value, first.value + slice_messages_ - 1));
  Part part;
  part.queue = target.queue;
  if (queue != nullptr) plan_evictions(*queue, tenant->host->now(), through, part, job);
  if (stored != nullptr) plan_young(*stored, through, part, job);
  // Not the end of the window: what is published before the next slice may lie in it.
  job.after = part.through;
  job.planned_bytes += part.bytes;
  job.parts.push_back(std::move(part));
  return job.planned_bytes < target.bytes_max;
}

void Spiller::plan(const std::shared_ptr<Job>& job) {
  std::uint64_t messages = 0;
  std::size_t steps = 0;
  while (job->next_target != job->targets.size()) {
    if (messages >= slice_messages_ || ++steps > kSliceParts)
      return loop_.post([this, job] { plan(job); });
    const std::size_t parts = job->parts.size();
    const bool more = plan_part(*job);
    if (job->parts.size() != parts) messages += job->parts.back().messages;
    if (!more) {
      ++job->next_target;
      job->after = Position();
      job->planned_bytes = 0;
      job->kept.clear();
    }
  }
  if (job->recorded.empty() && job->transient.empty()) {
    // What leaves memory, if anything, is in a run already.
    loop_.post([this, job] { finish(job); });
    return;
  }
  worker_.post([this, job] {
    write(runs_, *job);
    if (job->failure && !job->failure->is_out_of_space()) return fatal_(*job->failure);
    loop_.post([this, job] { finish(job); });
  });
}

void Spiller::start(std::vector<Target> targets, Done done) {
  CHECK(!busy_);
  busy_ = true;
  auto job = std::make_shared<Job>();
  job->targets = std::move(targets);
  job->done = std::move(done);
  plan(job);
}

// ---- writing

void Spiller::write(RunStore& runs, Job& job) {
  const auto write_run = [&](std::vector<RunEntry>& entries, std::shared_ptr<const RunFile>& run,
                             std::vector<RunExtent>& extents) {
    if (entries.empty() || job.failure) return;
    std::stable_sort(entries.begin(), entries.end(), [](const RunEntry& a, const RunEntry& b) {
      return std::pair(a.queue, a.level) < std::pair(b.queue, b.level);
    });
    const RunId id = runs.next();
    auto made = runs.create(id);
    if (!made.ok()) {
      job.failure = made.error();
      runs.discard(id);
      return;
    }
    journal::IoStatus status = base::Done{};
    for (const RunEntry& entry : entries) {
      status = (*made)->add(entry);
      if (!status.ok()) break;
    }
    if (!status.ok()) {
      job.failure = status.error();
      runs.discard(id);
      return;
    }
    auto finished = (*made)->finish();
    if (!finished.ok()) {
      job.failure = finished.error();
      runs.discard(id);
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

// ---- finishing

namespace {

// The extents of one queue: they are sorted by queue.
std::span<const RunExtent> extents_of(const std::vector<RunExtent>& extents, QueueId queue) {
  const auto found =
      std::equal_range(extents.begin(), extents.end(), RunExtent{.queue = queue},
                       [](const RunExtent& a, const RunExtent& b) { return a.queue < b.queue; });
  return {found.first, found.second};
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
    for (const RunExtent& written : extents_of(job.transient_extents, part.queue)) {
      // With the first window that has some of it: passed() below forgets what nothing refers to.
      const bool now = std::any_of(
          part.evictions.begin(), part.evictions.end(), [&](const broker::EvictionPart& eviction) {
            return eviction.level == written.level && eviction.after < written.last &&
                   eviction.through >= written.first;
          });
      if (now)
        state->find_or_add_transient(part.queue)
            .add_transient_extent(job.transient_run, written, part.transient_may_expire);
    }
  }
  tenant->touch();
  queue->evict(part.evictions, part.held.size());
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

void Spiller::go_on() {
  held_back_ = false;
  if (!written_) return;
  loop_.post([this, job = std::exchange(written_, nullptr)] { finish(job); });
}

void Spiller::finish(const std::shared_ptr<Job>& job) {
  if (held_back_) {
    written_ = job;
    return;
  }
  if (job->failure) {
    base::log_warning("store", "no room for a run file; messages stay in memory",
                      {{"error", job->failure->message}});
    return end(*job, Result::kOutOfSpace);
  }
  finishing_ = true;
  std::uint64_t messages = 0;
  for (std::size_t parts = 0; job->next_part != job->parts.size(); ++parts) {
    if (messages >= slice_messages_ || parts == kSliceParts)
      return loop_.post([this, job] { finish(job); });
    Part& part = job->parts[job->next_part++];
    finish_part(*job, part);
    messages += part.messages;
    part.held.clear();
  }
  spilled_messages_.add(job->recorded.size() + job->transient.size());
  spilled_bytes_.add(job->file_bytes);
  end(*job, job->parts.empty() ? Result::kNothing : Result::kDone);
}

void Spiller::end(Job& job, Result result) {
  busy_ = finishing_ = false;
  // Given back here: the job itself may die on the worker's thread.
  job.parts.clear();
  std::exchange(job.done, nullptr)(result);
}

}  // namespace harrier::store

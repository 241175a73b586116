#include "audit/audit_log.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "base/log.h"

namespace harrier::audit {
namespace {

// A failing disk is complained about once in this time.
constexpr base::Milliseconds kComplaintInterval{10'000};
// With nothing to do the writer looks up so often all the same.
constexpr base::Milliseconds kIdle{60'000};

Event own_event(const char* action, Outcome outcome, base::WallTime time) {
  Event event;
  event.action = action;
  event.outcome = outcome;
  event.time = time;
  return event;
}

}  // namespace

AuditLog::AuditLog(Settings settings, const base::Clock& clock, std::function<void()> on_failure)
    : settings_(std::move(settings)),
      clock_(clock),
      on_failure_(std::move(on_failure)),
      repeats_(settings_.repeats) {}

AuditLog::~AuditLog() { stop(); }

void AuditLog::submit(Event event) {
  if (event.group != Group::kAlways && !settings_.groups.contains(event.group)) return;
  event.cut_to_limits();
  const base::Now now = clock_.now();
  event.time = now.wall;
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  const base::MonotonicTime due = repeats_.due();
  if (event.may_be_summed_up() && !repeats_.admit(event, now.monotonic)) {
    counters_.summed_up.fetch_add(1, std::memory_order_relaxed);
    // So that the end of the window is waited for.
    if (due == base::kNever) wake_.notify_one();
    return;
  }
  if (queue_.size() >= settings_.queue_max) {
    ++unqueued_;
    counters_.lost.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  queue_.push_back(std::move(event));
  if (queue_.size() == 1) wake_.notify_one();
}

base::Status<> AuditLog::start(const std::string& node) {
  CHECK(file_ == nullptr);
  settings_.file.node = node;
  auto file = ChainFile::open(settings_.file);
  if (!file) return base::fail(std::move(file).error());
  file_ = std::move(file).value();
  tell_opening();
  thread_ = std::thread([this] { run(); });
  return base::Done{};
}

// Before all else: whatever waits in the queue came later than what is found.
void AuditLog::tell_opening() {
  const ChainFile::Opening& opening = file_->opening();
  const base::WallTime now = clock_.now().wall;
  std::vector<Event> events;
  if (!opening.broken_file.empty()) {
    Event& event = events.emplace_back(own_event("audit.broken", Outcome::kFailed, now));
    event.kind = "file";
    event.name = opening.broken_file;
    event.reason = opening.broken_reason;
    base::log_error("audit", "the audit log is not as it was written; a new chain begins",
                    {{"file", opening.broken_file}, {"reason", opening.broken_reason}});
  }
  if (opening.torn_bytes != 0) {
    Event& event = events.emplace_back(own_event("audit.mended", Outcome::kDone, now));
    event.reason = "the last line was not written to its end: " + opening.torn_text;
    event.count = opening.torn_bytes;
  }
  events.push_back(own_event("audit.begin", Outcome::kDone, now));
  for (Event& event : events)
    event.cut_to_limits();
  write(std::move(events));
}

void AuditLog::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

// With the mutex held.
base::Milliseconds AuditLog::span_to_wait(base::MonotonicTime now) const {
  base::MonotonicTime due = repeats_.due();
  if (dirty_) due = std::min(due, synced_ + settings_.sync_interval);
  if (due == base::kNever || due - now > kIdle) return kIdle;
  return std::max(due - now, base::Milliseconds(0));
}

void AuditLog::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    const base::Milliseconds span = span_to_wait(clock_.now().monotonic);
    if (queue_.empty() && unqueued_ == 0 && !stopping_ && span.count() != 0)
      wake_.wait_for(lock, span);
    const base::Now now = clock_.now();
    std::vector<Event> batch;
    const std::size_t size = std::min(queue_.size(), kBatchMax);
    std::move(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(size),
              std::back_inserter(batch));
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(size));
    const bool last = stopping_ && queue_.empty();
    for (Event& event : repeats_.take_due(now, last))
      batch.push_back(std::move(event));
    untold_ += std::exchange(unqueued_, 0);
    lock.unlock();
    write(std::move(batch));
    sync_if_due(now.monotonic, last);
    lock.lock();
    if (last) return;
  }
}

void AuditLog::write(std::vector<Event> events) {
  if (events.empty() && untold_ == 0) return;
  const std::size_t size = events.size();
  const bool room = make_room();
  if (room) {
    if (untold_ != 0) {
      Event gap = own_event("audit.lost", Outcome::kFailed, clock_.now().wall);
      gap.count = untold_;
      file_->add(gap);
    }
    for (const Event& event : events)
      file_->add(event);
    if (auto flushed = file_->flush(); flushed) {
      counters_.written.fetch_add(size + (untold_ == 0 ? 0 : 1), std::memory_order_relaxed);
      counters_.sequence.store(file_->sequence(), std::memory_order_relaxed);
      untold_ = 0;
      dirty_ = true;
      return;
    } else {
      note_failure(flushed.error());
    }
  }
  untold_ += size;
  counters_.lost.fetch_add(size, std::memory_order_relaxed);
}

bool AuditLog::make_room() {
  if (!file_->full()) return true;
  const auto rotation = file_->rotate();
  if (!rotation) {
    note_failure(rotation.error());
    return false;
  }
  Event event = own_event("audit.rotated", Outcome::kDone, clock_.now().wall);
  event.kind = "file";
  event.name = rotation->closed;
  file_->add(event);
  for (const std::string& removed : rotation->removed) {
    event.action = "audit.removed";
    event.name = removed;
    file_->add(event);
  }
  return true;
}

void AuditLog::sync_if_due(base::MonotonicTime now, bool anyway) {
  if (!dirty_ || (!anyway && now < synced_ + settings_.sync_interval)) return;
  synced_ = now;
  dirty_ = false;
  if (auto synced = file_->sync(); !synced) note_failure(synced.error());
}

void AuditLog::note_failure(const base::Error& error) {
  counters_.failures.fetch_add(1, std::memory_order_relaxed);
  const base::MonotonicTime now = clock_.now().monotonic;
  if (now >= complained_) {
    base::log_error("audit", "the audit log cannot be written", {{"reason", error.message}});
    complained_ = now + kComplaintInterval;
  }
  if (on_failure_) on_failure_();
}

}  // namespace harrier::audit

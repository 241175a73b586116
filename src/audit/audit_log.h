// The node's audit log: takes events from any thread and writes them, sealed and in order.
//
// Role:   made by server; broker, session and listeners reach it through ports. What it does to its
//         own files it tells in the log itself: audit.begin, audit.mended, audit.broken,
//         audit.rotated, audit.lost.
// Model:  made → events wait in the queue → start() opens the file and the writer's thread →
//         stop() writes what waits, what was counted, and syncs.
// Thread: synchronized by mutex_ (queue and counts); the files belong to the writer's thread
//         between start() and stop().
// Time:   reads its clock: for the time of an event, and for windows and syncs.
// Errors: start(): as ChainFile::open(). Later a failed write is counted, logged and told to
//         `on_failure`; what could not be written is said as a number once it works again.
// Limits: queue_max events wait; more are lost, counted, and the gap is said in the log. Refusals
//         and logins: RepeatFilter. Files: ChainFile.
// Spec:   docs/operations/audit.md.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "audit/chain_file.h"
#include "audit/event.h"
#include "audit/repeat_filter.h"
#include "base/clock.h"
#include "base/result.h"

namespace harrier::audit {

// Readable from any thread.
struct AuditCounters {
  std::atomic<std::uint64_t> written{0};
  std::atomic<std::uint64_t> summed_up{0};  // counted instead of written
  std::atomic<std::uint64_t> lost{0};
  std::atomic<std::uint64_t> failures{0};  // of writing, syncing or rotating
  std::atomic<std::uint64_t> sequence{0};  // of the last line
};

class AuditLog {
 public:
  static constexpr std::size_t kBatchMax = 256;

  struct Settings {
    ChainFile::Settings file{};
    std::size_t queue_max = 4096;
    base::Milliseconds sync_interval{1000};
    RepeatFilter::Limits repeats{};
    // Besides those of Group::kAlways.
    std::set<Group> groups = {Group::kLogins, Group::kRefusals, Group::kDefinitions,
                              Group::kLimits};
  };

  // `on_failure` runs on the writer's thread. REQUIRES that `clock` outlives it.
  AuditLog(Settings settings, const base::Clock& clock, std::function<void()> on_failure = {});
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  // Any thread; never waits for the disk.
  void submit(Event event);

  // Once. `node` stands in every line from here on.
  base::Status<> start(const std::string& node);
  // Idempotent. What is submitted later is dropped.
  void stop();

  const AuditCounters& counters() const { return counters_; }

 private:
  void tell_opening();
  void run();
  base::Milliseconds span_to_wait(base::MonotonicTime now) const;
  void write(std::vector<Event> events);
  bool make_room();
  void sync_if_due(base::MonotonicTime now, bool anyway);
  void note_failure(const base::Error& error);

  Settings settings_;
  const base::Clock& clock_;
  const std::function<void()> on_failure_;
  AuditCounters counters_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Event> queue_;
  std::uint64_t unqueued_ = 0;  // lost since the writer last looked
  RepeatFilter repeats_;
  bool stopping_ = false;
  std::thread thread_;

  // The writer's.
  std::unique_ptr<ChainFile> file_;
  std::uint64_t untold_ = 0;  // lost, and not yet said in the log
  bool dirty_ = false;
  base::MonotonicTime synced_{};
  base::MonotonicTime complained_{};
};

}  // namespace harrier::audit

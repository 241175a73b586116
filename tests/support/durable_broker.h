// A whole durable node in one thread: store, loop and virtual hosts on a disk that can fail.
//
// Role:   what server wires, without threads: the flusher, the writer, the reader and the loop take
//         a step when the test says so, or when a seeded source says so.
// Model:  open() → act(), step() … → stop_cleanly(), or destruction: the process is gone.
// Thread: confined(test).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "broker/virtual_host.h"
#include "store/store.h"
#include "support/durable_model.h"
#include "support/manual_worker.h"
#include "support/permissions.h"

namespace harrier::test {

class ManualClock final : public base::Clock {
 public:
  base::Now now() const override {
    return {base::MonotonicTime(time),
            base::WallTime(base::Milliseconds(1'700'000'000'000) + time)};
  }
  base::Milliseconds time{1'000};
};

// Stands below the recorder and may do something else than it is told: a bug for the checker.
using Saboteur = std::function<std::unique_ptr<broker::ChangeLog>(broker::ChangeLog& log)>;

struct DurableOptions {
  std::uint64_t segment_bytes = 128 << 10;
  std::uint32_t segments = 8;
  std::uint64_t cache_bytes = 64 << 10;
  std::uint64_t spill_bytes = 32 << 10;
  std::uint64_t read_ahead_bytes = 4 << 10;
  std::uint64_t reserve_bytes = 0;
  // Merges as soon as it can.
  std::uint64_t merge_dead_bytes = 0;
  std::uint64_t merge_bytes = 64 << 10;
  std::uint64_t merge_slice_bytes = 8 << 10;
  std::size_t merge_groups_per_turn = 2;
  std::uint64_t pending_bytes_max = 32 << 10;
  std::size_t chunk_bytes = 16 << 10;
  std::uint32_t slice_entries = 64;
  std::uint32_t snapshot_slice = 3;
  std::uint64_t spill_slice = 3;
  std::vector<std::string> hosts{"/", "other"};
  Saboteur sabotage;
};

class DurableBroker {
 public:
  struct Host {
    std::string name;
    std::uint8_t shard = 0;
    std::unique_ptr<broker::ChangeLog> saboteur;
    std::unique_ptr<ChangeRecorder> recorder;
    std::unique_ptr<broker::VirtualHost> host;
    broker::Lsn told;
    bool in_turn = false;
    bool has_work = false;
  };

  // `models`: what the disk should hold, by host; made by state_at() of the one before.
  DurableBroker(journal::FileSystem& files, ManualClock& clock, const DurableOptions& options,
                std::uint64_t epoch, std::uint64_t seed);
  ~DurableBroker();

  // False with error(): the disk was refused. `model_of` is asked with the host's place and the Lsn
  // that its shard was recovered to.
  using ModelOf = std::function<DurableModel(std::size_t host, broker::Lsn recovered)>;
  bool open(const ModelOf& model_of);
  const std::string& error() const { return error_; }
  // Tells what should not be.
  std::vector<std::string> complaints;
  // The disk failed, said the store.
  bool failed() const { return failed_; }
  bool opened() const { return opened_; }
  std::uint64_t no_room_reports = 0;

  std::vector<Host>& hosts() { return hosts_; }
  broker::VirtualHost& host(std::size_t index = 0) { return *hosts_[index].host; }
  ChangeRecorder& recorder(std::size_t index = 0) { return *hosts_[index].recorder; }
  store::Store& store() { return *store_; }
  store::LoopStore& loop_store() { return store_->loop(0); }
  bool publishers_held() const { return full_ || backlog_; }
  const broker::Actor actor{"guest", {}, "AMQP 0-9-1", "10.0.0.1:5000"};

  // Calls in the host's turn; `ends`: and the loop's turn ends after them.
  void act(std::size_t host, const std::function<void(broker::VirtualHost&)>& calls,
           bool ends = true);
  void end_turn();
  // One step of the actor with this number; false when it had nothing to do.
  static constexpr std::size_t kActors = 6;
  static constexpr std::size_t kLoopDeadlines = 0;
  bool step(std::size_t who);
  // A few seeded ones.
  void jitter(std::size_t steps);
  // Until nobody has anything to do; false if that never comes.
  bool settle();
  bool checkpoint();
  // What a node with threads does in start() when starts have used up the journal.
  void make_room();
  // REQUIRES that nothing refers to queues any more.
  bool stop_cleanly(bool with_checkpoint = true);
  // All that is young goes to a run, and what is ready leaves memory.
  bool spill_everything();
  // As much of one queue as one spill for memory takes.
  bool spill_for_memory(const std::string& queue);
  // All tasks of the loop, in the turn that is open.
  void run_posted();

 private:
  void touch(Host& host);
  void finish_host(Host& host);
  bool deadlines();

  ManualClock& clock_;
  const DurableOptions options_;
  base::SeededRandom random_;
  base::SeededRandom salts_;
  broker::VirtualHostLimits limits_;
  const broker::AccessControlRef access_ =
      permissions({everything("guest"), everything("ali"), everything("guest", "other")});
  journal::FileSystem& files_;
  const std::uint64_t epoch_;
  ManualWorker writer_;
  ManualWorker reader_;
  ManualPort port_;
  std::unique_ptr<store::Store> store_;
  std::vector<Host> hosts_;
  std::vector<std::size_t> touched_;
  std::string error_;
  bool failed_ = false;
  bool opened_ = false;
  bool full_ = false;
  bool backlog_ = false;
};

}  // namespace harrier::test

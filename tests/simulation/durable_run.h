// A World on the real store, over crashes, failures of the disk and orderly stops.
//
// Model:  begin() → any of live(), crash(), fail_disk(), stop() → end(). A life is the time between
//         two starts; how it ends, and what survives, is drawn from the seed.
// Thread: confined(test).
#pragma once

#include <memory>

#include "simulation/world.h"
#include "support/durable_backend.h"

namespace harrier::test {

class DurableRun {
 public:
  DurableRun(std::uint64_t seed, const NodeOptions& node, const ClientOptions& clients,
             const DurableOptions& options = small_options());

  // So small that a few hundred messages spill, page, merge and fill the journal.
  static DurableOptions small_options();

  DurableMachine machine;

 private:
  std::unique_ptr<DurableBackend> backend_;  // outlives the node above it

 public:
  World world;

  bool begin();
  // False: the node has ended meanwhile.
  bool live(int bursts);
  // The node is gone after some more steps: between two of them, or, if `inside`, in the midst of a
  // call of the disk.
  void crash(bool inside);
  // A write or a sync fails: the node must end by itself.
  void fail_disk();
  // Orderly.
  void stop();
  // Nobody comes back; what is left is taken out. Without `orderly`, or when the node has ended
  // already: straight after a crash.
  void end(bool orderly);

  // The disk was refused: nothing can follow.
  bool refused() const { return refused_; }

  // Of all lives.
  struct Work {
    std::uint64_t runs = 0;
    std::uint64_t spilled = 0;
    std::uint64_t paged_bytes = 0;
    std::uint64_t merges = 0;
    std::uint64_t checkpoints = 0;
    std::uint64_t confirmed = 0;
    std::uint64_t crashes = 0;
    std::uint64_t failures = 0;  // of the disk
    std::uint64_t stops = 0;
  };
  Work work;

 private:
  static constexpr int kForEver = 1'000'000;

  World::Over over();
  void note_work();
  // What the disk keeps when the node is gone now.
  std::unique_ptr<FaultyFileSystem> survivor();
  void take_node();
  void open_next(std::unique_ptr<FaultyFileSystem> disk, bool clean);
  void look_for_queues();
  void start();

  base::SeededRandom random_;
  const NodeOptions node_;
  bool clients_come_ = true;
  bool refused_ = false;
};

}  // namespace harrier::test

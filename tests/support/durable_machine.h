// A durable node and its disk, over every way in which the node can end.
//
// Role:   what all who crash a node share: it opens the node on a disk, lets it end, opens the next
//         one on what the disk kept, and asks that nothing that was seen as committed is missing.
//         Clients are the business of whoever derives from it.
// Model:  begin() → use of broker() → reopen() → use … ; the recorders of the node before say what
//         the next one must know.
// Thread: confined(test).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/durable_broker.h"
#include "support/faulty_file_system.h"

namespace harrier::test {

class DurableMachine {
 public:
  DurableMachine(DurableOptions options, std::uint64_t seed);
  ~DurableMachine() { broker_.reset(); }

  // A file system to stand between the store and the disk, made for each disk.
  using Wrap = std::function<std::unique_ptr<journal::FileSystem>(FaultyFileSystem&)>;
  Wrap wrap;
  // What is wrong; empty when all is well.
  std::vector<std::string> problems;

  // A disk to fail at its n-th call; the calls of later disks are counted on.
  void fail_at(std::uint64_t call, Fault fault);
  // The same for the disk after the next restart, counted from its first call.
  void fail_after_restart(std::uint64_t call, Fault fault) { next_plan_ = {call, fault}; }
  // From here on the disk does not fail any more.
  void forget_faults() {
    plan_.reset();
    next_plan_.reset();
    files_->forget_plan();
  }
  std::uint64_t calls() const { return calls_before_ + files_->calls(); }

  // False: the disk failed or was refused.
  bool begin();
  // The node is gone; the next one finds `disk`, or the same disk if that is null. `clean`: its end
  // was orderly. REQUIRES that nothing refers to its queues any more. False as with begin().
  bool reopen(std::unique_ptr<FaultyFileSystem> disk, bool clean);

  // No node that works is there.
  bool over() const;
  bool crashed() const { return files_->crashed(); }
  bool broker_failed() const { return broker_ && broker_->failed() && !crashed(); }
  bool left_out_unreadable();
  // A fault that was asked for has happened since the node was opened last.
  bool excused() const {
    return (plan_ && calls_at_open_ < plan_->first && plan_->first <= calls()) ||
           (plans_restart_ && crashed());
  }

  DurableBroker& broker() { return *broker_; }
  FaultyFileSystem& files() { return *files_; }
  ManualClock& clock() { return clock_; }

 protected:
  void complain(const std::string& what);
  // Nothing but orderly ends so far.
  bool exact() const { return exact_; }

 private:
  bool open(const DurableBroker::ModelOf& model_of);
  // What each host had appended last; empty if it was never opened.
  std::vector<broker::Lsn> take_recorders();
  void change_disk(std::unique_ptr<FaultyFileSystem> disk);

  DurableOptions options_;
  const std::uint64_t seed_;
  ManualClock clock_;
  std::unique_ptr<FaultyFileSystem> files_;
  std::unique_ptr<journal::FileSystem> wrapped_;
  std::unique_ptr<DurableBroker> broker_;
  // Of the last one that was opened, while the next one is not.
  std::vector<std::unique_ptr<ChangeRecorder>> recorders_;
  std::optional<std::pair<std::uint64_t, Fault>> plan_;
  std::optional<std::pair<std::uint64_t, Fault>> next_plan_;
  bool unreadable_ = false;
  bool plans_restart_ = false;
  bool exact_ = true;
  std::uint64_t calls_at_open_ = 0;
  std::uint64_t calls_before_ = 0;
  std::uint64_t epoch_ = 0;
};

}  // namespace harrier::test

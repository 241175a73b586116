// One thread of a node: a Loop whose turns run a BrokerLoop and an IoLoop.
//
// Role:   ties the halves together: end of turn in the right order, one deadline for both, the
//         mailbox.
// Model:  finish_turn(): close the virtual hosts' turns → write out → (what writing returned as
//         credit may have opened turns again) at most kPasses times → hand records to the journal →
//         send batches to other loops.
// Thread: confined(loop) but for the functions that say otherwise.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "server/broker_loop.h"
#include "server/hand_over.h"
#include "server/io_loop.h"
#include "server/loop.h"
#include "server/mailbox.h"
#include "server/shared.h"
#include "store/loop_store.h"

namespace harrier::server {

class NodeLoop final : public store::LoopPort, private LoopWork {
 public:
  // A consumer that drains a backlog gets so many rounds of deliver and write in one turn.
  static constexpr int kPasses = 4;
  static constexpr std::chrono::seconds kCommitPatience{30};

  NodeLoop(Shared& shared, const base::Clock& clock, std::size_t index);
  ~NodeLoop() override;

  // REQUIRES that every loop of `loops` lives until all are joined. Before start().
  void connect(const std::vector<std::unique_ptr<NodeLoop>>& loops);
  void start();
  void stop() { loop_.stop(); }
  void join() { loop_.join(); }

  // Any thread: runs `task` in a turn of this loop.
  void post(std::function<void()> task) override;
  // Any thread that is no loop's, while the loops run: the same, and waits for the task's end.
  void run(const std::function<void()>& task);
  // As run(): waits until what was appended to this shard is on disk. False: it was not within
  // kCommitPatience. REQUIRES a store that has the shard.
  bool wait_for_commit(std::size_t shard);
  // The PublisherGate has changed.
  void heed_gate_from_any_thread();
  // A virtual host no longer holds its publishers.
  void heed_quota_from_any_thread();
  // Any thread: a batch from another loop.
  void put(Mail mail);
  // Several at once; `mails` is empty afterwards.
  void put_all(std::vector<Mail>& mails);

  // The broker half of a connection, if it is here and there still is one.
  const session::BrokerSession* find_session(broker::ConnectionId id);

  Loop& loop() { return loop_; }
  BrokerLoop& broker() { return broker_; }
  IoLoop& io() { return io_; }
  HandOver& hand_over() { return hand_over_; }
  std::size_t index() const { return index_; }
  // On the loop, or before it runs: its turns end in this store. It outlives the loop's thread.
  void set_store(store::LoopStore& store) { store_ = &store; }
  store::LoopStore* store() { return store_; }

 private:
  void take_mail() override;
  void handle_deadlines() override;
  base::MonotonicTime finish_turn() override;

  const std::size_t index_;
  store::LoopStore* store_ = nullptr;
  Loop loop_;
  BrokerLoop broker_;
  HandOver hand_over_;
  IoLoop io_;
  std::atomic<bool> gate_changed_{false};   // and the task that looks is on its way
  std::atomic<bool> quota_changed_{false};  // likewise
  Mailbox<Mail> mailbox_;
  std::vector<Mail> taken_;
};

}  // namespace harrier::server

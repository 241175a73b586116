// Clients of a durable node, and what they must find after every way in which it can end.
//
// Role:   runs a script of everything that touches the disk, seeded; ends the node at any moment,
//         opens it again on what the disk kept, and compares.
// Model:  begin() → run() → crash() or restart_cleanly() → run() … → finish(), which takes out all
//         that is there and looks for what is left behind.
// Thread: confined(test).
#pragma once

#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "support/durable_broker.h"
#include "support/faulty_file_system.h"

namespace harrier::test {

class DurableWorld {
 public:
  DurableWorld(DurableOptions options, std::uint64_t seed);
  ~DurableWorld();

  // A disk to fail at its n-th call; the calls of later disks are counted on.
  void fail_at(std::uint64_t call, Fault fault);
  // The same for the disk after the next restart, counted from its first call.
  void fail_after_restart(std::uint64_t call, Fault fault) { next_plan_ = {call, fault}; }
  std::uint64_t calls() const { return calls_before_ + files_->calls(); }
  // A file system to stand between the store and the disk, made for each disk.
  using Wrap = std::function<std::unique_ptr<journal::FileSystem>(FaultyFileSystem&)>;
  Wrap wrap;

  // False: the disk failed or was refused.
  bool begin();
  // Clients do `steps` things, chosen by the seed.
  void run(std::size_t steps);
  bool over() const;
  bool broker_failed() const { return broker_ && broker_->failed() && !crashed(); }
  bool left_out_unreadable();
  // A fault that was asked for has happened since the node was opened last.
  bool excused() const {
    return (plan_ && calls_at_open_ < plan_->first && plan_->first <= calls()) ||
           (plans_restart_ && crashed());
  }
  bool crashed() const { return files_->crashed(); }
  // Loses power; the subset of what was not synced that survives is chosen by `seed`.
  void crash(std::uint64_t seed);
  // The process is gone; its writes are not.
  void kill();
  bool restart_cleanly(bool with_checkpoint = true);
  bool restart_without_checkpoint() { return restart_cleanly(false); }
  // Takes everything out, then looks for what is left.
  void finish();
  // What is wrong; empty when all is well.
  std::vector<std::string> problems;

  DurableBroker& broker() { return *broker_; }
  FaultyFileSystem& files() { return *files_; }
  ManualClock& clock() { return clock_; }

  // ---- single things that clients do
  struct Publish {
    std::string exchange;
    std::string routing_key;
    std::size_t body_size = 0;
    bool persistent = true;
    std::uint8_t priority = 0;
    std::optional<base::Milliseconds> expiration = {};
  };
  void declare_everything(std::size_t host);
  void publish(std::size_t host, const Publish& publish);
  // Puts a message on hold, when there is one.
  void get(std::size_t host, const std::string& queue, bool no_ack = false);
  void consume(std::size_t host, const std::string& queue, bool no_ack, std::uint16_t prefetch);
  void cancel_all();
  std::size_t held_count() const { return held_.size(); }
  void acknowledge(std::size_t index);
  void requeue(std::size_t index);
  void reject(std::size_t index);
  void purge(std::size_t host, const std::string& queue);
  void transaction(std::size_t host, std::size_t body_bytes = 50);
  void declare_queue(std::size_t host, const std::string& name, bool durable,
                     const amqp::FieldTable& arguments = {});
  void delete_queue(std::size_t host, const std::string& name);
  void declare_exchange(std::size_t host, const std::string& name, broker::ExchangeType type);
  void delete_exchange(std::size_t host, const std::string& name);
  void bind(std::size_t host, const std::string& exchange, const std::string& queue,
            const std::string& key, bool unbind = false);
  // How many of those that finish() took out were flagged.
  std::size_t redelivered = 0;
  std::size_t drained = 0;
  bool leaves_turns_open = true;
  bool keeps_turns_open = false;

 private:
  struct Getter;
  struct Sink;
  struct Subscription;
  struct Held {
    std::size_t host = 0;
    broker::QueueRef queue;
    broker::QueueEntry entry;
    broker::ConsumerRef consumer;
  };
  using Place = std::tuple<std::size_t, std::uint64_t, std::uint64_t>;

  void act(std::size_t host, const std::function<void(broker::VirtualHost&)>& calls);
  void complain(const std::string& what);
  bool open(const DurableBroker::ModelOf& model_of);
  void drop_clients();
  void reopen(std::unique_ptr<FaultyFileSystem> disk, bool clean);
  void delivered(std::size_t host, broker::Queue& queue, const broker::QueueEntry& entry);
  void verify_restored();
  void verify_host(std::size_t host);
  void drain(std::size_t host, const std::string& name);
  void do_something();
  broker::MessageRef make_message(const Publish& publish);
  Held take_held(std::size_t index);

  DurableOptions options_;
  const std::uint64_t seed_;
  base::SeededRandom random_;
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
  std::uint64_t calls_at_open_ = 0;
  std::uint64_t calls_before_ = 0;
  std::uint64_t epoch_ = 0;
  std::uint64_t last_number_ = 0;
  std::list<std::unique_ptr<Getter>> getters_;
  std::list<std::unique_ptr<Subscription>> subscriptions_;
  std::vector<Held> held_;
  std::set<Place> handed_out_;
  // Nothing but orderly ends so far: flags must be exact.
  bool exact_ = true;
};

}  // namespace harrier::test

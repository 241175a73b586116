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

#include "support/durable_machine.h"

namespace harrier::test {

class DurableWorld : public DurableMachine {
 public:
  DurableWorld(DurableOptions options, std::uint64_t seed);
  ~DurableWorld();

  // Clients do `steps` things, chosen by the seed.
  void run(std::size_t steps);
  // Loses power; the subset of what was not synced that survives is chosen by `seed`.
  void crash(std::uint64_t seed);
  // The process is gone; its writes are not.
  void kill();
  bool restart_cleanly(bool with_checkpoint = true);
  bool restart_without_checkpoint() { return restart_cleanly(false); }
  // Takes everything out, then looks for what is left.
  void finish();

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
  // What operators do: to a queue, to one of its messages that are in memory, chosen by the seed,
  // and to its head.
  void set_paused(std::size_t host, const std::string& queue, bool paused);
  void delete_message(std::size_t host, const std::string& queue);
  void move(std::size_t host, const std::string& from, const std::string& to, std::size_t count);
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
  void drop_clients();
  void end(std::unique_ptr<FaultyFileSystem> disk, bool clean);
  void delivered(std::size_t host, broker::Queue& queue, const broker::QueueEntry& entry);
  void verify_restored();
  void verify_host(std::size_t host);
  void drain(std::size_t host, const std::string& name);
  void do_something();
  broker::MessageRef make_message(const Publish& publish);
  Held take_held(std::size_t index);

  base::SeededRandom random_;
  std::uint64_t last_number_ = 0;
  std::list<std::unique_ptr<Getter>> getters_;
  std::list<std::unique_ptr<Subscription>> subscriptions_;
  std::vector<Held> held_;
  std::set<Place> handed_out_;
};

// Each on a line of its own.
std::string joined(const std::vector<std::string>& lines);

}  // namespace harrier::test

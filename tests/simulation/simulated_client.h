// A random client over real frames that writes down what it does and sees.
//
// Model:  bursts of random operations, each ended by a barrier (basic.qos on every channel) that it
//         waits for. What it does next depends on its seed and on what it has seen at barriers
//         only, so that a run is the same however its steps are interleaved, as long as nobody
//         shares its queues. A node can be taken from below it (lose_node()); it goes on with the
//         next one.
// Thread: confined(test).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "checker.h"
#include "support/simulated_node.h"

namespace harrier::test {

struct ClientOptions {
  std::string suffix;     // of its queues' names: empty when they are shared
  bool drops = true;      // loses its connection now and then
  bool recovers = false;  // uses basic.recover and deletes queues: private queues only
  bool no_ack = true;     // takes without acknowledgement now and then
  // All queues but `plain` are durable, and it has one of its own that it deletes now and then.
  bool durable = false;
};

class SimulatedClient {
 public:
  SimulatedClient(SimulatedNode& node, std::vector<Event>& events, int number, std::uint64_t seed,
                  ClientOptions options);

  // Reads what has arrived.
  void read();
  // The node begins to close its connections: what the client holds goes back from now on.
  void expect_close();
  // The node is gone; `reads`: what had arrived before.
  void lose_node(bool reads);
  void go_on_with(SimulatedNode& node);
  // Without a connection.
  bool away() const { return wire_ == nullptr; }
  // connection.open-ok came.
  bool connected() const { return open_; }
  // Waits for nothing.
  bool idle() const;
  // One burst. REQUIRES idle().
  void act();
  // Settles nothing more: cancels, closes its channels and the connection; finished when idle()
  // again.
  void close();
  bool closed() const { return closed_; }
  // What it waits for, for the report of a run that stands still.
  std::string describe() const;

  // What each channel was told: replies; deliveries; confirms, one line each.
  const std::map<std::string, std::vector<std::string>>& seen() const { return seen_; }
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  struct Held {
    std::string queue;
    std::string consumer;
  };
  struct Consumer {
    std::string queue;
    bool no_ack = false;
    bool cancelling = false;
  };
  struct Get {
    std::string queue;
    bool no_ack = false;
  };
  // The name of a reply, and what it tells the checker.
  struct Awaited {
    std::string reply;
    std::vector<Event> events;
  };
  struct Channel {
    int key = 0;  // unique in the events
    unsigned number = 0;
    bool closing = false;  // close was sent, or something that makes the broker close it
    bool confirms = false;
    bool transactional = false;
    bool committing = false;
    bool recovering = false;
    std::uint16_t prefetch = 0;
    std::deque<Awaited> awaited;  // in order
    std::deque<Get> gets;
    std::map<std::uint64_t, Held> held;
    std::map<std::string, Consumer> consumers;
    std::vector<Event> transaction;
    int next_consumer = 1;
    std::uint64_t confirmed = 0;
    std::uint64_t published = 0;
  };
  struct Content {
    unsigned channel = 0;
    std::string consumer;
    std::uint64_t tag = 0;
    bool redelivered = false;
    bool get = false;
    bool returned = false;
    std::uint64_t size = 0;
    std::string body;
    bool waiting = false;
  };

  void connect();
  void disconnect(Event::Kind why);
  void drop();
  void open_channel();
  void declare_all(Channel& channel);
  void declare(Channel& channel, const std::string& kind);
  void barrier();
  void act_on(Channel& channel);
  void publish(Channel& channel);
  void consume(Channel& channel);
  void cancel(Channel& channel);
  void get(Channel& channel);
  void settle(Channel& channel);
  void settle_one(Channel& channel, std::uint64_t tag, bool requeue);
  void finish_transaction(Channel& channel, bool commit);
  void close_channel(Channel& channel);
  void misuse(Channel& channel);
  void purge(Channel& channel);
  void recover_or_delete(Channel& channel);
  void change_own(Channel& channel);

  void send(const Channel& channel, const amqp::Method& method);
  void request(Channel& channel, const amqp::Method& method, std::string reply,
               std::vector<Event> events = {});
  // Its answer promises that all before it is on disk.
  void request_durable(Channel& channel, const amqp::Method& method, std::string reply,
                       const Event& asked, const Event& answered);
  void take_connection_method(const amqp::Method& method);
  void note(const Channel& channel, Event event);
  void take_frame(const amqp::Frame& frame);
  void take_method(unsigned number, const amqp::Method& method);
  void take_reply(Channel& channel, const amqp::Method& method);
  void take_confirm(Channel& channel, std::uint64_t tag, bool multiple, bool nack);
  void take_content(Channel& channel);
  void take_get(Channel& channel);
  void remember(const Channel& channel, const char* what, std::string line);
  Channel* pick_channel();
  std::string pick_queue(bool for_publish, const Channel& channel);
  std::string name(const std::string& kind) const {
    return kind + (kind == kOwn ? "-" + std::to_string(number_) : options_.suffix);
  }
  bool durable(const std::string& kind) const {
    return kind == "durable" || kind == "quorum" || (options_.durable && kind != "plain");
  }
  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }

  static constexpr const char* kOwn = "own";

  SimulatedNode* node_;
  std::vector<Event>& events_;
  const int number_;
  base::SeededRandom random_;
  const ClientOptions options_;
  SimulatedNode::Wire* wire_ = nullptr;
  std::map<unsigned, Channel> channels_;
  Content content_;
  bool open_ = false;
  bool closing_ = false;
  bool closed_ = false;
  int connections_ = 0;
  int opened_channels_ = 0;
  int transactions_ = 0;
  std::uint64_t last_body_ = 0;
  bool own_exists_ = false;
  bool own_changes_ = false;  // in this burst
  std::map<std::string, std::vector<std::string>> seen_;
  std::vector<std::string> complaints_;
};

}  // namespace harrier::test

// A whole node without sockets and threads: connections with real frames on a simulated broker.
//
// Role:   server's part in tests: moves bytes between clients and ConnectionSessions, calls between
//         these and their BrokerSessions, directly or through recorded batches.
// Model:  actors (each connection's socket and I/O half, the broker loop, the store, the clock)
//         take one small step at a time in an order drawn from a seed. Nothing else is random.
//         Faults: bytes arrive in pieces; batches, commits, evictions and reads are late; reads are
//         reordered; peers vanish.
// Thread: confined(test).
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "session/broker_session.h"
#include "support/session_doubles.h"
#include "support/simulated_broker.h"

namespace harrier::test {

struct NodeOptions {
  bool recorded = false;  // input and output go through batches
  bool late_commits = false;
  bool pages_out = false;
  bool clock_stands = false;
  std::uint32_t slice_entries = 4'096;
  std::uint64_t read_ahead_bytes = 0;
  std::size_t output_credit_bytes = 1 << 20;
};

class SimulatedNode {
 public:
  // One client's connection; the client reads `to_client` and appends to `to_server`.
  class Wire final : public session::ConnectionHost {
   public:
    Wire(SimulatedNode& node, std::uint64_t number)
        : id(number),
          node_(node),
          input_recorder_(id, node.input_source_),
          output_recorder_(id, node.output_source_),
          io({}, *this, id, auth::Peer{"10.0.0.1", 4711, false}, node.broker.now()) {
      properties_.add_string("product", "HarrierMQ");
    }

    const broker::ConnectionId id;
    std::string to_server;
    std::string to_client;
    bool dropped = false;

    auth::Authenticator& authenticator() override { return authenticator_; }
    amqp::TableView server_properties() override { return properties_; }
    bool ready() const override { return true; }
    session::SessionInput* attach(const session::ConnectionParameters& parameters,
                                  session::SessionOutput& output) override {
      if (parameters.virtual_host != "/") return nullptr;
      if (!node_.options.recorded) return make_half(parameters, output);
      input_recorder_.attach(parameters);
      return &input_recorder_;
    }
    session::BrokerSession* make_half(const session::ConnectionParameters& parameters,
                                      session::SessionOutput& output) {
      session::SessionLimits limits;
      limits.output_credit_bytes = node_.options.output_credit_bytes;
      half =
          std::make_unique<session::BrokerSession>(node_.broker.host, parameters, limits, output);
      return half.get();
    }
    session::SessionOutput& recorder() { return output_recorder_; }
    bool finished() { return io.finished() && (half == nullptr || half->released()); }

   private:
    SimulatedNode& node_;
    FakeAuthenticator authenticator_;
    amqp::FieldTable properties_;
    session::InputRecorder input_recorder_;
    session::OutputRecorder output_recorder_;

   public:
    std::unique_ptr<session::BrokerSession> half;
    session::ConnectionSession io;
  };

  SimulatedNode(const NodeOptions& node_options, std::uint64_t seed)
      : options(node_options), random(seed), broker(limits_of(node_options), seed + 1) {
    broker.store.commits_at_once = !options.late_commits;
  }
  ~SimulatedNode() {
    for (auto& [id, wire] : wires_)
      drop(*wire);
    settle();
    CHECK(wires_.empty());
  }

  const NodeOptions options;
  base::SeededRandom random;
  SimulatedBroker broker;

  Wire& connect() {
    auto wire = std::make_unique<Wire>(*this, ++last_id_);
    Wire& made = *wire;
    wires_.emplace(made.id, std::move(wire));
    return made;
  }
  // The client is gone without a word.
  void drop(Wire& wire) {
    if (wire.dropped) return;
    wire.dropped = true;
    on_io([&] { wire.io.handle_end_of_input(broker.now()); });
  }

  // One small step of one actor.
  void step() {
    reap();
    switch (random.below(10)) {
      case 0:
      case 1:
      case 2: return feed(pick_wire(), 1 + random.below(600));
      case 3:
      case 4: return drain(pick_wire(), 1 + random.below(2'000));
      case 5: return seal_input();
      case 6: return take_input();
      case 7: return take_output();
      case 8: return serve_store();
      default: return take_turn();
    }
  }
  // Steps of everybody until nothing is on its way any more.
  void settle() {
    for (int round = 0; progress(); ++round)
      CHECK(round < 100'000);
    reap();
  }

 private:
  template <class Batch>
  class Source final : public session::BatchSource<Batch> {
   public:
    std::unique_ptr<Batch> current = std::make_unique<Batch>();
    Batch& batch() override { return *current; }
    std::unique_ptr<Batch> seal() { return std::exchange(current, std::make_unique<Batch>()); }
  };

  static broker::VirtualHostLimits limits_of(const NodeOptions& options) {
    broker::VirtualHostLimits limits;
    limits.slice_entries = options.slice_entries;
    limits.read_ahead_bytes = options.read_ahead_bytes;
    return limits;
  }

  Wire* pick_wire() {
    if (wires_.empty()) return nullptr;
    auto found = wires_.lower_bound(broker::ConnectionId(1 + random.below(last_id_)));
    return (found == wires_.end() ? wires_.begin() : found)->second.get();
  }
  // Calls into an I/O half reach the broker directly, or else are recorded.
  template <class Calls>
  void on_io(Calls&& calls) {
    if (options.recorded) return calls();
    busy_ = broker.turn(std::forward<Calls>(calls));
  }
  void feed(Wire* wire, std::size_t count) {
    if (wire == nullptr || wire->dropped || wire->to_server.empty()) return;
    if (!wire->io.wants_input()) return;
    unread_[wire->id] += std::min(count, wire->to_server.size());
    std::size_t& offered = unread_[wire->id];
    offered = std::min(offered, wire->to_server.size());
    on_io([&] {
      const std::size_t used =
          wire->io.handle_input(Bytes(wire->to_server).substr(0, offered), broker.now());
      wire->to_server.erase(0, used);
      offered -= used;
    });
  }
  void drain(Wire* wire, std::size_t count) {
    if (wire == nullptr) return;
    count = std::min(count, wire->io.output().size());
    if (count == 0) return;
    if (!wire->dropped) wire->to_client.append(wire->io.output().bytes().substr(0, count));
    wire->io.output().consume(count);
    on_io([&] { wire->io.handle_written(count, broker.now()); });
  }
  void seal_input() {
    if (!input_source_.current->empty()) inputs_.push_back(input_source_.seal());
  }
  void take_input() {
    if (inputs_.empty()) return;
    const auto batch = std::move(inputs_.front());
    inputs_.pop_front();
    busy_ = broker.turn([&] {
      returned_.clear();
      session::replay(
          *batch,
          [&](broker::ConnectionId id) -> session::SessionInput* {
            const auto found = wires_.find(id);
            return found == wires_.end() ? nullptr : found->second->half.get();
          },
          [&](const session::ConnectionParameters& parameters) {
            Wire& wire = *wires_.at(parameters.id);
            wire.make_half(parameters, wire.recorder());
          });
    });
    seal_output();
  }
  void seal_output() {
    if (!output_source_.current->empty()) outputs_.push_back(output_source_.seal());
  }
  void take_output() {
    if (outputs_.empty()) return;
    auto batch = std::move(outputs_.front());
    outputs_.pop_front();
    session::replay(*batch, [&](broker::ConnectionId id) -> session::SessionOutput* {
      const auto found = wires_.find(id);
      return found == wires_.end() ? nullptr : &found->second->io;
    });
    // Goes back to its owner, which drops the messages in a turn of its own.
    returned_.push_back(std::move(batch));
  }
  void serve_store() {
    if (options.pages_out && random.below(4) == 0) page_out();
    if (!broker.store.has_uncommitted() && broker.store.pending_reads() == 0) return;
    broker.store.commit(random.below(20));
    busy_ = broker.turn([&] { broker.store.answer_some(broker.host, random); });
    seal_output();
  }
  // Writes some of a queue, or evicts what was written before.
  void page_out() {
    static constexpr const char* kNames[] = {"plain",  "durable", "quorum", "priority",
                                             "reject", "short",   "ttl"};
    if (!written_.empty() && random.below(2) == 0) return evict(random.below(written_.size()));
    broker::Queue* queue = broker.host.find_queue(kNames[random.below(std::size(kNames))]);
    const bool being_written = std::any_of(written_.begin(), written_.end(), [&](const auto& one) {
      return one.first.get() == queue;
    });
    if (queue == nullptr || being_written) return;
    const std::uint64_t bytes_max = 1 + random.below(20'000);
    written_.emplace_back(broker::QueueRef(queue), broker.store.write_out(*queue, bytes_max));
  }
  void evict(std::size_t index) {
    auto [queue, parts] = std::move(written_[index]);
    written_.erase(written_.begin() + static_cast<std::ptrdiff_t>(index));
    busy_ = broker.turn([&, &evicted = parts, &from = queue] { from->evict(evicted); });
    seal_output();
  }
  void take_turn() {
    if (!options.clock_stands && random.below(50) == 0)
      broker.pass(base::Milliseconds(static_cast<int>(random.below(5))));
    if (busy_) busy_ = broker.turn();
    seal_output();
  }
  // Everybody does what can be done; false when there was nothing.
  bool progress() {
    bool moved = false;
    const auto when = [&](bool condition, auto&& action) {
      if (!condition) return;
      moved = true;
      action();
    };
    for (auto& [id, wire] : wires_) {
      Wire* at = wire.get();
      when(!at->dropped && unread_[id] < at->to_server.size() && at->io.wants_input(),
           [&] { feed(at, at->to_server.size()); });
      when(at->io.output().size() != 0, [&] { drain(at, at->io.output().size()); });
    }
    seal_input();
    seal_output();
    when(!inputs_.empty(), [&] { take_input(); });
    when(!outputs_.empty(), [&] { take_output(); });
    when(busy_, [&] {
      busy_ = broker.turn();
      seal_output();
    });
    when(!written_.empty(), [&] { evict(0); });
    when(broker.store.has_uncommitted() || broker.store.pending_reads() != 0, [&] {
      broker.catch_up();
      seal_output();
    });
    return moved;
  }
  void reap() {
    std::erase_if(wires_, [&](auto& entry) {
      Wire& wire = *entry.second;
      const bool over = wire.finished() && wire.io.output().size() == 0;
      if (over && !wire.dropped) return false;  // the client lets go first
      return over;
    });
  }

  Source<session::InputBatch> input_source_;
  Source<session::OutputBatch> output_source_;
  std::deque<std::unique_ptr<session::InputBatch>> inputs_;
  std::deque<std::unique_ptr<session::OutputBatch>> outputs_;
  std::deque<std::unique_ptr<session::OutputBatch>> returned_;
  std::map<broker::ConnectionId, std::size_t> unread_;
  std::map<broker::ConnectionId, std::unique_ptr<Wire>> wires_;
  std::uint64_t last_id_ = 0;
  std::vector<std::pair<broker::QueueRef, std::vector<broker::EvictionPart>>> written_;
  bool busy_ = false;
};

}  // namespace harrier::test

// A whole node without sockets and threads: connections with real frames on a simulated broker.
//
// Role:   server's part in tests: moves bytes between clients and ConnectionSessions, calls between
//         these and their BrokerSessions, directly or through recorded batches. What the broker
//         stands on is a SimulatedBackend.
// Model:  actors (each connection's socket and I/O half, the broker loop, the store, the clock)
//         take one small step at a time in an order drawn from a seed. Nothing else is random.
//         Faults: bytes arrive in pieces; batches, commits, evictions and reads are late; reads are
//         reordered; peers vanish.
// Thread: confined(test).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "session/broker_session.h"
#include "support/session_doubles.h"
#include "support/simulated_backend.h"

namespace harrier::test {

struct NodeOptions {
  bool recorded = false;  // input and output go through batches
  bool clock_stands = false;
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
          io(connection_limits_, *this, id, auth::Peer{"10.0.0.1", 4711, false},
             node.backend.now()) {
      properties_.add_string("product", "HarrierMQ");
    }

    const broker::ConnectionId id;
    std::string to_server;
    std::string to_client;
    bool dropped = false;

    auth::Authenticator& authenticator() override { return authenticator_; }
    void run_login_work(std::function<void()>) override {}
    amqp::TableView server_properties() override { return properties_; }
    bool ready() const override { return true; }
    session::PublishView& publish_view() override { return publish_view_; }
    session::SessionInput* attach(const session::ConnectionParameters& parameters,
                                  session::SessionOutput& output) override {
      if (parameters.virtual_host != "/") return nullptr;
      if (!node_.options.recorded) return make_half(parameters, output);
      input_recorder_.attach(parameters);
      return &input_recorder_;
    }
    session::BrokerSession* make_half(const session::ConnectionParameters& parameters,
                                      session::SessionOutput& output) {
      session_limits_.output_credit_bytes = node_.options.output_credit_bytes;
      half = std::make_unique<session::BrokerSession>(node_.backend.host(), parameters,
                                                      session_limits_, output);
      return half.get();
    }
    session::SessionOutput& recorder() { return output_recorder_; }
    bool finished() { return io.finished() && (half == nullptr || half->released()); }

   private:
    SimulatedNode& node_;
    const session::ConnectionLimits connection_limits_;
    session::SessionLimits session_limits_;
    FakeAuthenticator authenticator_;
    amqp::FieldTable properties_;
    session::PublishView publish_view_;
    session::InputRecorder input_recorder_;
    session::OutputRecorder output_recorder_;

   public:
    std::unique_ptr<session::BrokerSession> half;
    session::ConnectionSession io;
  };

  // `backend` outlives it.
  SimulatedNode(SimulatedBackend& under, const NodeOptions& node_options, std::uint64_t seed)
      : options(node_options), random(seed), backend(under) {}
  ~SimulatedNode() {
    for (auto& [id, wire] : wires_)
      drop(*wire);
    settle();
    CHECK(wires_.empty());
  }

  const NodeOptions options;
  base::SeededRandom random;
  SimulatedBackend& backend;

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
    on_io([&] { wire.io.handle_end_of_input(backend.now()); });
  }
  // The node is told to stop: every connection gets connection.close.
  void close_all() {
    for (auto& [id, wire] : wires_) {
      if (wire->dropped) continue;
      on_io([&, at = wire.get()] {
        at->io.force_close(amqp::ReplyCode::kConnectionForced, "shutdown", backend.now());
      });
    }
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

  Wire* pick_wire() {
    if (wires_.empty()) return nullptr;
    auto found = wires_.lower_bound(broker::ConnectionId(1 + random.below(last_id_)));
    return (found == wires_.end() ? wires_.begin() : found)->second.get();
  }
  // Calls into an I/O half reach the broker directly, or else are recorded.
  template <class Calls>
  void on_io(Calls&& calls) {
    if (options.recorded) return calls();
    backend.turn(calls);
  }
  bool reads(const Wire& wire) const {
    return wire.io.wants_input() && !(wire.io.publishes() && backend.holds_publishers());
  }
  void feed(Wire* wire, std::size_t count) {
    if (wire == nullptr || wire->dropped || wire->to_server.empty()) return;
    if (!reads(*wire)) return;
    unread_[wire->id] += std::min(count, wire->to_server.size());
    std::size_t& offered = unread_[wire->id];
    offered = std::min(offered, wire->to_server.size());
    on_io([&] {
      const std::size_t used =
          wire->io.handle_input(Bytes(wire->to_server).substr(0, offered), backend.now());
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
    on_io([&] { wire->io.handle_written(count, backend.now()); });
  }
  void seal_input() {
    if (!input_source_.current->empty()) inputs_.push_back(input_source_.seal());
  }
  void take_input() {
    if (inputs_.empty()) return;
    const auto batch = std::move(inputs_.front());
    inputs_.pop_front();
    backend.turn([&] {
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
    backend.step_store(random);
    seal_output();
  }
  void take_turn() {
    if (!options.clock_stands && random.below(50) == 0)
      backend.pass(base::Milliseconds(static_cast<int>(random.below(5))));
    if (backend.busy()) backend.turn([] {});
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
      when(!at->dropped && unread_[id] < at->to_server.size() && reads(*at),
           [&] { feed(at, at->to_server.size()); });
      when(at->io.output().size() != 0, [&] { drain(at, at->io.output().size()); });
    }
    seal_input();
    seal_output();
    when(!inputs_.empty(), [&] { take_input(); });
    when(!outputs_.empty(), [&] { take_output(); });
    when(backend.busy(), [&] {
      backend.turn([] {});
      seal_output();
    });
    moved = backend.work_off_store() || moved;
    seal_output();
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
};

}  // namespace harrier::test

// The durable node of a DurableMachine, below the connections of a SimulatedNode.
//
// Role:   passes turns and steps on. A new one is made for each node that the machine opens.
// Thread: confined(test).
#pragma once

#include "support/durable_machine.h"
#include "support/simulated_backend.h"

namespace harrier::test {

class DurableBackend final : public SimulatedBackend {
 public:
  explicit DurableBackend(DurableMachine& machine) : machine_(machine) {}

  broker::VirtualHost& host() override { return machine_.broker().host(); }
  base::Now now() const override { return machine_.clock().now(); }
  void turn(const std::function<void()>& calls) override {
    machine_.broker().act(0, [&calls](broker::VirtualHost&) { calls(); });
  }
  // A step may have left its turn open.
  bool busy() const override {
    const DurableBroker::Host& only = machine_.broker().hosts()[0];
    return only.has_work || only.in_turn;
  }
  void pass(base::Milliseconds duration) override {
    machine_.clock().time += duration;
    machine_.broker().step(DurableBroker::kLoopDeadlines);
  }
  void step_store(base::RandomSource& random) override {
    machine_.broker().step(random.below(DurableBroker::kActors));
  }
  bool work_off_store() override {
    bool moved = false;
    for (std::size_t who = 0; who != DurableBroker::kActors; ++who)
      moved = machine_.broker().step(who) || moved;
    return moved;
  }
  bool holds_publishers() const override { return machine_.broker().publishers_held(); }
  std::string describe() const override {
    const journal::JournalUsage usage = machine_.broker().store().journal_usage();
    return "journal: " + std::to_string(usage.segments_used) + " of " +
           std::to_string(usage.segments) + " segments, " + std::to_string(usage.pending_bytes) +
           " bytes pending" + (holds_publishers() ? ", publishers held" : "") + "\n";
  }

 private:
  DurableMachine& machine_;
};

}  // namespace harrier::test

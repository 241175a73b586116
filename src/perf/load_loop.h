// A thread that gives flows their turns: epoll, their schedules, and the controller's orders.
//
// Role:   load.h makes one for each thread; flows are handed over before start().
// Model:  edge-triggered; a flow remembers itself what its socket still has. An order is an atomic
//         counter that grows, and a write to an eventfd.
// Thread: begin(), stop(), sync() and failure() are for the controller's thread; the rest of the
//         state is confined(the loop's thread). synchronized by the orders' release and acquire.
// Errors: what a flow throws ends the loop; failure() then has it.
#pragma once

#include <atomic>
#include <exception>
#include <memory>
#include <queue>
#include <string>
#include <thread>
#include <vector>

#include "perf/flow.h"

namespace harrier::perf {

class LoadLoop {
 public:
  // Before what is due it stays awake for `spin`: waking up takes tens of microseconds.
  explicit LoadLoop(Clock::duration spin = {});
  LoadLoop(const LoadLoop&) = delete;
  LoadLoop& operator=(const LoadLoop&) = delete;
  ~LoadLoop();

  FlowCounters& counters() { return *counters_; }
  const FlowCounters& counters() const { return *counters_; }
  void add(std::unique_ptr<Flow> flow);
  std::size_t flows() const { return flows_.size(); }

  void start();
  // The next one only after every flow of the one before has settled, or after stop().
  void begin(const Phase& phase);
  void stop() { order(stops_); }
  void sync() { order(syncs_); }
  // Ends the thread and closes the connections in order; those that take too long are dropped.
  void finish(Clock::time_point deadline);
  // Null while it goes well.
  std::exception_ptr failure() const;

 private:
  // A flow, and when it asked to be called again.
  struct Entry {
    std::unique_ptr<Flow> flow;
    bool is_again = false;
    bool is_soon = false;
    Clock::time_point due{};  // zero: no schedule
  };
  using Due = std::pair<Clock::time_point, std::size_t>;

  void order(std::atomic<unsigned>& what);
  void join();
  void run();
  void take_orders();
  void wait(Clock::time_point now);
  void give_turns();
  void turn(std::size_t index, Clock::time_point now);

  const Clock::duration spin_;
  const int epoll_;
  const int wake_;
  std::unique_ptr<FlowCounters> counters_;
  ReadBuffer buffer_;
  std::vector<Entry> flows_;
  std::vector<std::size_t> ready_, again_, soon_;
  std::vector<std::size_t> turns_;  // give_turns()'s own
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;

  Phase phase_;  // written before begins_ grows
  std::atomic<unsigned> begins_{0}, stops_{0}, syncs_{0};
  std::atomic<unsigned> begins_taken_{0};  // phase_ may be written again
  std::atomic<bool> quits_{false};
  unsigned begins_seen_ = 0, stops_seen_ = 0, syncs_seen_ = 0;
  std::exception_ptr failure_;  // written before has_failed_
  std::atomic<bool> has_failed_{false};
  std::thread thread_;
};

}  // namespace harrier::perf

// Publishes: as fast as it may, or on a schedule.
//
// Role:   one connection of a load; see flow.h.
// Model:  what may be sent is the least of: the goal of the phase, what is due (with a rate), the
//         room in the confirm window, the room before the consumers, what the transaction lacks.
//         On a schedule message k is due at begin + k / rate, whenever it is sent: its latency
//         counts from there, so that a stall of the broker is not omitted.
// Thread: confined(its loop).
// Errors: LoadError: closed by the broker.
// Limits: confirm_window unanswered, `ahead` messages before the consumers (0: any number), one
//         commit on its way.
#pragma once

#include <optional>
#include <vector>

#include "perf/confirm_window.h"
#include "perf/flow.h"
#include "perf/message_ring.h"

namespace harrier::perf {

struct ProducerPlan {
  std::uint16_t index = 0;  // for the marks in bodies
  MessageShape shape;
  std::size_t ring_bytes = kBatchBytes;
  std::uint64_t confirm_window = 0;  // 0: no confirms
  std::uint64_t transaction = 0;     // messages of one; 0: none
  double rate = 0;                   // messages per second; 0: no schedule
  double rate_offset_s = 0;          // the first message is due so late
  bool check = false;                // bodies have marks
};

// How far the producers of all loops are before the consumers.
class Backlog {
 public:
  // `copies` deliveries for each message; `limit` 0: none.
  Backlog(std::uint64_t copies, std::uint64_t limit) : copies_(copies), limit_(limit) {}

  void watch(const FlowCounters& counters) { counters_.push_back(&counters); }
  // Messages that may still be sent.
  std::uint64_t room() const;
  bool limited() const { return limit_ > 0; }
  std::uint64_t limit() const { return limit_; }

 private:
  const std::uint64_t copies_;
  const std::uint64_t limit_;
  std::vector<const FlowCounters*> counters_;
};

class Producer final : public Flow {
 public:
  Producer(std::unique_ptr<Connection> connection, FlowCounters& counters, const ProducerPlan& plan,
           const Backlog& backlog);

  void begin(const Phase& phase) override;
  void stop() override { is_sending_ = false; }
  void sync() override { wants_sync_ = true; }
  Next turn(Clock::time_point now, ReadBuffer& buffer) override;

 private:
  struct Allowance {
    std::uint64_t messages = 0;
    Next otherwise;  // when to ask again if there are none
  };

  void receive(ReadBuffer& buffer);
  void take_method(std::string_view payload, Clock::time_point now);
  void answer(std::string_view payload, bool positive, Clock::time_point now);
  bool flush();
  std::uint64_t worth_sending(std::uint64_t room, std::uint64_t whole, std::uint64_t wanted) const;
  Allowance allowance(Clock::time_point now);
  void send(std::uint64_t messages, Clock::time_point now);
  void prepare(std::size_t slot, std::uint64_t stamp);
  void commit();
  Next settle();
  Clock::time_point due(std::uint64_t message) const;

  const ProducerPlan plan_;
  const Backlog& backlog_;
  MessageRing ring_;
  const std::size_t batch_messages_;  // of one system call
  std::optional<ConfirmWindow> window_;
  std::size_t cursor_ = 0;
  std::string_view unsent_;  // into ring_ or into control_
  std::string control_;      // a commit or a sync that goes out
  bool awaits_commit_ = false;
  std::uint64_t uncommitted_ = 0;

  Phase phase_;
  std::uint64_t phase_sent_ = 0;
  std::uint64_t sequence_ = 0;
  bool is_sending_ = false;
  bool is_settled_ = true;
  bool wants_sync_ = false;
  bool awaits_sync_ = false;
};

}  // namespace harrier::perf

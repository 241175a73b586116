// Consumes, counts, acknowledges, and looks into bodies as far as it is asked to.
//
// Role:   one connection of a load; see flow.h.
// Model:  a delivery is complete with the last octet of its body; tags of a channel count up from
//         1, so that the methods before the bodies need not be read. Acknowledgements of what one
//         read brought leave in one write.
// Thread: confined(its loop).
// Errors: LoadError: closed, or cancelled by the broker.
// Limits: stops reading while kUnsentAcksMax octets of acknowledgements wait to be sent.
#pragma once

#include <string>
#include <vector>

#include "perf/flow.h"
#include "perf/message_ring.h"

namespace harrier::perf {

struct ConsumerPlan {
  std::string queue;
  unsigned prefetch = 0;  // 0: no limit
  bool auto_ack = false;
  std::uint64_t ack_every = 1;    // more: so many at once, with `multiple`
  std::uint64_t transaction = 0;  // acknowledged messages of one; 0: none
  std::uint64_t messages = 0;     // cancels after so many; 0: never
  double rate = 0;                // messages per second at most; 0: any
  amqp::FieldTable arguments;     // of the consume
  bool check = false;             // bodies have marks
  bool check_order = false;       // within one producer; not with priorities
  std::uint16_t producers = 0;    // whose marks may come
  std::size_t body_bytes = 0;     // that every body must have, with `check`
};

class Consumer final : public Flow {
 public:
  Consumer(std::unique_ptr<Connection> connection, FlowCounters& counters,
           const ConsumerPlan& plan);

  void begin(const Phase& phase) override;
  void stop() override;
  void sync() override { wants_sync_ = true; }
  Next turn(Clock::time_point now, ReadBuffer& buffer) override;

 private:
  static constexpr std::size_t kUnsentAcksMax = 1 << 20;

  void receive(ReadBuffer& buffer);
  void take_frame(unsigned char type, std::string_view payload);
  void take_body(std::string_view payload);
  void take_method(std::string_view payload);
  void finish_delivery();
  void check_piece(std::string_view piece);
  void append_ack(std::uint64_t tag, bool multiple);
  void acknowledge_pending();
  void append_commit();
  bool flush();
  void request_sync();

  const ConsumerPlan plan_;
  std::string unsent_;
  std::uint64_t delivered_ = 0;  // the tag of the newest
  std::uint64_t acked_ = 0;
  std::uint64_t committed_ = 0;
  bool is_cancelled_ = false;
  Clock::time_point paused_until_{};

  // The delivery that is coming in.
  std::uint64_t body_size_ = 0;
  std::uint64_t body_seen_ = 0;
  // Of the read that is looked at.
  std::uint64_t read_stamp_ = 0;
  std::uint64_t read_deliveries_ = 0;
  std::uint64_t read_bytes_ = 0;

  std::vector<std::uint64_t> next_sequences_;  // by producer
  bool is_settled_ = true;
  bool wants_sync_ = false;
  bool awaits_sync_ = false;
};

}  // namespace harrier::perf

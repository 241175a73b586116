#include "perf/consumer.h"

#include <algorithm>

namespace harrier::perf {
namespace {

constexpr auto kMethodType = static_cast<unsigned char>(amqp::FrameType::kMethod);
constexpr auto kHeaderType = static_cast<unsigned char>(amqp::FrameType::kHeader);
constexpr auto kBodyType = static_cast<unsigned char>(amqp::FrameType::kBody);
// So many reads before other flows of the loop have a turn.
constexpr int kReadsPerTurn = 4;
// What is read is looked at while it is still in the processor's second cache.
constexpr std::size_t kReadAtOnce = 128 << 10;
// With a rate: what is read must be counted, so little is read at once.
constexpr std::size_t kPacedReadBytes = 2048;

}  // namespace

Consumer::Consumer(std::unique_ptr<Connection> connection, FlowCounters& counters,
                   const ConsumerPlan& plan)
    : Flow(std::move(connection), counters), plan_(plan) {
  if (plan.prefetch > 0 && plan.ack_every > plan.prefetch && !plan.auto_ack)
    throw LoadError("acknowledging later than the prefetch allows would wait for ever");
  if (plan.check) next_sequences_.resize(plan.producers);
  Connection& link = this->connection();
  if (plan.transaction > 0) link.call<amqp::TxSelectOk>(amqp::TxSelect{});
  if (plan.prefetch > 0)
    link.call<amqp::BasicQosOk>(
        amqp::BasicQos{.prefetch_count = static_cast<std::uint16_t>(plan.prefetch)});
  // Not call(): deliveries may follow consume-ok at once, and none may be dropped.
  link.send(amqp::BasicConsume{.queue = plan.queue,
                               .consumer_tag = "c",
                               .no_ack = plan.auto_ack,
                               .arguments = plan.arguments});
}

void Consumer::begin(const Phase&) {
  is_settled_ = plan_.messages == 0 || is_cancelled_;
  if (is_settled_) ++counters().settled;
  wants_sync_ = awaits_sync_ = false;
}

// One that has not had its number by then gets no more.
void Consumer::stop() {
  if (!is_settled_) ++counters().settled;
  is_settled_ = true;
}

Next Consumer::turn(Clock::time_point now, ReadBuffer& buffer) {
  if (!flush() && unsent_.size() > kUnsentAcksMax) return Next::event();
  if (now < paused_until_) return Next::at(paused_until_);
  for (int reads = 0; can_read_ && reads < kReadsPerTurn; ++reads) {
    receive(buffer);
    flush();
    if (plan_.rate > 0 && read_deliveries_ > 0) {
      paused_until_ = std::max(paused_until_, now - std::chrono::milliseconds(10)) +
                      seconds_of(static_cast<double>(read_deliveries_) / plan_.rate);
      return Next::at(paused_until_);
    }
  }
  if (wants_sync_) request_sync();
  return can_read_ ? Next::again() : Next::event();
}

void Consumer::receive(ReadBuffer& buffer) {
  read_stamp_ = 0;
  read_deliveries_ = read_bytes_ = 0;
  const Transfer transfer = connection().receive(
      buffer,
      [this](unsigned char type, std::uint16_t, std::string_view payload) {
        take_frame(type, payload);
      },
      plan_.rate > 0 ? kPacedReadBytes : kReadAtOnce);
  can_read_ = !transfer.drained;
  counters().body_bytes.add(read_bytes_);
  if (read_deliveries_ == 0) return;
  counters().received.add(read_deliveries_);
  counters().last_delivery.set(read_stamp_);
}

inline void Consumer::take_frame(unsigned char type, std::string_view payload) {
  // One reading of the clock for all that came together.
  if (read_stamp_ == 0) read_stamp_ = stamp_of(Clock::now());
  if (type == kBodyType) {
    take_body(payload);
  } else if (type == kHeaderType) {
    if (payload.size() < 12) throw LoadError("the broker sent a content header cut short");
    body_size_ = base::load_big_endian<std::uint64_t>(payload.data() + 4);
    body_seen_ = 0;
    if (body_size_ == 0) finish_delivery();
  } else if (type == kMethodType && method_of(payload) != kMethod<amqp::BasicDeliver>) {
    take_method(payload);
  }
}

inline void Consumer::take_body(std::string_view payload) {
  if (body_seen_ == 0 && payload.size() >= kStampBytes) {
    const auto stamp = base::load_big_endian<std::uint64_t>(payload.data());
    // Another program's message has no stamp, but something else there.
    if (stamp <= read_stamp_ && read_stamp_ - stamp <= kHistogramValueMax)
      counters().latency.record(read_stamp_ - stamp);
  }
  if (plan_.check) check_piece(payload);
  body_seen_ += payload.size();
  read_bytes_ += payload.size();
  if (body_seen_ >= body_size_) finish_delivery();
}

void Consumer::take_method(std::string_view payload) {
  switch (method_of(payload)) {
    case kMethod<amqp::BasicQosOk>:
      if (awaits_sync_) ++counters().synced;
      awaits_sync_ = false;
      break;
    default: connection().notice(payload);
  }
}

inline void Consumer::finish_delivery() {
  if (is_cancelled_) return;
  ++delivered_;
  ++read_deliveries_;
  if (!plan_.auto_ack && delivered_ - acked_ >= plan_.ack_every) {
    append_ack(delivered_, plan_.ack_every > 1);
    acked_ = delivered_;
    if (plan_.transaction > 0 && acked_ - committed_ >= plan_.transaction) append_commit();
  }
  if (delivered_ != plan_.messages) return;
  is_cancelled_ = true;
  acknowledge_pending();
  unsent_ += method_frame(amqp::BasicCancel{.consumer_tag = "c", .no_wait = true});
  if (!is_settled_) ++counters().settled;
  is_settled_ = true;
}

void Consumer::check_piece(std::string_view piece) {
  const bool is_first = body_seen_ == 0;
  BodyMark mark;
  bool good = body_size_ == plan_.body_bytes;
  if (is_first) {
    good = good && piece.size() >= kCheckedBytes && read_mark(piece, mark) &&
           mark.producer < next_sequences_.size() &&
           matches_pattern(piece.substr(kCheckedBytes), kCheckedBytes);
  } else {
    good = good && matches_pattern(piece, body_seen_);
  }
  if (!good) {
    ++counters().damaged;
    return;
  }
  if (!is_first) return;
  counters().received_sum.add(mark.mixed());
  std::uint64_t& next = next_sequences_[mark.producer];
  if (plan_.check_order && mark.sequence < next) ++counters().out_of_order;
  next = std::max(next, mark.sequence + 1);
}

inline void Consumer::append_ack(std::uint64_t tag, bool multiple) {
  // A frame of 21 octets: basic.ack, delivery-tag, bits.
  char frame[21] = {1, 0, 1, 0, 0, 0, 13, 0, 60, 0, 80};
  base::store_big_endian(frame + 11, tag);
  frame[19] = multiple ? 1 : 0;
  frame[20] = static_cast<char>(amqp::kFrameEnd);
  unsent_.append(frame, sizeof frame);
}

void Consumer::acknowledge_pending() {
  if (plan_.auto_ack || delivered_ == acked_) return;
  append_ack(delivered_, true);
  acked_ = delivered_;
}

void Consumer::append_commit() {
  unsent_ += method_frame(amqp::TxCommit{});
  committed_ = acked_;
}

bool Consumer::flush() {
  std::size_t sent = 0;
  while (can_write_ && sent < unsent_.size()) {
    const Transfer transfer = connection().send_some(std::string_view(unsent_).substr(sent));
    sent += transfer.bytes;
    if (transfer.drained) can_write_ = false;
  }
  unsent_.erase(0, sent);
  return unsent_.empty();
}

// Its answer comes when the broker has read every acknowledgement before it.
void Consumer::request_sync() {
  wants_sync_ = false;
  awaits_sync_ = true;
  acknowledge_pending();
  if (plan_.transaction > 0 && acked_ > committed_) append_commit();
  unsent_ +=
      method_frame(amqp::BasicQos{.prefetch_count = static_cast<std::uint16_t>(plan_.prefetch)});
  flush();
}

}  // namespace harrier::perf

#include "perf/producer.h"

#include <algorithm>

namespace harrier::perf {
namespace {

constexpr auto kMethodType = static_cast<unsigned char>(amqp::FrameType::kMethod);
// On a schedule no more than so many go out without a look at what came in.
constexpr std::uint64_t kDueMax = 4096;

}  // namespace

std::uint64_t Backlog::room() const {
  if (limit_ == 0) return kUnlimited;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  for (const FlowCounters* one : counters_) {
    sent += one->sent.value();
    received += one->received.value();
  }
  const std::uint64_t gone = received / copies_;
  const std::uint64_t ahead = sent > gone ? sent - gone : 0;
  return limit_ > ahead ? limit_ - ahead : 0;
}

Producer::Producer(std::unique_ptr<Connection> connection, FlowCounters& counters,
                   const ProducerPlan& plan, const Backlog& backlog)
    : Flow(std::move(connection), counters),
      plan_(plan),
      backlog_(backlog),
      ring_(plan.shape, plan.ring_bytes),
      batch_messages_(ring_.run(0, ring_.messages())) {
  if (plan.confirm_window > 0) {
    window_.emplace(plan.confirm_window);
    this->connection().call<amqp::ConfirmSelectOk>(amqp::ConfirmSelect{});
  } else if (plan.transaction > 0) {
    this->connection().call<amqp::TxSelectOk>(amqp::TxSelect{});
  }
}

void Producer::begin(const Phase& phase) {
  phase_ = phase;
  phase_sent_ = 0;
  is_sending_ = true;
  is_settled_ = false;
  wants_sync_ = awaits_sync_ = false;
}

Next Producer::turn(Clock::time_point now, ReadBuffer& buffer) {
  receive(buffer);
  if (!flush()) return Next::event();
  // A schedule ends where it ends, even when we are late.
  if (is_sending_ && plan_.rate == 0 && now >= phase_.end) is_sending_ = false;
  if (is_sending_ && phase_sent_ >= phase_.messages_per_producer) is_sending_ = false;
  if (!is_sending_) return settle();
  if (plan_.transaction > 0 && uncommitted_ == plan_.transaction && !awaits_commit_) {
    commit();
    return Next::event();
  }
  const Allowance allowed = allowance(now);
  if (allowed.messages == 0) return allowed.otherwise;
  send(allowed.messages, now);
  if (plan_.rate == 0) return Next::again();
  const Allowance then = allowance(now);
  return then.messages == 0 ? then.otherwise : Next::again();
}

void Producer::receive(ReadBuffer& buffer) {
  while (can_read_) {
    Clock::time_point now{};
    const Transfer transfer = connection().receive(
        buffer, [&](unsigned char type, std::uint16_t, std::string_view payload) {
          // One reading of the clock for all that came together.
          if (now == Clock::time_point{}) now = Clock::now();
          if (type == kMethodType) take_method(payload, now);
        });
    can_read_ = !transfer.drained;
  }
}

void Producer::take_method(std::string_view payload, Clock::time_point now) {
  switch (method_of(payload)) {
    case kMethod<amqp::BasicAck>: answer(payload, true, now); break;
    case kMethod<amqp::BasicNack>: answer(payload, false, now); break;
    case kMethod<amqp::BasicReturn>: ++counters().returned; break;
    case kMethod<amqp::TxCommitOk>:
      awaits_commit_ = false;
      counters().committed.add(uncommitted_);
      uncommitted_ = 0;
      break;
    case kMethod<amqp::BasicQosOk>:
      if (awaits_sync_) ++counters().synced;
      awaits_sync_ = false;
      break;
    default: connection().notice(payload);
  }
}

void Producer::answer(std::string_view payload, bool positive, Clock::time_point now) {
  if (!window_ || payload.size() < 13) throw LoadError("a confirm that nobody asked for");
  const auto tag = base::load_big_endian<std::uint64_t>(payload.data() + 4);
  const std::uint64_t now_stamp = stamp_of(now);
  std::uint64_t answered = 0;
  window_->answer(tag, (payload[12] & 1) != 0, [&](std::uint64_t stamp) {
    ++answered;
    if (positive) counters().confirm_latency.record(now_stamp > stamp ? now_stamp - stamp : 0);
  });
  (positive ? counters().confirmed : counters().nacked).add(answered);
  counters().last_confirm.set(now_stamp);
}

// True when nothing is left to be sent.
bool Producer::flush() {
  while (!unsent_.empty() && can_write_) {
    const Transfer transfer = connection().send_some(unsent_);
    unsent_.remove_prefix(transfer.bytes);
    if (transfer.drained) can_write_ = false;
  }
  return unsent_.empty();
}

Clock::time_point Producer::due(std::uint64_t message) const {
  return phase_.begin + seconds_of(plan_.rate_offset_s + static_cast<double>(message) / plan_.rate);
}

// `room`, or 0 while so little of `whole` is free that a system call is not worth it; unless it is
// all that is `wanted`.
std::uint64_t Producer::worth_sending(std::uint64_t room, std::uint64_t whole,
                                      std::uint64_t wanted) const {
  if (plan_.rate > 0) return room;
  const std::uint64_t worth = std::clamp<std::uint64_t>(whole / 4, 1, batch_messages_);
  return room >= std::min(worth, wanted) ? room : 0;
}

Producer::Allowance Producer::allowance(Clock::time_point now) {
  Allowance allowed{phase_.messages_per_producer - phase_sent_, Next::event()};
  if (allowed.messages == 0) return {0, Next::again()};  // to settle
  const auto limit = [&](std::uint64_t room, Next otherwise) {
    if (room == 0 && allowed.messages > 0) allowed.otherwise = otherwise;
    allowed.messages = std::min(allowed.messages, room);
  };
  if (plan_.rate > 0) {
    const Clock::time_point next = due(phase_sent_);
    if (next >= phase_.end) {
      is_sending_ = false;
      return {0, Next::again()};
    }
    // Where the schedule ends counts, not how late we are.
    const Clock::time_point until = std::min(now, phase_.end);
    const double late_s = seconds(until - next);
    limit(next > now ? 0 : std::min(kDueMax, static_cast<std::uint64_t>(late_s * plan_.rate) + 1),
          Next::at(next));
  }
  if (window_) {
    limit(worth_sending(window_->room(), plan_.confirm_window, allowed.messages), Next::event());
  }
  if (plan_.transaction > 0)
    limit(awaits_commit_ ? 0 : plan_.transaction - uncommitted_, Next::event());
  if (backlog_.limited())
    limit(worth_sending(backlog_.room(), backlog_.limit(), allowed.messages), Next::soon());
  return allowed;
}

void Producer::prepare(std::size_t slot, std::uint64_t stamp) {
  if (plan_.shape.body_bytes >= kStampBytes) ring_.stamp(slot, stamp);
  if (window_) window_->publish(stamp);
  if (!plan_.check) return;
  const BodyMark mark{plan_.index, sequence_++};
  write_mark(ring_.body(slot), mark);
  counters().sent_sum.add(mark.mixed());
}

void Producer::send(std::uint64_t messages, Clock::time_point now) {
  if (ring_.is_uniform()) cursor_ = 0;
  const std::size_t count = ring_.run(cursor_, messages);
  const std::uint64_t now_stamp = stamp_of(now);
  if (plan_.rate > 0) {
    for (std::size_t i = 0; i < count; ++i)
      prepare(cursor_ + i, stamp_of(due(phase_sent_ + i)));
    const std::uint64_t first = stamp_of(due(phase_sent_));
    counters().lag.record(now_stamp > first ? now_stamp - first : 0);
  } else {
    for (std::size_t i = 0; i < count; ++i)
      prepare(cursor_ + i, now_stamp);
  }
  unsent_ = ring_.frames(cursor_, count);
  cursor_ = (cursor_ + count) % ring_.messages();
  phase_sent_ += count;
  // Before the bytes are: a consumer must not have received what was not sent.
  counters().sent.add(count);
  if (plan_.transaction > 0) uncommitted_ += count;
  flush();
}

void Producer::commit() {
  control_ = method_frame(amqp::TxCommit{});
  unsent_ = control_;
  awaits_commit_ = true;
  flush();
}

// What is owed when nothing more is sent: the last commit, the confirms, the round trip.
Next Producer::settle() {
  if (plan_.transaction > 0 && uncommitted_ > 0) {
    if (!awaits_commit_) commit();
    return Next::event();
  }
  if (window_ && window_->unanswered() > 0) return Next::event();
  if (!is_settled_) {
    is_settled_ = true;
    ++counters().settled;
  }
  if (wants_sync_) {
    wants_sync_ = false;
    awaits_sync_ = true;
    control_ = method_frame(amqp::BasicQos{});
    unsent_ = control_;
    flush();
  }
  return Next::event();
}

}  // namespace harrier::perf

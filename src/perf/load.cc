#include "perf/load.h"

#include <algorithm>
#include <thread>

#include "perf/interrupt.h"

namespace harrier::perf {
namespace {

// How often the controller looks at the counters of the loops.
constexpr std::chrono::milliseconds kLook{1};
// After an interrupt what is on its way has so long.
constexpr std::chrono::seconds kInterruptLimit{3};

Clock::time_point time_of(std::uint64_t stamp) {
  return Clock::time_point(std::chrono::nanoseconds(stamp));
}

void add_counters(Totals& totals, const FlowCounters& counters, bool with_histograms) {
  totals.sent += counters.sent.value();
  totals.confirmed += counters.confirmed.value();
  totals.nacked += counters.nacked.value();
  totals.returned += counters.returned.value();
  totals.committed += counters.committed.value();
  totals.received += counters.received.value();
  totals.body_bytes += counters.body_bytes.value();
  totals.settled += counters.settled.value();
  totals.synced += counters.synced.value();
  totals.sent_sum += counters.sent_sum.value();
  totals.received_sum += counters.received_sum.value();
  totals.out_of_order += counters.out_of_order.value();
  totals.damaged += counters.damaged.value();
  totals.last_confirm = std::max(totals.last_confirm, time_of(counters.last_confirm.value()));
  totals.last_delivery = std::max(totals.last_delivery, time_of(counters.last_delivery.value()));
  if (!with_histograms) return;
  totals.latency.add(counters.latency.snapshot());
  totals.confirm_latency.add(counters.confirm_latency.snapshot());
  totals.lag.add(counters.lag.snapshot());
}

// At 0 Clock's end would overflow.
Clock::time_point end_of(Clock::time_point begin, Clock::duration duration) {
  return duration > Clock::time_point::max() - begin ? Clock::time_point::max() : begin + duration;
}

}  // namespace

Totals Totals::since(const Totals& earlier) const {
  Totals difference = *this;
  difference.sent -= earlier.sent;
  difference.confirmed -= earlier.confirmed;
  difference.nacked -= earlier.nacked;
  difference.returned -= earlier.returned;
  difference.committed -= earlier.committed;
  difference.received -= earlier.received;
  difference.body_bytes -= earlier.body_bytes;
  difference.settled -= earlier.settled;
  difference.synced -= earlier.synced;
  difference.sent_sum -= earlier.sent_sum;
  difference.received_sum -= earlier.received_sum;
  difference.out_of_order -= earlier.out_of_order;
  difference.damaged -= earlier.damaged;
  difference.latency = latency.since(earlier.latency);
  difference.confirm_latency = confirm_latency.since(earlier.confirm_latency);
  difference.lag = lag.since(earlier.lag);
  return difference;
}

// What a wait has seen so far.
struct Load::Watch {
  Observer observer;
  Clock::duration interval;
  Clock::time_point begin;
  Clock::time_point next_report;
  Clock::time_point progress;
  std::uint64_t events = 0;
};

Load::Load(const LoadPlan& plan)
    : copies_(std::max<std::uint64_t>(plan.copies, 1)),
      waiting_(plan.waiting),
      is_consumed_(plan.is_consumed && !plan.consumers.empty()),
      producers_(plan.producers.size()),
      can_settle_(producers_ > 0 ||
                  (!plan.consumers.empty() && plan.consumers.front().messages > 0)),
      backlog_(copies_, is_consumed_ ? plan.ahead : 0) {
  for (unsigned i = 0; i < std::clamp(plan.threads, 1U, kThreadsMax); ++i) {
    loops_.push_back(std::make_unique<LoadLoop>(plan.spin));
    backlog_.watch(loops_.back()->counters());
  }
  // Consumers first: nothing is published before somebody waits for it.
  for (std::size_t i = 0; i < plan.consumers.size(); ++i) {
    if (is_interrupted()) throw LoadError("interrupted");
    LoadLoop& loop = *loops_[loops_.size() - 1 - i % loops_.size()];
    loop.add(std::make_unique<Consumer>(std::make_unique<Connection>(plan.endpoint),
                                        loop.counters(), plan.consumers[i]));
  }
  add_producers(plan);
  for (const ProducerPlan& producer : plan.producers) {
    if (producer.rate > 0) patience_ = kPatience + seconds_of(2 / producer.rate);
  }
  flows_ = plan.producers.size() + plan.consumers.size();
  for (const auto& loop : loops_)
    loop->start();
}

void Load::add_producers(const LoadPlan& plan) {
  for (std::size_t i = 0; i < plan.producers.size(); ++i) {
    if (is_interrupted()) throw LoadError("interrupted");
    LoadLoop& loop = *loops_[i % loops_.size()];
    loop.add(std::make_unique<Producer>(std::make_unique<Connection>(plan.endpoint),
                                        loop.counters(), plan.producers[i], backlog_));
  }
}

Totals Load::totals(bool with_histograms) const {
  Totals totals;
  for (const auto& loop : loops_)
    add_counters(totals, loop->counters(), with_histograms);
  return totals;
}

void Load::look(Watch& watch) {
  for (const auto& loop : loops_) {
    if (loop->failure()) std::rethrow_exception(loop->failure());
  }
  const auto now = Clock::now();
  const Totals totals = this->totals(false);
  const std::uint64_t events = totals.sent + totals.confirmed + totals.received + totals.committed +
                               totals.settled + totals.synced;
  if (events != watch.events) watch.progress = now;
  watch.events = events;
  if (watch.observer && now >= watch.next_report) {
    watch.observer(this->totals(), now - watch.begin);
    watch.next_report += watch.interval;
  }
  if (can_settle_ && now - watch.progress > patience_)
    throw LoadError("no progress for " + std::to_string(kPatience.count()) + " s: " +
                    std::to_string(totals.sent) + " sent, " + std::to_string(totals.confirmed) +
                    " confirmed, " + std::to_string(totals.received) + " received");
}

bool Load::wait_until(Watch& watch, Clock::time_point deadline, const std::function<bool()>& done) {
  while (true) {
    look(watch);
    if (done()) return true;
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kLook);
  }
}

bool Load::is_received() const {
  const Totals now = totals(false);
  return now.received >= (now.sent - now.returned) * copies_ + waiting_;
}

PhaseResult Load::run(const Goal& goal, const Observer& observer, Clock::duration interval) {
  PhaseResult result;
  const Totals before = totals();
  const auto begin = Clock::now();
  const Phase phase{begin, end_of(begin, goal.duration), goal.messages_per_producer};
  ++phases_;
  for (const auto& loop : loops_)
    loop->begin(phase);
  Watch watch{observer, interval, begin, begin + interval, begin, 0};
  const auto settled = [&] { return totals(false).settled >= flows_ * phases_; };
  const auto last_sent = [&] { return Clock::now() >= phase.end || (can_settle_ && settled()); };
  wait_until(watch, Clock::time_point::max(), [&] { return is_interrupted() || last_sent(); });
  result.is_interrupted = is_interrupted();
  result.publish_s = seconds(Clock::now() - begin);
  for (const auto& loop : loops_)
    loop->stop();
  const auto deadline =
      end_of(Clock::now(), result.is_interrupted ? kInterruptLimit : goal.drain_limit);
  const bool is_settled = wait_until(watch, deadline, settled);
  result.is_drained = is_settled;
  if (is_consumed_ && producers_ > 0)
    result.is_drained = wait_until(watch, deadline, [&] { return is_received(); }) && is_settled;
  ++syncs_;
  for (const auto& loop : loops_)
    loop->sync();
  if (!wait_until(watch, deadline + kCloseLimit,
                  [&] { return totals(false).synced >= flows_ * syncs_; }))
    result.is_drained = false;
  result.elapsed_s = seconds(Clock::now() - begin);
  const Totals after = totals();
  result.totals = after.since(before);
  if (result.totals.confirmed > 0) result.publish_s = seconds(after.last_confirm - begin);
  if (result.totals.received > 0) result.consume_s = seconds(after.last_delivery - begin);
  return result;
}

void Load::finish() {
  const auto deadline = Clock::now() + kCloseLimit;
  for (const auto& loop : loops_)
    loop->finish(deadline);
}

}  // namespace harrier::perf

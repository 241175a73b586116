// Channel's statistics: what is counted, and what follows from its tags.

#include <algorithm>
#include <utility>

#include "session/broker_session.h"
#include "session/channel.h"

namespace harrier::session {

using broker::MessageEvent;
using broker::total_of;

ChannelStatistics& Channel::statistics() {
  if (!statistics_) statistics_ = std::make_unique<ChannelStatistics>(*this);
  return *statistics_;
}

void Channel::become_active() {
  statistics().window =
      std::make_unique<ChannelStatistics::Window>(totals(), virtual_host().now().monotonic);
  virtual_host().join_activity(*statistics_);
  active_ = true;
}

bool ChannelStatistics::look(base::MonotonicTime now) {
  const broker::MessageTotals totals = channel.totals();
  const bool still = window->still(totals);
  window->look(totals, now);
  return !still;
}

void ChannelStatistics::quiet() { channel.become_quiet(); }

void Channel::become_quiet() {
  active_ = false;
  statistics_->quiet_since = virtual_host().now().monotonic - broker::Activity::kPeriod;
  statistics_->window.reset();
}

// Classes are (bound before, bound]; the last has no end.
void Channel::change_size_class(std::size_t size) {
  report_published();
  using Sizes = broker::VirtualHostCounters::MessageSizes;
  const std::size_t index = Sizes::class_of(size);
  sizes_from_ = index == 0 ? 0 : Sizes::kBounds[index - 1] + 1;
  sizes_span_ = index == Sizes::kBounds.size() ? UINT64_MAX - sizes_from_
                                               : Sizes::kBounds[index] - sizes_from_;
}

// All of a turn, of a route or of a class of sizes: they went to the same queues.
void Channel::report_published() {
  if (unreported_ == 0) return;
  const std::uint64_t count = std::exchange(unreported_, 0);
  virtual_host().counters().message_sizes.add_to(
      broker::VirtualHostCounters::MessageSizes::class_of(sizes_from_), count,
      std::exchange(unreported_bytes_, 0));
  broker::ExchangeTraffic* const traffic = target_traffic();
  count_published(count, traffic == nullptr ? 0 : count * route_.queues.size(), traffic);
}

broker::ExchangeTraffic* Channel::traffic_to(std::string_view name) {
  broker::Exchange* const exchange = virtual_host().find_exchange(name);
  if (exchange == nullptr && !name.empty()) return nullptr;
  return &virtual_host().traffic_of(exchange);
}

broker::ExchangeTraffic* Channel::target_traffic() {
  // It may have been deleted since.
  if (target_.routes_version != virtual_host().routes_version()) return traffic_to(target_.name);
  if (target_.exchange == nullptr && !target_.name.empty()) return nullptr;
  return &virtual_host().traffic_of(target_.exchange);
}

void Channel::note_dropped(broker::ExchangeTraffic* traffic) {
  ++virtual_host().counters().unroutable_dropped;
  ++statistics().dropped;
  if (traffic != nullptr) traffic->add_dropped();
}

void Channel::count_published(std::uint64_t count, std::uint64_t routed,
                              broker::ExchangeTraffic* traffic) {
  if (!active_) become_active();
  if (published_ == 0) ++virtual_host().counters().publishers;
  published_ += count;
  virtual_host().counters().routed.add(routed);
  if (traffic != nullptr) traffic->add(count, routed, virtual_host().now().monotonic);
}

void Channel::note_committed(const Transaction::Publish& publish) {
  count_published(1, publish.queues.size(), traffic_to(publish.message->exchange()));
}

void Channel::note_get_empty() {
  if (!active_) become_active();
  ++statistics_->get_empty;
}

void Channel::count_got(bool no_ack, bool redelivered) {
  if (!active_) become_active();
  ++(no_ack ? statistics_->got_no_ack : statistics_->got);
  if (redelivered) ++statistics_->redelivered;
}

broker::MessageTotals Channel::totals() const {
  broker::MessageTotals totals{};
  if (!statistics_) return totals;
  const ChannelStatistics& own = *statistics_;
  total_of(totals, MessageEvent::kPublish) = published_ + unreported_;
  total_of(totals, MessageEvent::kConfirm) = own.confirmed;
  total_of(totals, MessageEvent::kReturnUnroutable) = own.returned;
  total_of(totals, MessageEvent::kDropUnroutable) = own.dropped;
  // Each delivery has a tag of its own.
  total_of(totals, MessageEvent::kDeliver) =
      last_delivery_tag_.value - delivered_no_ack_ - own.got - own.got_no_ack - own.direct_replies;
  total_of(totals, MessageEvent::kDeliverNoAck) = delivered_no_ack_;
  total_of(totals, MessageEvent::kGet) = own.got;
  total_of(totals, MessageEvent::kGetNoAck) = own.got_no_ack;
  total_of(totals, MessageEvent::kGetEmpty) = own.get_empty;
  total_of(totals, MessageEvent::kAck) = acknowledged_;
  total_of(totals, MessageEvent::kRedeliver) = own.redelivered;
  return totals;
}

ChannelReading Channel::read() const {
  ChannelReading reading;
  if (state_ != State::kOpen) {
    reading.state = ChannelState::kClosing;
  } else if (!session_.output_credit().open()) {
    reading.state = ChannelState::kFlow;
  }
  reading.consumers = consumers_.size() + (reply_consumer_tag_ ? 1 : 0);
  reading.prefetch_count = default_prefetch_;
  reading.global_prefetch_count = global_prefetch_;
  reading.confirm = confirms_.selected();
  reading.transactional = transaction_.has_value();
  reading.unacked = unacked_.count() + returning_.count() + got_.size();
  reading.unconfirmed = confirms_.unconfirmed();
  if (transaction_) {
    reading.uncommitted = transaction_->publishes();
    reading.acks_uncommitted = transaction_->settlements();
    // They come back if it is rolled back.
    reading.unacked += reading.acks_uncommitted;
  }
  reading.counts.totals = totals();
  reading.idle_since = opened_at_;
  if (!statistics_) return reading;
  reading.idle_since = std::max(opened_at_, statistics_->quiet_since);
  if (!statistics_->window) return reading;
  reading.idle_since.reset();
  reading.counts.rates =
      statistics_->window->rates(reading.counts.totals, session_.virtual_host().now().monotonic);
  return reading;
}

std::optional<base::MonotonicTime> Channel::oldest_unacked_of(const broker::Queue& queue) const {
  constexpr int kLookedAt = 64;
  std::optional<base::MonotonicTime> oldest;
  int left = kLookedAt;
  unacked_.visit_oldest([&](const broker::Unacked& unacked) {
    if (unacked.queue.get() != &queue) return --left > 0;
    oldest = std::min(oldest.value_or(unacked.delivered_at), unacked.delivered_at);
    return false;
  });
  return oldest;
}

}  // namespace harrier::session

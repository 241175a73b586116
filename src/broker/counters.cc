#include "broker/counters.h"

namespace harrier::broker {
namespace {

using base::Counter;

std::uint64_t sum(const std::array<QueueTypeCounters, 2>& types,
                  std::initializer_list<Counter QueueTypeCounters::*> members) {
  std::uint64_t sum = 0;
  for (const QueueTypeCounters& type : types)
    for (const auto member : members)
      sum += (type.*member).value();
  return sum;
}

constexpr Counter QueueTypeCounters::*kOfTypes[] = {
    &QueueTypeCounters::delivered_auto_ack, &QueueTypeCounters::delivered_manual_ack,
    &QueueTypeCounters::got_auto_ack,       &QueueTypeCounters::got_manual_ack,
    &QueueTypeCounters::get_empty,          &QueueTypeCounters::redelivered,
    &QueueTypeCounters::acknowledged};

constexpr Counter VirtualHostCounters::*kTotals[] = {&VirtualHostCounters::channels_opened,
                                                     &VirtualHostCounters::channels_closed,
                                                     &VirtualHostCounters::queues_declared,
                                                     &VirtualHostCounters::queues_created,
                                                     &VirtualHostCounters::queues_deleted,
                                                     &VirtualHostCounters::published,
                                                     &VirtualHostCounters::published_confirm,
                                                     &VirtualHostCounters::routed,
                                                     &VirtualHostCounters::unroutable_dropped,
                                                     &VirtualHostCounters::unroutable_returned,
                                                     &VirtualHostCounters::confirmed,
                                                     &VirtualHostCounters::refused,
                                                     &VirtualHostCounters::direct_replies,
                                                     &VirtualHostCounters::requeued,
                                                     &VirtualHostCounters::dead_lettered,
                                                     &VirtualHostCounters::dead_letters_dropped,
                                                     &VirtualHostCounters::direct_replies_dropped,
                                                     &VirtualHostCounters::access_refused,
                                                     &VirtualHostCounters::limits_reached,
                                                     &VirtualHostCounters::unreadable};

}  // namespace

std::uint64_t VirtualHostCounters::delivered() const {
  using T = QueueTypeCounters;
  return direct_replies.value() + sum(by_type, {&T::delivered_auto_ack, &T::delivered_manual_ack,
                                                &T::got_auto_ack, &T::got_manual_ack});
}

std::uint64_t VirtualHostCounters::redelivered() const {
  return sum(by_type, {&QueueTypeCounters::redelivered});
}

std::uint64_t VirtualHostCounters::acknowledged() const {
  return sum(by_type, {&QueueTypeCounters::acknowledged});
}

MessageTotals VirtualHostCounters::message_totals() const {
  using T = QueueTypeCounters;
  MessageTotals totals{};
  total_of(totals, MessageEvent::kPublish) = published.value();
  total_of(totals, MessageEvent::kConfirm) = confirmed.value();
  total_of(totals, MessageEvent::kDeliver) = sum(by_type, {&T::delivered_manual_ack});
  total_of(totals, MessageEvent::kDeliverNoAck) = sum(by_type, {&T::delivered_auto_ack});
  total_of(totals, MessageEvent::kGet) = sum(by_type, {&T::got_manual_ack});
  total_of(totals, MessageEvent::kGetNoAck) = sum(by_type, {&T::got_auto_ack});
  total_of(totals, MessageEvent::kGetEmpty) = sum(by_type, {&T::get_empty});
  total_of(totals, MessageEvent::kAck) = acknowledged();
  total_of(totals, MessageEvent::kRedeliver) = redelivered();
  total_of(totals, MessageEvent::kReturnUnroutable) = unroutable_returned.value();
  total_of(totals, MessageEvent::kDropUnroutable) = unroutable_dropped.value();
  return totals;
}

void VirtualHostCounters::add_totals(const VirtualHostCounters& other) {
  for (const auto member : kTotals)
    (this->*member).add((other.*member).value());
  for (std::size_t type = 0; type != by_type.size(); ++type) {
    for (const auto member : kOfTypes)
      (by_type[type].*member).add((other.by_type[type].*member).value());
    for (std::size_t strategy = 0; strategy != by_type[type].dead_lettered.size(); ++strategy)
      for (std::size_t reason = 0; reason != settled.size(); ++reason)
        by_type[type].dead_lettered[strategy][reason].add(
            other.by_type[type].dead_lettered[strategy][reason].value());
  }
  for (std::size_t reason = 0; reason != settled.size(); ++reason)
    settled[reason].add(other.settled[reason].value());
  for (std::size_t kind = 0; kind != limit_refusals.size(); ++kind)
    limit_refusals[kind].add(other.limit_refusals[kind].value());
  message_sizes.add_all(other.message_sizes);
  confirm_latency.add_all(other.confirm_latency);
}

}  // namespace harrier::broker

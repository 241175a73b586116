// The checker proved: it accepts an honest run and names each fault that is put into one.

#include "checker_faults.h"

namespace harrier::test {
namespace {

// Channel 1 publishes ten messages with confirms; channel 2 consumes them with a prefetch of 3,
// requeues the second once and acknowledges all but the last two, which are there at the end.
Events honest() {
  Events events;
  const auto add = [&](Event event) { events.push_back(std::move(event)); };
  for (int i = 0; i < 10; ++i) {
    Event publish{.kind = Kind::kPublish, .channel = 1, .queue = "q", .body = std::to_string(i)};
    publish.confirms = true;
    add(publish);
  }
  for (std::uint64_t tag : {1, 2, 5, 6, 10}) {
    Event confirm{.kind = Kind::kConfirm, .channel = 1, .tag = tag};
    confirm.multiple = tag == 5 || tag == 10;
    add(confirm);
  }
  Event consume{.kind = Kind::kConsume, .channel = 2, .queue = "q", .consumer = "c"};
  consume.prefetch = 3;
  add(consume);
  add({.kind = Kind::kConsumeOk, .channel = 2, .consumer = "c"});
  std::uint64_t tag = 0;
  const auto deliver = [&](int body, bool redelivered) {
    Event event{.kind = Kind::kDeliver, .channel = 2, .queue = "q", .body = std::to_string(body)};
    event.consumer = "c";
    event.tag = ++tag;
    event.redelivered = redelivered;
    add(event);
  };
  for (int body = 0; body < 3; ++body)
    deliver(body, false);
  add({.kind = Kind::kRequeue, .channel = 2, .tag = 2});
  deliver(1, true);
  for (std::uint64_t settled : {1, 3, 4})
    add({.kind = Kind::kSettle, .channel = 2, .tag = settled});
  for (int body = 3; body < 8; ++body) {
    deliver(body, false);
    add({.kind = Kind::kSettle, .channel = 2, .tag = tag});
  }
  add({.kind = Kind::kBarrier, .channel = 2});
  add({.kind = Kind::kCancelOk, .channel = 2, .consumer = "c"});
  for (int channel : {1, 2}) {
    add({.kind = Kind::kFinished, .channel = channel});
    add({.kind = Kind::kChannelGone, .channel = channel});
  }
  for (const char* body : {"8", "9"})
    add({.kind = Kind::kDrained, .queue = "q", .body = body});
  return events;
}

const SeededFault kFaults[] = {
    {"the broker ignores an ack and delivers again",
     [](Events& events) {
       Event again = events[nth(events, Kind::kDeliver)];
       again.tag = 10;
       again.redelivered = true;
       insert(events, nth(events, Kind::kBarrier), again);
     },
     "settled, and delivered again"},
    {"the broker ignores an ack and keeps the message",
     [](Events& events) { events.push_back({.kind = Kind::kDrained, .queue = "q", .body = "3"}); },
     "settled, and still there"},
    {"a message is delivered to two",
     [](Events& events) {
       insert(events, nth(events, Kind::kDeliver, 1),
              {.kind = Kind::kGetOk,
               .channel = 3,
               .queue = "q",
               .body = "0",
               .tag = 1,
               .redelivered = true});
     },
     "two owners"},
    {"two deliveries are exchanged",
     [](Events& events) {
       std::swap(events[nth(events, Kind::kDeliver, 0)].body,
                 events[nth(events, Kind::kDeliver, 2)].body);
     },
     "out of order"},
    {"a message is lost", [](Events& events) { erase(events, nth(events, Kind::kDrained)); },
     "lost"},
    {"a message is there twice",
     [](Events& events) { events.push_back(events[nth(events, Kind::kDrained)]); }, "there twice"},
    {"a message comes from nowhere",
     [](Events& events) { events[nth(events, Kind::kDeliver)].body = "x"; }, "nobody published"},
    {"a redelivery is not marked",
     [](Events& events) { events[nth(events, Kind::kDeliver, 3)].redelivered = false; },
     "not marked redelivered"},
    {"a delivery tag is skipped",
     [](Events& events) { events[nth(events, Kind::kDeliver, 7)].tag += 1; },
     "a delivery tag was skipped"},
    {"one more than the prefetch",
     [](Events& events) {
       Event more{.kind = Kind::kDeliver, .channel = 2, .queue = "q", .body = "8"};
       more.consumer = "c";
       more.tag = 4;
       insert(events, nth(events, Kind::kDeliver, 2) + 1, more);
     },
     "more than the prefetch"},
    {"a delivery before consume-ok",
     [](Events& events) {
       std::swap(events[nth(events, Kind::kConsumeOk)], events[nth(events, Kind::kDeliver)]);
     },
     "delivery before consume-ok"},
    {"a delivery after cancel-ok",
     [](Events& events) {
       Event late{.kind = Kind::kDeliver, .channel = 2, .queue = "q", .body = "8"};
       late.consumer = "c";
       late.tag = 10;
       insert(events, nth(events, Kind::kCancelOk) + 1, late);
     },
     "delivery after cancel-ok"},
    {"the last confirm is lost",
     [](Events& events) { erase(events, nth(events, Kind::kConfirm, 4)); },
     "publishes without a confirm"},
    {"a confirm in the middle is lost",
     [](Events& events) {
       erase(events, nth(events, Kind::kConfirm, 1));
       erase(events, nth(events, Kind::kConfirm, 1));
     },
     "a confirm was skipped"},
    {"a confirm comes twice",
     [](Events& events) {
       insert(events, nth(events, Kind::kConfirm, 1), events[nth(events, Kind::kConfirm)]);
     },
     "confirmed twice"},
    {"confirms are exchanged",
     [](Events& events) {
       std::swap(events[nth(events, Kind::kConfirm, 2)], events[nth(events, Kind::kConfirm, 3)]);
     },
     "a confirm was skipped"},
    {"a nacked message is delivered",
     [](Events& events) { events[nth(events, Kind::kConfirm, 0)].nack = true; },
     "refused, and delivered"},
    {"more confirms than publishes",
     [](Events& events) { events[nth(events, Kind::kConfirm, 4)].tag = 11; },
     "confirmed before published"},
};

TEST(Checker, accepts_an_honest_run) {
  EXPECT_EQ(violations(honest()), std::vector<std::string>{});
}

TEST(Checker, finds_each_fault) { expect_each_found(honest(), kFaults); }

TEST(Checker, allows_what_a_lost_connection_may_have_lost) {
  Events events = honest();
  // The consumer's connection is lost instead: its last acks may not have arrived.
  const std::size_t barrier = nth(events, Kind::kBarrier);
  events[barrier].kind = Kind::kDropped;
  erase(events, nth(events, Kind::kCancelOk));
  insert(events, nth(events, Kind::kDrained),
         {.kind = Kind::kDrained, .queue = "q", .body = "7", .redelivered = true});
  EXPECT_EQ(violations(events), std::vector<std::string>{});
}

}  // namespace
}  // namespace harrier::test

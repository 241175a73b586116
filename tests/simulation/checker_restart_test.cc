// The checker proved over the ends of a node: it accepts an honest crash and names each broken
// promise.

#include "checker_faults.h"

namespace harrier::test {
namespace {

// Writes a stream of events.
class History {
 public:
  Events events;

  void add(Event event) { events.push_back(std::move(event)); }
  void ask(int channel, Event asked, Event answered) {
    asked.channel = answered.channel = channel;
    add(asked);
    add({.kind = Kind::kAsk, .channel = channel});
    add(answered);
    add({.kind = Kind::kProof, .channel = channel});
  }
  void declare(int channel, const std::string& queue, bool durable) {
    ask(channel, {.kind = Kind::kDeclare, .queue = queue, .durable = durable},
        {.kind = Kind::kDeclared, .queue = queue});
  }
  void publish(int channel, const std::string& queue, const std::string& body, Event how) {
    how.kind = Kind::kPublish;
    how.channel = channel;
    how.queue = queue;
    how.body = body;
    add(how);
  }
  void get(int channel, const std::string& queue, const std::string& body, std::uint64_t tag) {
    add({.kind = Kind::kGet, .channel = channel, .queue = queue});
    add({.kind = Kind::kGetOk, .channel = channel, .queue = queue, .body = body, .tag = tag});
  }
  void deliver(int channel, const std::string& body, std::uint64_t tag, bool redelivered) {
    add({.kind = Kind::kDeliver,
         .channel = channel,
         .queue = "d",
         .body = body,
         .consumer = "c",
         .tag = tag,
         .redelivered = redelivered});
  }
  void consume(int channel) {
    add({.kind = Kind::kConsume, .channel = channel, .queue = "d", .consumer = "c"});
    add({.kind = Kind::kConsumeOk, .channel = channel, .consumer = "c"});
  }
};

// What is promised before the crash: channel 1 publishes with confirms, 2 and 3 consume, 3 in
// transactions, 4 throws away, 5 publishes without confirms.
void live_before(History& history) {
  for (const char* queue : {"d", "p", "q", "deleted"})
    history.declare(1, queue, true);
  history.declare(1, "t", false);
  for (int i = 0; i != 10; ++i)
    history.publish(1, "d", std::to_string(i), {.confirms = true, .durable = true});
  history.publish(1, "t", "t0", {.confirms = true});
  history.publish(1, "p", "p0", {.confirms = true, .durable = true});
  history.publish(1, "deleted", "g0", {.confirms = true, .durable = true});
  history.add({.kind = Kind::kConfirm, .channel = 1, .tag = 13, .multiple = true});
  history.publish(1, "d", "unconfirmed", {.confirms = true, .durable = true});
  history.publish(5, "d", "handled", {.durable = true});
  history.publish(5, "q", "q0", {.durable = true, .gated = true});
  history.add({.kind = Kind::kBarrier, .channel = 5});
  history.consume(2);
  for (std::uint64_t tag : {1, 2, 3})
    history.deliver(2, std::to_string(tag - 1), tag, false);
  history.add({.kind = Kind::kSettle, .channel = 2, .tag = 1});
  history.add({.kind = Kind::kBarrier, .channel = 2});
  history.declare(5, "d", true);
  history.add({.kind = Kind::kSettle, .channel = 2, .tag = 2});
  history.get(2, "q", "q0", 4);
  for (const int transaction : {1, 2}) {
    const std::string body = transaction == 1 ? "x" : "y";
    history.get(3, "d", std::to_string(2 + transaction), static_cast<std::uint64_t>(transaction));
    for (const char* number : {"1", "2"})
      history.publish(3, "d", body + number, {.durable = true, .transaction = transaction});
    history.add({.kind = Kind::kSettle,
                 .channel = 3,
                 .tag = static_cast<std::uint64_t>(transaction),
                 .transaction = transaction});
    history.add({.kind = Kind::kCommit, .channel = 3, .transaction = transaction});
    if (transaction == 1) history.add({.kind = Kind::kCommitted, .channel = 3});
  }
  history.ask(4, {.kind = Kind::kPurge, .queue = "p"}, {.kind = Kind::kPurged, .queue = "p"});
  history.ask(4, {.kind = Kind::kDelete, .queue = "deleted"},
              {.kind = Kind::kDeleted, .queue = "deleted"});
  // Acknowledged and handled, which no later answer proves.
  history.publish(5, "d", "done", {.durable = true});
  history.get(2, "d", "done", 5);
  history.add({.kind = Kind::kSettle, .channel = 2, .tag = 5});
  history.add({.kind = Kind::kBarrier, .channel = 2});
}

// The second transaction has survived; the acknowledgement of 1 has not.
Events honest() {
  History history;
  live_before(history);
  for (int channel : {1, 2, 3, 4, 5})
    history.add({.kind = Kind::kDropped, .channel = channel});
  history.add({.kind = Kind::kCrashed});
  for (const char* queue : {"d", "p", "q"})
    history.add({.kind = Kind::kFound, .queue = queue});
  for (const char* queue : {"deleted", "t"})
    history.add({.kind = Kind::kMissing, .queue = queue});
  history.consume(10);
  std::uint64_t tag = 0;
  for (const char* body : {"1", "2", "5", "6"})
    history.deliver(10, body, ++tag, true);
  for (; tag != 0; --tag)
    history.add({.kind = Kind::kSettle, .channel = 10, .tag = tag});
  history.add({.kind = Kind::kFinished, .channel = 10});
  history.add({.kind = Kind::kChannelGone, .channel = 10});
  history.add({.kind = Kind::kBarrier, .channel = 10});
  for (const char* body : {"7", "8", "9", "x1", "x2", "y1", "y2"})
    history.add({.kind = Kind::kDrained, .queue = "d", .body = body, .redelivered = true});
  history.add({.kind = Kind::kDrained, .queue = "q", .body = "q0", .redelivered = true});
  return history.events;
}

std::size_t drained(const Events& events, const std::string& body) {
  for (std::size_t at = 0; at < events.size(); ++at)
    if (events[at].kind == Kind::kDrained && events[at].body == body) return at;
  ADD_FAILURE() << body;
  return 0;
}
std::function<void(Events&)> without(const std::string& body) {
  return [body](Events& events) { erase(events, drained(events, body)); };
}
std::function<void(Events&)> with(const std::string& queue, const std::string& body) {
  return [=](Events& events) {
    events.push_back({.kind = Kind::kDrained, .queue = queue, .body = body, .redelivered = true});
  };
}
// A crash becomes an orderly end, before which everybody read all there was.
void end_orderly(Events& events) {
  for (Event& event : events) {
    if (event.kind == Kind::kDropped) event.kind = Kind::kForced;
    if (event.kind == Kind::kCrashed) event.kind = Kind::kStopped;
  }
}

const SeededFault kFaults[] = {
    {"a confirmed message is lost", without("7"), "lost"},
    {"a committed message is lost", without("x1"), "lost"},
    {"what a quorum queue delivered is lost", without("q0"), "lost"},
    {"an acknowledgement is lost that a later answer proved", with("d", "0"),
     "settled for certain, and back"},
    {"a committed acknowledgement is lost", with("d", "3"), "settled for certain, and back"},
    {"a transient message is back", with("t", "t0"), "not durable, and back"},
    {"a purged message is back", with("p", "p0"), "purged, and back"},
    {"a message of a deleted queue is back", with("deleted", "g0"), "deleted with its queue"},
    {"a transient queue is back",
     [](Events& events) { events[nth(events, Kind::kMissing, 1)].kind = Kind::kFound; },
     "a queue that is not durable is back"},
    {"a deleted queue is back",
     [](Events& events) { events[nth(events, Kind::kMissing, 0)].kind = Kind::kFound; },
     "a deleted queue is back"},
    {"a declared queue is gone",
     [](Events& events) { events[nth(events, Kind::kFound, 2)].kind = Kind::kMissing; },
     "a queue is gone"},
    {"a delivery before the crash is forgotten",
     [](Events& events) { events[nth(events, Kind::kDeliver, 4)].redelivered = false; },
     "not marked redelivered"},
    {"the same, seen at the end",
     [](Events& events) { events[drained(events, "q0")].redelivered = false; },
     "there without its mark"},
    {"what was never delivered comes in another order",
     [](Events& events) {
       std::swap(events[nth(events, Kind::kDeliver, 5)].body,
                 events[nth(events, Kind::kDeliver, 6)].body);
     },
     "out of order"},
    {"what is left is in another order",
     [](Events& events) {
       std::swap(events[drained(events, "8")].body, events[drained(events, "9")].body);
     },
     "there out of order"},
    {"half of what an unanswered transaction published is there", without("y2"),
     "what it published is missing"},
    {"an unanswered transaction settled, but published nothing",
     [](Events& events) {
       without("y1")(events);
       without("y2")(events);
     },
     "what it published is missing"},
    {"an unanswered transaction published, but settled nothing", with("d", "4"),
     "what it settled came back"},
    {"an orderly end loses what was handled", end_orderly, "lost"},
    {"an orderly end loses an acknowledgement",
     [](Events& events) {
       end_orderly(events);
       with("d", "done")(events);
     },
     "settled for certain, and back"},
    {"an orderly end marks what was not delivered",
     [](Events& events) {
       end_orderly(events);
       // Nobody is there any more who could have been given some and not be told.
       const std::size_t end = nth(events, Kind::kForced);
       insert(events, end, {.kind = Kind::kBarrier, .channel = 3});
       insert(events, end, {.kind = Kind::kCancelOk, .channel = 2, .consumer = "c"});
     },
     "marked redelivered, but never delivered before"},
    {"an answer to nothing",
     [](Events& events) {
       insert(events, nth(events, Kind::kDropped), {.kind = Kind::kProof, .channel = 1});
     },
     "an answer to nothing"},
    {"a commit-ok to nothing",
     [](Events& events) {
       insert(events, nth(events, Kind::kDropped), {.kind = Kind::kCommitted, .channel = 1});
     },
     "a commit-ok to nothing"},
    {"a purge-ok to nothing",
     [](Events& events) {
       insert(events, nth(events, Kind::kDropped), {.kind = Kind::kPurged, .channel = 1});
     },
     "a purge-ok to nothing"},
};

TEST(CheckerOverCrashes, accepts_an_honest_run) {
  EXPECT_EQ(violations(honest()), std::vector<std::string>{});
}

TEST(CheckerOverCrashes, finds_each_fault) { expect_each_found(honest(), kFaults); }

TEST(CheckerOverCrashes, allows_what_no_answer_promised) {
  // Published without an answer, and there; acknowledged without one, and gone.
  Events events = honest();
  insert(events, drained(events, "x1"),
         {.kind = Kind::kDrained, .queue = "d", .body = "unconfirmed", .redelivered = true});
  insert(events, drained(events, "x1"),
         {.kind = Kind::kDrained, .queue = "d", .body = "handled", .redelivered = false});
  EXPECT_EQ(violations(events), std::vector<std::string>{});
}

TEST(CheckerOverCrashes, allows_an_unanswered_transaction_to_be_nothing) {
  Events events = honest();
  erase(events, drained(events, "y1"));
  erase(events, drained(events, "y2"));
  insert(events, drained(events, "7"),
         {.kind = Kind::kDrained, .queue = "d", .body = "4", .redelivered = true});
  EXPECT_EQ(violations(events), std::vector<std::string>{});
}

// An answer proves what was handled before it was asked for, not what merely was sent.
TEST(CheckerOverCrashes, allows_an_acknowledgement_to_be_lost_that_was_on_its_way) {
  Events events = honest();
  erase(events, nth(events, Kind::kBarrier, 1));
  insert(events, drained(events, "7"),
         {.kind = Kind::kDrained, .queue = "d", .body = "0", .redelivered = true});
  EXPECT_EQ(violations(events), std::vector<std::string>{});
}

TEST(CheckerOverCrashes, allows_what_was_handled_without_an_answer_to_come_back) {
  Events events = honest();
  with("d", "done")(events);
  EXPECT_EQ(violations(events), std::vector<std::string>{});
}

TEST(CheckerOverCrashes, allows_what_was_on_its_way_to_no_ack_to_be_lost) {
  for (const bool no_ack : {true, false}) {
    History history;
    history.declare(1, "d", true);
    history.publish(1, "d", "0", {.confirms = true, .durable = true});
    history.publish(1, "d", "1", {.confirms = true, .durable = true});
    history.add({.kind = Kind::kConfirm, .channel = 1, .tag = 2, .multiple = true});
    history.consume(2);
    history.events[nth(history.events, Kind::kConsume)].no_ack = no_ack;
    history.deliver(2, "0", 1, false);
    for (const int channel : {1, 2})
      history.add({.kind = Kind::kDropped, .channel = channel});
    history.add({.kind = Kind::kCrashed});
    history.add({.kind = Kind::kFound, .queue = "d"});
    EXPECT_EQ(violations(history.events).empty(), no_ack);
  }
}

}  // namespace
}  // namespace harrier::test

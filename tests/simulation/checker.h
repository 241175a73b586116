// What clients may see: a naive model of queues, fed with events, that names every broken promise.
//
// Model:  knows nothing of the broker. A message is identified by (queue, body); bodies are unique.
//         Checks: delivery tags grow by one; deliveries only between consume-ok and cancel-ok; at
//         most one owner of a message at a time, none once it is settled; order of first deliveries
//         per queue, publisher and consumer; prefetch; confirms exactly once and in order; at the
//         end every accepted message is settled or still there.
// Thread: confined(test).
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace harrier::test {

struct Event {
  enum class Kind {
    kPublish,      // queue, body, priority, confirms
    kConfirm,      // tag, multiple, nack
    kConsume,      // consumer, queue, prefetch, no_ack
    kConsumeOk,    // consumer
    kCancelOk,     // consumer
    kDeliver,      // consumer, tag, queue, body, redelivered
    kGetOk,        // tag, queue, body, redelivered, no_ack
    kSettle,       // tag: acknowledged or rejected for good
    kRequeue,      // tag
    kBarrier,      // the broker has handled all that the channel sent before
    kChannelGone,  // closed in order: everything before counts, unacked messages go back
    kDropped,      // the connection is lost: what came behind the last barrier may or may not count
    kFinished,     // closed in order with nothing outstanding
    kRemoved,      // queue: its messages may vanish from now on (purge)
    kDrained,      // queue, body: found there at the end
  };
  Kind kind = Kind::kBarrier;
  int channel = 0;  // unique over all connections
  std::string queue;
  std::string body;
  std::string consumer;
  std::uint64_t tag = 0;
  std::uint16_t prefetch = 0;
  int priority = 0;
  bool multiple = false;
  bool nack = false;
  bool no_ack = false;
  bool redelivered = false;
  bool confirms = false;
};

class Checker {
 public:
  void apply(const Event& event);
  // After the last event.
  void finish();
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  using Place = std::pair<std::string, std::string>;  // queue, body
  enum class Fate { kSent, kUncertain, kAccepted, kRefused, kSettled };
  struct Message {
    int publisher = 0;
    std::uint64_t sequence = 0;
    int priority = 0;
    Fate fate = Fate::kSent;
    int owner = 0;  // channel, 0: nobody
    bool seen = false;
  };
  struct Held {
    Place place;
    std::string consumer;
  };
  struct Consumer {
    std::string queue;
    std::uint16_t prefetch = 0;
    bool no_ack = false;
    bool confirmed = false;
    bool cancelled = false;
    std::size_t outstanding = 0;
  };
  struct Channel {
    bool confirms = false;
    bool gone = false;  // what still arrives is stale, but for what needs no acknowledgement
    std::uint64_t last_tag = 0;
    std::uint64_t last_confirm = 0;
    std::vector<Place> publishes;
    std::size_t passed = 0;  // publishes before the last barrier
    std::map<std::uint64_t, Held> held;
    std::vector<Place> settled;  // since the last barrier
    std::map<std::string, Consumer> consumers;
    // (queue, consumer, publisher, priority) → sequence of the last first delivery. A get has no
    // consumer: its reply may wait while deliveries go on.
    std::map<std::tuple<std::string, std::string, int, int>, std::uint64_t> order;
  };

  void fail(const Event& event, const std::string& what);
  void confirm(const Event& event, Channel& channel);
  void deliver(const Event& event, Channel& channel);
  void take(const Event& event, Channel& channel, bool no_ack);
  void release(Channel& channel, std::uint64_t tag, const Event& event, bool settles);
  void pass_barrier(Channel& channel);
  void give_back(Channel& channel);
  void lose(Channel& channel);

  std::map<int, Channel> channels_;
  std::map<Place, Message> messages_;
  std::set<std::string> lossy_;
  std::set<Place> drained_;
  std::vector<std::string> violations_;
};

}  // namespace harrier::test

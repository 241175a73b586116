// What clients may see: a naive model of queues, fed with events, that names every broken promise.
//
// Model:  knows nothing of the broker. A message is identified by (queue, body); bodies are unique.
//         Checks: delivery tags grow by one; deliveries only between consume-ok and cancel-ok; at
//         most one owner of a message at a time, none once it is settled; order of first deliveries
//         per queue, publisher and consumer, and of what is there at the end; prefetch; confirms
//         exactly once and in order; `redelivered` on what was seen before; at the end every
//         accepted message is settled or still there.
//         Over the ends of a node (checker_restart.cc; docs/operations/durability.md): what was
//         promised is there, what is certainly gone stays gone, transactions are whole.
//         A time between two starts of the node is an era. What no answer proves (an unconfirmed
//         publish, an acknowledgement) may be or not be after a crash.
// Thread: confined(test).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "simulation/event.h"

namespace harrier::test {

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
    bool durable = false;
    bool gated = false;
    bool promised = false;       // no crash may take it
    bool certain = false;        // the disk knows that it is settled
    bool excused = false;        // it may be gone: purged, on its way without acknowledgement
    bool settled = false;        // once, whatever became of that
    bool handed_out = false;     // maybe, to somebody who was not told any more
    bool flagged = false;        // was delivered as `redelivered`
    bool unflagged = false;      // was delivered not so
    const char* gone = nullptr;  // it must not come again; what is broken if it does
    int era = 0;
    std::uint64_t sent_at = 0;  // events by their number
    std::uint64_t seen_at = 0;
    int transaction = 0;  // that published it
    int settled_by = 0;   // transaction, as long as it has not come back
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
  struct Commit {
    int transaction = 0;
    std::uint64_t sent_at = 0;
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
    std::set<std::string> taken_from;  // queues it consumed or got from
    std::vector<std::pair<std::string, bool>> gets;  // since the last barrier: queue, no_ack
    std::deque<std::uint64_t> asks;    // when each was sent
    std::deque<Commit> commits;
    std::deque<std::vector<Place>> purges;  // what each must take, if nobody else takes from there
    // (queue, consumer, publisher, priority) → sequence of the last first delivery. A get has no
    // consumer: its reply may wait while deliveries go on.
    std::map<std::tuple<std::string, std::string, int, int>, std::uint64_t> order;
  };
  // Not known to be on disk.
  struct Settle {
    Place place;
    int channel = 0;
    std::uint64_t sent_at = 0;
    std::uint64_t handled_at = 0;  // 0: not known to be
  };
  struct Queue {
    enum class State { kUnknown, kDeclared, kDeleted };
    State state = State::kUnknown;
    bool durable = false;
    std::uint64_t delete_sent_at = 0;
  };
  struct Transaction {
    std::vector<Place> published;
    std::vector<Place> settled;
    bool in_doubt = false;
    bool decided = false;  // by an end of the node, so that what is seen from then on counts
    std::uint64_t seen_from = 0;
    bool there = false;   // something that it published was seen
    bool undone = false;  // something that it settled came back
  };

  void fail(const Event& event, const std::string& what);
  void apply_restart_rules(const Event& event, Channel& channel);
  void publish(const Event& event, Channel& channel);
  void confirm(const Event& event, Channel& channel);
  void deliver(const Event& event, Channel& channel);
  void take(const Event& event, Channel& channel, bool no_ack);
  void check_order(const Event& event, Channel& channel, const Message& message);
  void release(Channel& channel, const Event& event, bool settles);
  void pass_barrier(Channel& channel, int number);
  void give_back(Channel& channel);
  void lose(Channel& channel, int number, bool orderly);
  void drained(const Event& event);

  // ---- checker_restart.cc
  template <class Visit>
  void visit_messages(const std::string& queue, Visit&& visit);
  // It is there.
  void observe(const Event& event, Message& message);
  // Everything before an event of this channel is on disk.
  void prove(int channel, std::uint64_t asked_at);
  void committed(Channel& channel, int number);
  void may_vanish(const std::string& queue);
  void may_be_on_its_way(const std::string& queue, bool no_ack);
  void purge(const Event& event, Channel& channel);
  void purged(const Event& event, Channel& channel);
  void deleted(const std::string& queue);
  void restart(bool orderly);
  void restart_message(Message& message, bool orderly);
  void found(const Event& event);
  void missing(const Event& event);
  bool is_missing(const Place& place, const Transaction& transaction);
  void check_transaction(const Transaction& transaction);

  std::uint64_t now_ = 0;  // number of the event
  int era_ = 0;
  bool exact_ = true;  // nothing that the broker said was lost
  std::map<int, Channel> channels_;
  std::map<Place, Message> messages_;
  std::map<std::string, Queue> queues_;
  std::map<int, Transaction> transactions_;
  std::vector<Settle> unproven_;
  std::set<std::string> lossy_;
  // In this era somebody took from there; and what it took may have gone back unseen.
  std::set<std::string> taken_from_;
  std::set<std::string> disturbed_;
  std::set<Place> drained_;
  // (queue, publisher, priority)
  std::map<std::tuple<std::string, int, int>, std::uint64_t> drained_order_;
  std::vector<std::string> violations_;
};

}  // namespace harrier::test

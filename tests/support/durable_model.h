// What a disk must give back: the changes of a virtual host, kept beside its log, and the state
// that any first few of them make.
//
// Role:   ChangeRecorder stands between a VirtualHost and its ChangeLog. After a crash the store
//         says how far it came (an Lsn); the state must be the one of exactly that prefix. On the
//         way every change is judged by itself: a settle counts what is there, nothing expires
//         early, a position or queue id is never given twice.
// Thread: confined(test).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "broker/changes.h"
#include "broker/queue_arguments.h"

namespace harrier::test {

// Every body tells whose it is: bytes made of the message's number, which is its ingress time.
std::string body_of(std::uint64_t number, std::size_t size);

struct ModelMessage {
  std::uint64_t number = 0;
  std::uint32_t body_size = 0;
  std::uint8_t level = 0;
  base::WallTime expires_at = broker::kNoExpiry;
  std::uint32_t delivery_count = 0;
};

struct ModelQueue {
  std::string name;
  bool dead_letters = false;
  bool paused = false;
  std::uint64_t next_position = 1;
  std::map<std::uint64_t, ModelMessage> messages;
};

struct DurableModel {
  std::map<std::uint64_t, ModelQueue> queues;
  std::map<std::string, broker::ExchangeType> exchanges;
  // source, kind of destination, destination, key
  std::set<std::string> bindings;
  std::uint64_t last_queue = 0;

  std::uint64_t message_count() const;
};

std::string binding_name(std::string_view source, bool to_queue, std::string_view destination,
                         std::string_view routing_key);

class ChangeRecorder final : public broker::ChangeLog {
 public:
  // `inner` does what `recorded` says, if it is honest. Complaints go to `complain`.
  ChangeRecorder(broker::ChangeLog& inner, DurableModel base,
                 std::function<void(const std::string&)> complain)
      : inner_(inner), base_(base), live_(std::move(base)), complain_(std::move(complain)) {}

  // The time by which the broker judges expiry.
  base::WallTime now{};
  const DurableModel& live() const { return live_; }
  // The state after everything up to `lsn`.
  DurableModel state_at(broker::Lsn lsn) const;
  // The highest Lsn that was ever seen as committed.
  broker::Lsn promised() const { return promised_; }
  void look() const {
    const broker::Lsn committed = inner_.committed();
    if (committed > promised_) promised_ = committed;
  }
  broker::Lsn inner_last() const { return inner_.last_appended(); }

  void append(const broker::Change& change) override;
  void begin_group() override;
  void end_group() override;
  broker::Lsn last_appended() const override { return inner_.last_appended(); }
  broker::Lsn committed() const override {
    look();
    return inner_.committed();
  }

 private:
  using Apply = std::function<void(DurableModel&)>;
  struct Recorded {
    broker::Lsn lsn;
    Apply apply;
  };
  Apply judge(const broker::Change& change);
  Apply judge_publish(const broker::PublishChange& change);
  Apply judge_settle(const broker::SettleChange& change);

  broker::ChangeLog& inner_;
  const DurableModel base_;
  DurableModel live_;
  std::function<void(const std::string&)> complain_;
  std::vector<Recorded> recorded_;
  std::size_t group_begin_ = 0;
  int depth_ = 0;
  mutable broker::Lsn promised_;
};

}  // namespace harrier::test

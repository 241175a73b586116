// Logs with a bug on purpose: what a checker must find.
//
// Role:   each stands between a virtual host and its real log (DurableOptions::sabotage) and does
//         one thing wrong.
// Thread: confined(test).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "broker/changes.h"
#include "support/durable_broker.h"

namespace harrier::test {

// Hands everything on.
class Honest : public broker::ChangeLog {
 public:
  explicit Honest(broker::ChangeLog& log) : log_(log) {}
  void append(const broker::Change& change) override { log_.append(change); }
  void begin_group() override { log_.begin_group(); }
  void end_group() override { log_.end_group(); }
  broker::Lsn last_appended() const override { return log_.last_appended(); }
  broker::Lsn committed() const override { return log_.committed(); }

 protected:
  // True at every `n`-th call, for bugs that are rare.
  bool now_and_then(int n) { return ++times_ % n == 0; }
  broker::ChangeLog& log_;
  int times_ = 0;
};

template <class Record, int kEvery = 3>
class Drops final : public Honest {
 public:
  using Honest::Honest;
  void append(const broker::Change& change) override {
    if (!std::holds_alternative<Record>(change) || !now_and_then(kEvery)) log_.append(change);
  }
};

class MiscountsSettles final : public Honest {
 public:
  using Honest::Honest;
  void append(const broker::Change& change) override {
    const auto* settle = std::get_if<broker::SettleChange>(&change);
    if (settle == nullptr || !now_and_then(3)) return log_.append(change);
    broker::SettleChange wrong = *settle;
    wrong.last = wrong.last.next();
    ++wrong.count;
    log_.append(wrong);
  }
};

class ReusesPositions final : public Honest {
 public:
  using Honest::Honest;
  void append(const broker::Change& change) override {
    const auto* publish = std::get_if<broker::PublishChange>(&change);
    if (publish == nullptr || !now_and_then(5)) return log_.append(change);
    std::vector<broker::PublishPlace> places(publish->places.begin(), publish->places.end());
    for (broker::PublishPlace& place : places)
      if (place.position.value > 1) place.position = broker::Position(place.position.value - 1);
    log_.append(broker::PublishChange{publish->message, places});
  }
};

class ChangesBodies final : public Honest {
 public:
  using Honest::Honest;
  void append(const broker::Change& change) override {
    const auto* publish = std::get_if<broker::PublishChange>(&change);
    if (publish == nullptr || publish->message.body_size() == 0 || !now_and_then(5))
      return log_.append(change);
    const broker::Message& message = publish->message;
    std::string body(message.body());
    body.back() = static_cast<char>(body.back() ^ 1);
    broker::MessageParts parts;
    parts.exchange = message.exchange();
    parts.routing_key = message.routing_key();
    parts.property_bytes = message.property_bytes();
    parts.body = body;
    parts.persistent = message.persistent();
    parts.priority = message.priority();
    parts.ingress = message.ingress();
    const auto changed = broker::Message::create(parts);
    log_.append(broker::PublishChange{*changed, publish->places});
  }
};

class SwapsLevels final : public Honest {
 public:
  using Honest::Honest;
  void append(const broker::Change& change) override {
    const auto* publish = std::get_if<broker::PublishChange>(&change);
    if (publish == nullptr) return log_.append(change);
    std::vector<broker::PublishPlace> places(publish->places.begin(), publish->places.end());
    for (broker::PublishPlace& place : places)
      if (place.level != 0) place.level = static_cast<std::uint8_t>(6 - place.level);
    log_.append(broker::PublishChange{publish->message, places});
  }
};

class ForgetsGroups final : public Honest {
 public:
  using Honest::Honest;
  void begin_group() override {}
  void end_group() override {}
};

// Says that all is safe as soon as it is appended.
class PromisesEarly final : public Honest {
 public:
  using Honest::Honest;
  broker::Lsn committed() const override { return log_.last_appended(); }
};

// Of what may have been handed out the disk learns the first only.
class ForgetsMarks final : public Honest {
 public:
  using Honest::Honest;
  void append(const broker::Change& change) override {
    const auto* dispatched = std::get_if<broker::DispatchedChange>(&change);
    if (dispatched == nullptr) return log_.append(change);
    broker::DispatchedChange wrong = *dispatched;
    wrong.last.position = broker::Position(1);
    log_.append(wrong);
  }
};

// Of a transaction every other publish is left out.
class TearsGroups final : public Honest {
 public:
  using Honest::Honest;
  void append(const broker::Change& change) override {
    const bool torn = depth_ != 0 && std::holds_alternative<broker::PublishChange>(change);
    if (!torn || !now_and_then(2)) log_.append(change);
  }
  void begin_group() override {
    ++depth_;
    log_.begin_group();
  }
  void end_group() override {
    --depth_;
    log_.end_group();
  }

 private:
  int depth_ = 0;
};

// What a purge takes stays on disk.
class DropsPurges final : public Honest {
 public:
  using Honest::Honest;
  void append(const broker::Change& change) override {
    const auto* settle = std::get_if<broker::SettleChange>(&change);
    if (settle == nullptr || settle->reason != broker::SettleReason::kPurged) log_.append(change);
  }
};

// A node with this bug. Nothing is spilled, unless the bug is about that: the node's own CHECKs
// would be quicker than the checker.
template <class Bug>
DurableOptions with_bug(DurableOptions options, bool spills = false) {
  if (!spills) {
    options.cache_bytes = 1 << 30;
    options.segments = 64;
  }
  options.sabotage = [](broker::ChangeLog& log) { return std::make_unique<Bug>(log); };
  return options;
}

}  // namespace harrier::test

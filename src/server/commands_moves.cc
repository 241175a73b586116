// Commands: messages to other queues, and out of theirs.
#include <algorithm>
#include <memory>
#include <utility>

#include "broker/message_move.h"
#include "broker/queue_cursor.h"
#include "broker/redrive.h"
#include "server/commands.h"
#include "server/single_message.h"
#include "server/visited_queue.h"

namespace harrier::server {

using amqp::ReplyCode;
using broker::ConnectionId;
using broker::MoveStep;
using broker::QueueEntry;
using broker::VirtualHost;
using std::chrono::steady_clock;
using Slice = VisitedQueue::Slice;
using End = VisitedQueue::End;

namespace {

// Slices between two waits for the disk: bounds what is appended and not on disk.
constexpr int kSlicesUnwritten = 8;

// How many messages may go now.
class Pace {
 public:
  explicit Pace(std::uint32_t rate_max) : rate_max_(rate_max) {}

  bool allows(std::uint64_t sent) const {
    if (rate_max_ == 0) return true;
    const std::chrono::duration<double> since = steady_clock::now() - begun_;
    return static_cast<double>(sent) < since.count() * rate_max_ + 1;
  }

 private:
  const std::uint32_t rate_max_;
  const steady_clock::time_point begun_ = steady_clock::now();
};

amqp::CheckedStatus find_queue(VirtualHost& host, const std::string& name,
                               broker::QueueRef& found) {
  broker::Queue* const queue = host.find_queue(name);
  if (queue == nullptr) {
    return amqp::refuse(ReplyCode::kNotFound,
                        "no queue '" + name + "' in vhost '" + host.name() + "'");
  }
  if (queue->owner() != ConnectionId()) {
    return amqp::refuse(ReplyCode::kResourceLocked,
                        "cannot obtain exclusive access to locked queue '" + name + "' in vhost '" +
                            host.name() + "'");
  }
  found = broker::QueueRef(queue);
  return base::Done{};
}

// To take from the source, and to publish by the default exchange.
amqp::CheckedStatus enter_source(VirtualHost& host, const broker::Actor& actor,
                                 const std::string& name, broker::QueueRef& found) {
  auto used = host.use_queue(actor, broker::Permission::kRead, name, ConnectionId());
  if (!used.ok()) return base::fail(std::move(used).error());
  found = *std::move(used);
  auto exchange = host.publish_exchange(actor, "");
  if (!exchange.ok()) return base::fail(std::move(exchange).error());
  return base::Done{};
}

amqp::CheckedStatus check_pair(const broker::Queue& from, const broker::Queue& to) {
  if (&from == &to)
    return amqp::refuse(ReplyCode::kPreconditionFailed, "a queue cannot be moved to itself");
  if (from.durable() && !to.durable()) {
    return amqp::refuse(ReplyCode::kPreconditionFailed,
                        "messages of durable queue '" + from.name() +
                            "' would not be durable in '" + to.name() + "'");
  }
  return base::Done{};
}

MoveEnd end_of(MoveStep step) {
  switch (step) {
    case MoveStep::kFull: return MoveEnd::kTargetFull;
    case MoveStep::kGone: return MoveEnd::kGone;
    default: return MoveEnd::kDone;
  }
}

// Runs `step` in slices at its pace; answers how it ended.
class Haul {
 public:
  using Step = std::function<MoveStep(VirtualHost& host, const broker::Enough& enough)>;

  Haul(VisitedQueue& at, std::uint32_t rate_max, std::function<bool()> held)
      : at_(at), pace_(rate_max), held_(std::move(held)) {}

  MoveEnd run(const GiveUp& give_up, const std::function<std::uint64_t()>& moved,
              const Step& step) {
    MoveStep last = MoveStep::kMore;
    bool durable = true;
    const auto gives_up = [&] {
      if (durable && ++slices_ % kSlicesUnwritten == 0) durable = at_.visit.wait_until_durable();
      return !durable || (give_up && give_up());
    };
    const End end = at_.run(gives_up, [&](VirtualHost& host) {
      if (held_() || !pace_.allows(moved())) return Slice::kWait;
      const auto slice_end = steady_clock::now() + Commands::kSlice;
      last = step(host, [&] { return steady_clock::now() >= slice_end || !pace_.allows(moved()); });
      if (last == MoveStep::kMore) return Slice::kMore;
      return last == MoveStep::kWait ? Slice::kWait : Slice::kDone;
    });
    if (!durable) return MoveEnd::kNotDurable;
    if (!at_.visit.wait_until_durable()) return MoveEnd::kNotDurable;
    if (end == End::kGone) return MoveEnd::kGone;
    return end == End::kGivenUp ? MoveEnd::kGivenUp : end_of(last);
  }

 private:
  VisitedQueue& at_;
  const Pace pace_;
  const std::function<bool()> held_;
  int slices_ = 0;
};

}  // namespace

bool Commands::held_by_store() const {
  return shared_.gate.is_set(HoldReason::kJournalFull) ||
         shared_.gate.is_set(HoldReason::kJournalBacklog);
}

// ---- one

CommandStatus Commands::take_single(VisitedQueue& at, const std::shared_ptr<SingleMessage>& single,
                                    bool needs_body, const std::string& queue, MessagePlace place,
                                    const GiveUp& give_up) {
  using Outcome = SingleMessage::Outcome;
  Outcome outcome = Outcome::kLooking;
  const End end = at.run(single->signal, give_up, [&](VirtualHost&) {
    outcome = single->look(*at.queue, needs_body);
    return outcome == Outcome::kLooking ? Slice::kWait : Slice::kDone;
  });
  const auto fail = [](CommandFailure kind, ReplyCode code, std::string message) {
    return CommandStatus(base::fail(CommandError{kind, code, std::move(message)}));
  };
  if (end == End::kGivenUp) {
    // What the disk answers now must not be done any more.
    at.visit.run_on_loop([&] {
      single->abandon();
      outcome = single->outcome();
    });
  }
  if (end == End::kGivenUp && outcome == Outcome::kLooking)
    return fail(CommandFailure::kGivenUp, ReplyCode::kInternalError, "nobody waits for the answer");
  if (outcome == Outcome::kRefused) {
    return fail(CommandFailure::kRefused, ReplyCode::kPreconditionFailed,
                "the target queue does not take it");
  }
  if (end == End::kGone || outcome != Outcome::kTaken) {
    return fail(CommandFailure::kRefused, ReplyCode::kNotFound,
                "no ready message at position " + std::to_string(place.position) + " of queue '" +
                    queue + "' in vhost '" + at.visit.name() + "'");
  }
  if (!at.visit.wait_until_durable()) {
    return fail(CommandFailure::kNotDurable, ReplyCode::kInternalError,
                "the change is in force, but the disk has not taken it in time");
  }
  return base::Done{};
}

CommandStatus Commands::delete_message(const broker::Actor& actor, const std::string& virtual_host,
                                       const std::string& queue, MessagePlace place,
                                       const GiveUp& give_up) {
  HostVisit visit(shared_.virtual_hosts, loops_, virtual_host);
  VisitedQueue at(visit);
  auto status = ask(visit, actor, "message.delete", [&](VirtualHost& host) -> amqp::CheckedStatus {
    auto used = host.use_queue(actor, broker::Permission::kRead, queue, ConnectionId());
    if (!used.ok()) return base::fail(std::move(used).error());
    at.queue = *std::move(used);
    return base::Done{};
  });
  if (!status.ok()) return status;
  const auto single = std::make_shared<SingleMessage>(
      place, [](std::size_t) { return true; },
      [](broker::Queue& of, const QueueEntry& entry) {
        of.settle_taken(entry, broker::SettleReason::kPurged);
      });
  status = take_single(at, single, false, queue, place, give_up);
  if (status.ok()) note_messages(visit, actor, "message.delete", queue, {}, 1);
  return status;
}

void Commands::note_messages(HostVisit& visit, const broker::Actor& actor, std::string_view action,
                             const std::string& queue, const std::string& target,
                             std::uint64_t count) {
  visit.run([&](VirtualHost& host) {
    host.note(
        actor,
        {.action = action, .kind = "queue", .name = queue, .routing_key = target, .count = count});
  });
}

// ---- many

Command<MoveOutcome> Commands::move(const broker::Actor& actor, const std::string& virtual_host,
                                    const MoveRequest& request, const GiveUp& give_up) {
  HostVisit visit(shared_.virtual_hosts, loops_, virtual_host);
  VisitedQueue at(visit);
  VirtualHost* in = nullptr;
  broker::QueueId target_id;
  std::optional<broker::MessageMove> move;
  auto status = ask(visit, actor, "queue.move", [&](VirtualHost& host) {
    auto entered = enter_source(host, actor, request.from, at.queue);
    if (entered.ok()) entered = find_queue(host, request.to, at.target);
    if (entered.ok()) entered = check_pair(*at.queue, *at.target);
    // Both are used in this host's turns only.
    in = &host;
    if (entered.ok()) target_id = at.target->id();
    return entered;
  });
  if (!status.ok()) return base::fail(std::move(status).error());
  MoveOutcome outcome;
  if (request.place) {
    const auto single = std::make_shared<SingleMessage>(
        *request.place,
        [in, target_id](std::size_t body_size) {
          const broker::Queue* const to = in->find_queue(target_id);
          return to != nullptr && takes(*in, *to, body_size);
        },
        [in, target_id](broker::Queue& from, const QueueEntry& entry) {
          move_taken(*in, from, entry, *in->find_queue(target_id));
        });
    status = take_single(at, single, true, request.from, *request.place, give_up);
    if (!status.ok()) return base::fail(std::move(status).error());
    outcome.moved = 1;
  } else {
    Haul haul(at, request.rate_max, [this] { return held_by_store(); });
    outcome.end = haul.run(
        give_up, [&] { return outcome.moved; },
        [&](VirtualHost& host, const broker::Enough& enough) {
          if (!move) move.emplace(at.queue, at.target, request.count.value_or(UINT64_MAX));
          const auto counted = [&] {
            outcome.moved = move->moved();
            return enough();
          };
          const MoveStep step = move->run(host, counted, at.waiter);
          outcome.moved = move->moved();
          return step;
        });
    visit.run_on_loop([&] { move.reset(); });
  }
  note_messages(visit, actor, "queue.move", request.from, request.to, outcome.moved);
  return outcome;
}

namespace {

// Counts what a redrive would do, with a cursor that changes nothing. Shared with the answer of a
// disk that comes when nobody waits any more.
struct DryRun {
  broker::QueueCursor cursor;
  std::optional<broker::Redrive> redrive;
  VirtualHost* host = nullptr;
  bool reading = false;
  Signal signal;

  broker::QueueCursor::Visit visit() {
    return [this](const QueueEntry& entry, bool) {
      if (!redrive->may_move()) return false;
      redrive->count_only(*host, *entry.message);
      return true;
    };
  }
  Slice slice(const std::shared_ptr<DryRun>& self, VirtualHost& in, broker::Queue& queue) {
    constexpr std::uint64_t kPerSlice = 256;
    host = &in;
    if (reading) return Slice::kWait;
    if (!redrive->may_move()) return Slice::kDone;
    const base::MonotonicTime now = in.now().monotonic;
    const auto step =
        cursor.run(queue, kPerSlice, now, visit(), [self, now](const broker::PagedIn& page) {
          self->reading = false;
          // Nobody wants to know any more when it is empty.
          if (self->redrive) self->cursor.take_page(page, now, self->visit());
          self->signal.tell();
        });
    reading = step == broker::QueueCursor::Step::kWait;
    if (reading) return Slice::kWait;
    return step == broker::QueueCursor::Step::kDone ? Slice::kDone : Slice::kMore;
  }
};

RedriveOutcome outcome_of(const broker::Redrive& redrive, MoveEnd end) {
  const broker::Redrive::Counts& counts = redrive.counts();
  RedriveOutcome outcome;
  outcome.moved.insert(counts.moved.begin(), counts.moved.end());
  outcome.source_gone = counts.source_gone;
  outcome.no_history = counts.no_history;
  outcome.refused = counts.refused;
  outcome.end = end;
  return outcome;
}

}  // namespace

Command<RedriveOutcome> Commands::redrive(const broker::Actor& actor,
                                          const std::string& virtual_host,
                                          const RedriveRequest& request, const GiveUp& give_up) {
  HostVisit visit(shared_.virtual_hosts, loops_, virtual_host);
  VisitedQueue at(visit);
  const auto run = std::make_shared<DryRun>();
  auto status = ask(visit, actor, "queue.redrive", [&](VirtualHost& host) {
    auto entered = enter_source(host, actor, request.queue, at.queue);
    if (entered.ok() && request.fallback) {
      entered = find_queue(host, *request.fallback, at.target);
      if (entered.ok()) entered = check_pair(*at.queue, *at.target);
    }
    if (entered.ok()) {
      run->redrive.emplace(at.queue,
                           broker::Redrive::Request{request.count.value_or(UINT64_MAX), at.target,
                                                    limits_.held_messages_max});
    }
    return entered;
  });
  if (!status.ok()) return base::fail(std::move(status).error());
  MoveEnd end = MoveEnd::kDone;
  if (request.dry_run) {
    const End looked = at.run(run->signal, give_up,
                              [&](VirtualHost& host) { return run->slice(run, host, *at.queue); });
    if (looked == End::kGone) end = MoveEnd::kGone;
    if (looked == End::kGivenUp) end = MoveEnd::kGivenUp;
  } else {
    std::uint64_t moved = 0;
    Haul haul(at, request.rate_max, [this] { return held_by_store(); });
    end = haul.run(
        give_up, [&] { return moved; },
        [&](VirtualHost& host, const broker::Enough& enough) {
          const auto counted = [&] {
            moved = run->redrive->moved();
            return enough();
          };
          const MoveStep step = run->redrive->run(host, counted, at.waiter);
          moved = run->redrive->moved();
          return step;
        });
    if (end == MoveEnd::kTargetFull) end = MoveEnd::kHeldMax;
  }
  RedriveOutcome outcome;
  const auto finish = [&] {
    if (!run->redrive) return;
    run->redrive->end();
    outcome = outcome_of(*run->redrive, end);
    run->redrive.reset();
  };
  if (!visit.run([&](VirtualHost&) { finish(); })) visit.run_on_loop(finish);
  if (!request.dry_run) {
    std::uint64_t moved = 0;
    for (const auto& [target, count] : outcome.moved)
      moved += count;
    note_messages(visit, actor, "queue.redrive", request.queue, {}, moved);
  }
  return outcome;
}

}  // namespace harrier::server

#include "server/maintenance.h"

#include <thread>

#include "base/log.h"
#include "server/host_visit.h"

namespace harrier::server {

using std::chrono::steady_clock;

namespace {

constexpr const char* kReason = "Node was put into maintenance mode";
constexpr std::chrono::microseconds kSlice{500};

// Cancels the consumers of a queue; answers how many.
std::uint64_t cancel_all(broker::Queue& queue) {
  const std::vector<broker::ConsumerRef> consumers = queue.consumers();
  for (const broker::ConsumerRef& consumer : consumers) {
    queue.detach(*consumer);
    consumer->sink().cancelled(*consumer);
  }
  return consumers.size();
}

}  // namespace

std::uint64_t Maintenance::cancel_consumers() {
  std::uint64_t cancelled = 0;
  for (const auto& [name, place] : shared_.virtual_hosts.list()) {
    HostVisit visit(shared_.virtual_hosts, loops_, name);
    broker::Roster<broker::RoutingTarget>::Walk walk;
    bool begun = false;
    bool more = true;
    while (more) {
      const bool lives = visit.run([&](broker::VirtualHost& host) {
        const auto slice_end = steady_clock::now() + kSlice;
        if (!std::exchange(begun, true)) walk.begin(host.targets());
        do {
          broker::RoutingTarget* const target = walk.next(host.targets());
          more = target != nullptr;
          if (more && target->kind() == broker::RoutingTarget::Kind::kQueue)
            cancelled += cancel_all(static_cast<broker::Queue&>(*target));
        } while (more && steady_clock::now() < slice_end);
      });
      if (!lives) break;
    }
  }
  return cancelled;
}

std::uint64_t Maintenance::unacked() const {
  std::uint64_t unacked = 0;
  const auto lives = shared_.virtual_hosts.keep();
  for (const auto& [name, place] : shared_.virtual_hosts.list())
    unacked += place.host->host().counters().unacked.value();
  return unacked;
}

void Maintenance::note(const broker::Actor& actor, std::string_view action) {
  base::log_info("server", action, {{"user", actor.user}});
  if (shared_.audit) shared_.audit->note(actor, {}, {.action = action, .kind = "node"});
}

DrainOutcome Maintenance::drain(const broker::Actor& actor, std::chrono::milliseconds patience,
                                const GiveUp& give_up) {
  const std::lock_guard lock(mutex_);
  DrainOutcome outcome;
  note(actor, "node.drain");
  if (!being_drained_.exchange(true, std::memory_order_acq_rel)) listeners_.close();
  // Publishers are not held meanwhile: who is, is not read, and could acknowledge nothing.
  const auto deadline = steady_clock::now() + patience;
  while (true) {
    // Clients may consume again when they are told that they do not.
    outcome.consumers_cancelled += cancel_consumers();
    outcome.unacked = unacked();
    if (outcome.unacked == 0 || steady_clock::now() >= deadline || (give_up && give_up())) break;
    std::this_thread::sleep_for(kLookEvery);
  }
  for (const auto& loop : loops_)
    loop->run([&] {
      outcome.connections_closed +=
          loop->io().force_close({}, amqp::ReplyCode::kConnectionForced, kReason);
    });
  return outcome;
}

CommandStatus Maintenance::revive(const broker::Actor& actor) {
  const std::lock_guard lock(mutex_);
  if (!being_drained()) return base::Done{};
  if (auto opened = listeners_.open(); !opened) {
    return base::fail(CommandError{CommandFailure::kUnavailable, amqp::ReplyCode::kInternalError,
                                   opened.error().message});
  }
  being_drained_.store(false, std::memory_order_release);
  note(actor, "node.revive");
  return base::Done{};
}

CommandStatus Maintenance::stop(const broker::Actor& actor) {
  if (!stop_) {
    return base::fail(CommandError{CommandFailure::kUnavailable, amqp::ReplyCode::kNotImplemented,
                                   "this process is not ended from inside"});
  }
  note(actor, "node.stop_requested");
  stop_();
  return base::Done{};
}

}  // namespace harrier::server

#include "durable_run.h"

#include <gtest/gtest.h>

namespace harrier::test {

DurableRun::DurableRun(std::uint64_t seed, const NodeOptions& node, const ClientOptions& clients,
                       const DurableOptions& options)
    : machine(options, seed), world(seed, 4, clients), random_(seed ^ 0xd15c), node_(node) {}

DurableOptions DurableRun::small_options() {
  DurableOptions options;
  options.hosts = {"/"};
  options.cache_bytes = 24 << 10;
  options.spill_bytes = 12 << 10;
  options.read_ahead_bytes = 2 << 10;
  return options;
}

bool DurableRun::begin() {
  if (!machine.begin()) return false;
  start();
  return true;
}

void DurableRun::start() {
  backend_ = std::make_unique<DurableBackend>(machine);
  if (clients_come_) {
    world.start(*backend_, node_);
  } else {
    world.start_alone(*backend_, node_);
  }
}

World::Over DurableRun::over() {
  return [this] { return machine.over(); };
}

bool DurableRun::live(int bursts) {
  world.run(bursts, over());
  return !machine.over();
}

// ---- ends

void DurableRun::note_work() {
  DurableBroker& broker = machine.broker();
  if (!broker.opened()) return;
  work.spilled += broker.loop_store().spiller().spilled_messages().value();
  work.paged_bytes += broker.loop_store().pager().read_bytes().value();
  work.merges += broker.loop_store().merger().merges().value();
  work.checkpoints += broker.store().checkpointer().cycles();
  work.confirmed += broker.host().counters().confirmed.value();
}

std::unique_ptr<FaultyFileSystem> DurableRun::survivor() {
  switch (random_.below(4)) {
    case 0: return machine.files().after_crash(0);
    case 1:
      return machine.files().crashed() ? machine.files().after_crash(random_.next())
                                       : machine.files().after_kill();
    default: return machine.files().after_crash(random_.next());
  }
}

// What is still done in memory reaches nobody and no disk any more.
void DurableRun::take_node() {
  machine.files().crash();
  note_work();
  world.lose_node();
  backend_.reset();
  world.events.push_back({.kind = Event::Kind::kCrashed});
}

void DurableRun::open_next(std::unique_ptr<FaultyFileSystem> disk, bool clean) {
  // Now and then the power goes again while it recovers, or soon after.
  if (!clean && clients_come_ && random_.below(4) == 0)
    machine.fail_after_restart(1 + random_.below(120), Fault::kCrash);
  for (int tries = 0; !machine.reopen(std::move(disk), clean); ++tries) {
    // One power cut at most is planned for it.
    refused_ = tries == 2 || !machine.crashed();
    if (refused_) return;
    disk = survivor();
    clean = false;
  }
  look_for_queues();
  start();
}

void DurableRun::look_for_queues() {
  std::set<std::string> names;
  for (const Event& event : world.events)
    if (event.kind == Event::Kind::kDeclare) names.insert(event.queue);
  for (const std::string& name : names) {
    const bool found = machine.broker().host().find_queue(name) != nullptr;
    world.events.push_back(
        {.kind = found ? Event::Kind::kFound : Event::Kind::kMissing, .queue = name});
  }
}

void DurableRun::crash(bool inside) {
  std::uint64_t steps_left = 1 + random_.below(4'000);
  if (inside) {
    machine.fail_at(machine.calls() + 1 + random_.below(60), Fault::kCrash);
    steps_left = 20'000;
  }
  world.run(kForEver, [&] { return machine.over() || --steps_left == 0; });
  ++work.crashes;
  std::unique_ptr<FaultyFileSystem> disk = survivor();
  take_node();
  open_next(std::move(disk), false);
}

void DurableRun::fail_disk() {
  if (random_.below(2) == 0) {
    machine.files().fail_next_sync(Fault::kIoError);
  } else {
    machine.files().fail_next_write(random_.below(2) == 0 ? Fault::kIoError : Fault::kShortWrite);
  }
  std::uint64_t steps_left = 100'000;
  world.run(kForEver, [&] { return machine.over() || --steps_left == 0; });
  EXPECT_TRUE(machine.over()) << "it goes on after a failure of the disk";
  ++work.failures;
  std::unique_ptr<FaultyFileSystem> disk = survivor();
  take_node();
  open_next(std::move(disk), false);
}

void DurableRun::stop() {
  if (!world.close_node(over())) {
    if (!machine.over()) return;
    std::unique_ptr<FaultyFileSystem> disk = survivor();
    take_node();
    return open_next(std::move(disk), false);
  }
  const bool stopped = machine.broker().stop_cleanly(random_.below(3) != 0);
  if (machine.over()) {
    std::unique_ptr<FaultyFileSystem> disk = survivor();
    take_node();
    return open_next(std::move(disk), false);
  }
  EXPECT_TRUE(stopped) << "it does not stop";
  ++work.stops;
  note_work();
  backend_.reset();
  world.events.push_back({.kind = Event::Kind::kStopped});
  open_next(nullptr, true);
}

void DurableRun::end(bool orderly) {
  clients_come_ = false;
  if (orderly && !machine.over()) {
    machine.forget_faults();
    world.wind_down();
    if (random_.below(2) == 0) stop();
  } else {
    crash(false);
  }
  if (refused_) return;
  world.drain();
  note_work();
  EXPECT_FALSE(machine.over()) << machine.broker().error();
}

}  // namespace harrier::test

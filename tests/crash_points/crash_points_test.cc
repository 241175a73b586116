// The durable node stopped at every call of the disk, and what must be there afterwards.
//
// Thread: confined(test).

#include <algorithm>
#include <cstdlib>
#include <set>

#include <gtest/gtest.h>

#include "crash_points/durable_world.h"

namespace harrier::test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kStride = 23;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr std::uint64_t kStride = 23;
#else
constexpr std::uint64_t kStride = 1;
#endif
#else
constexpr std::uint64_t kStride = 1;
#endif

// The fixed script: `parts` of `steps`, with an orderly restart between them.
struct Script {
  std::uint64_t seed = 1;
  std::size_t steps = 120;
  std::size_t parts = 2;
  DurableOptions options;
  bool large = false;
};

void run_script(DurableWorld& world, const Script& script) {
  if (!world.begin()) return;
  world.declare_everything(0);
  world.declare_everything(1);
  for (std::size_t part = 0; part != script.parts && !world.over(); ++part) {
    if (part != 0 && !world.restart_cleanly()) return;
    world.run(script.steps);
    if (script.large) {
      world.publish(0, {"", "plain", 600'000});
      world.publish(0, {"fan", "", 300'000});
      world.run(script.steps);
    }
  }
}

TEST(DurableNode, GivesBackWhatItTookWithoutFaults) {
  for (std::uint64_t seed = 1; seed != 40; ++seed) {
    DurableWorld world({}, seed);
    run_script(world, {seed, 200, 3, {}});
    world.finish();
    EXPECT_TRUE(world.problems.empty()) << "seed " << seed << joined(world.problems);
  }
}

TEST(DurableNode, SurvivesLossesOfPowerBetweenSteps) {
  for (std::uint64_t seed = 1; seed != 60; ++seed) {
    DurableWorld world({}, seed);
    run_script(world, {seed, 60 + seed * 3, 1, {}});
    for (int crash = 0; crash != 4 && !world.over(); ++crash) {
      if (crash == 2) {
        world.kill();
      } else {
        world.crash(seed * 10 + static_cast<std::uint64_t>(crash));
      }
      if (!world.over()) world.run(60);
    }
    world.finish();
    EXPECT_TRUE(world.problems.empty()) << "seed " << seed << joined(world.problems);
  }
}

void live_through(std::uint64_t seed) {
  base::SeededRandom random(seed);
  DurableWorld world({}, seed);
  run_script(world, {seed, 50 + random.below(250), 1 + random.below(3), {}});
  for (std::uint64_t ends = random.below(4); ends != 0 && !world.over(); --ends) {
    if (random.below(3) == 0) {
      world.restart_cleanly();
    } else {
      world.crash(random.below(4) == 0 ? 0 : random.next());
    }
    if (!world.over()) world.run(random.below(150));
  }
  world.finish();
  EXPECT_TRUE(world.problems.empty()) << "seed " << seed << joined(world.problems);
}

TEST(DurableNode, SurvivesTheSeedsThatOnceFailed) {
  for (const std::uint64_t seed :
       {841819980, 977787051, 571706324, 827041161, 559868124, 783246439, 421052282, 588363051,
        538872467, 26790217, 962229071, 3797, 1530, 2630, 8760, 1728, 2882, 5150})
    live_through(seed);
}

// Others every time; HARRIER_FRESH_SEEDS asks for more of them, HARRIER_SEED for this one and those
// that follow it.
TEST(DurableNode, SurvivesWithFreshSeeds) {
  const char* wanted = std::getenv("HARRIER_FRESH_SEEDS");
  const int seeds = wanted == nullptr ? 5 : std::atoi(wanted);
  base::SecureRandom fresh;
  for (int i = 0; i != seeds; ++i) {
    const char* given = std::getenv("HARRIER_SEED");
    const std::uint64_t seed =
        given != nullptr ? std::strtoull(given, nullptr, 10) + static_cast<std::uint64_t>(i)
                         : fresh.next() % 1'000'000'000;
    live_through(seed);
  }
}

std::uint64_t calls_of(const Script& script) {
  DurableWorld world(script.options, script.seed);
  run_script(world, script);
  return world.calls();
}

void stop_at_every_call(const Script& script, Fault fault, std::uint64_t stride = 1) {
  const std::uint64_t calls = calls_of(script);
  for (std::uint64_t n = 1; n <= calls; n += stride * kStride) {
    DurableWorld world(script.options, script.seed);
    world.fail_at(n, fault);
    run_script(world, script);
    if (world.broker_failed()) {
      EXPECT_FALSE(world.broker().store().flush_once()) << "call " << n;
    }
    if (fault != Fault::kNoSpace || world.over() || n % 2 == 0) {
      world.crash(n);
      if (!world.over()) world.run(10);
    }
    world.finish();
    if (world.left_out_unreadable())
      continue;  // what the disk does not give back is missing, and said to be
    ASSERT_TRUE(world.problems.empty())
        << "seed " << script.seed << ", call " << n << " of " << calls << joined(world.problems);
  }
}

Script large_script() {
  Script script{11, 40, 2, {}};
  script.options.segment_bytes = 1 << 20;
  script.options.chunk_bytes = 512 << 10;
  script.options.pending_bytes_max = 2 << 20;
  script.options.hosts = {"/", "other"};
  script.large = true;
  return script;
}

TEST(CrashPoints, PowerIsLostAtEveryCall) { stop_at_every_call({7, 150, 2, {}}, Fault::kCrash); }
TEST(CrashPoints, PowerIsLostAtEveryCallOfAnotherScript) {
  for (const std::uint64_t seed : {21, 22, 23})
    stop_at_every_call({seed, 220, 2, {}}, Fault::kCrash, 3);
}
TEST(CrashPoints, PowerIsLostAtEveryCallWithLongBodies) {
  stop_at_every_call(large_script(), Fault::kCrash, 5);
}
TEST(CrashPoints, EveryCallFailsForGood) { stop_at_every_call({8, 150, 2, {}}, Fault::kIoError); }
TEST(CrashPoints, EveryWriteIsCutShort) {
  stop_at_every_call({9, 150, 2, {}}, Fault::kShortWrite, 3);
}
TEST(CrashPoints, EveryCallFindsNoRoomOnce) {
  stop_at_every_call({10, 150, 2, {}}, Fault::kNoSpace);
}

// ---- inside a merge

// The calls of the disk between the start and the end of merges, and those of them that touch runs.
struct MergeCalls {
  std::set<std::uint64_t> all;
  std::uint64_t of_runs = 0;
};

// A backlog in runs of several queues, levels and shared bodies is taken out but for a few
// messages; clients go on while what is left is merged.
void take_out_and_merge(DurableWorld& world) {
  if (!world.begin()) return;
  world.declare_everything(0);
  world.declare_everything(1);
  for (int round = 0; round != 3; ++round) {
    for (std::size_t i = 0; i != 16; ++i) {
      world.publish(0, {"", "plain", 300});
      world.publish(0, {"", "prio", 200, true, static_cast<std::uint8_t>(i % 5)});
      world.publish(0, {"fan", "", i == 3 ? 70'000u : 500u});
      if (!world.over()) world.broker().settle();
    }
    if (!world.over()) world.broker().spill_everything();
  }
  for (const char* queue : {"plain", "prio", "fan1", "fan2"}) {
    for (int i = 0; i != 96 && !world.over(); ++i) {
      const std::size_t before = world.held_count();
      world.get(0, queue);
      if (!world.over()) world.broker().jitter(12);
      if (world.held_count() > before && i % 12 != 0) world.acknowledge(before);
    }
  }
  world.run(40);
}

MergeCalls calls_inside_merges(DurableWorld& world) {
  MergeCalls inside;
  world.files().on_call = [&](std::uint64_t call, std::string_view path) {
    if (world.over() || !world.broker().loop_store().merger().busy()) return;
    inside.all.insert(call);
    if (path.starts_with("runs")) ++inside.of_runs;
  };
  take_out_and_merge(world);
  world.files().on_call = nullptr;
  return inside;
}

std::uint64_t run_files(DurableWorld& world) {
  const std::vector<std::string> paths = world.files().paths();
  return static_cast<std::uint64_t>(std::count_if(
      paths.begin(), paths.end(), [](const auto& path) { return path.starts_with("runs/"); }));
}

// Every run on the disk is one that a checkpoint names or a queue needs.
void expect_no_orphans(DurableWorld& world) {
  if (world.over() || !world.broker().checkpoint() || world.over()) return;
  std::set<store::RunId> known = world.broker().store().checkpointer().named_runs();
  for (const DurableBroker::Host& host : world.broker().hosts()) {
    const store::ShardState& state = world.broker().loop_store().state(host.shard);
    for (const broker::QueueId id : state.queue_ids())
      for (const store::StoredLevel& level : state.find(id)->levels())
        for (const auto* extents : {&level.extents, &level.transient_extents})
          for (const store::StoredExtent& extent : *extents)
            known.insert(extent.run->run());
  }
  for (const std::string& path : world.files().paths()) {
    if (!path.starts_with("runs/")) continue;
    const auto run = store::run_of_file_name(path.substr(5));
    EXPECT_TRUE(run && known.contains(*run)) << path << " is nobody's";
  }
}

void stop_inside_merges(Fault fault, std::uint64_t stride = 1) {
  constexpr std::uint64_t kSeed = 31;
  MergeCalls inside;
  {
    DurableWorld world({}, kSeed);
    inside = calls_inside_merges(world);
    ASSERT_FALSE(world.over());
    ASSERT_GE(world.broker().loop_store().merger().merges().value(), 2u);
    world.finish();
    ASSERT_TRUE(world.problems.empty()) << joined(world.problems);
  }
  ASSERT_GE(inside.all.size(), 50u);
  ASSERT_GE(inside.of_runs, 40u);
  std::uint64_t turn = 0, half_written = 0;
  for (const std::uint64_t n : inside.all) {
    if (turn++ % (stride * kStride) != 0) continue;
    DurableWorld world({}, kSeed);
    world.fail_at(n, fault);
    ASSERT_TRUE(calls_inside_merges(world).all.contains(n))
        << "call " << n << " was not inside a merge";
    if (fault == Fault::kCrash || world.over()) {
      if (run_files(world) > world.broker().store().run_count()) ++half_written;
      world.crash(n);
      expect_no_orphans(world);
    } else {
      world.broker().settle();
      expect_no_orphans(world);
      if (n % 2 == 0) world.crash(n);
    }
    if (!world.over()) world.run(10);
    world.finish();
    if (world.left_out_unreadable()) continue;  // as above
    ASSERT_TRUE(world.problems.empty()) << "call " << n << joined(world.problems);
  }
  // A file that no one had opened yet.
  if (fault == Fault::kCrash) {
    EXPECT_GE(half_written, 4 / kStride);
  }
}

TEST(CrashPoints, PowerIsLostAtEveryCallInsideAMerge) { stop_inside_merges(Fault::kCrash); }
TEST(CrashPoints, EveryCallInsideAMergeFailsForGood) { stop_inside_merges(Fault::kIoError); }
TEST(CrashPoints, EveryCallInsideAMergeFindsNoRoomOnce) { stop_inside_merges(Fault::kNoSpace, 3); }
TEST(CrashPoints, EveryWriteInsideAMergeIsCutShort) { stop_inside_merges(Fault::kShortWrite, 5); }

// ---- inside recovery

// Every call of a recovery, of what an earlier loss of power left.
TEST(CrashPoints, PowerIsLostAtEveryCallOfRecovery) {
  const Script script{12, 150, 1, {}};
  const std::uint64_t calls = calls_of(script);
  for (std::uint64_t first = calls / 10; first < calls; first += calls / 8) {
    for (std::uint64_t second = 1; second < 200; second += kStride) {
      DurableWorld world({}, script.seed);
      world.fail_at(first, Fault::kCrash);
      run_script(world, script);
      world.fail_after_restart(second, Fault::kCrash);
      world.crash(first);
      if (!world.over()) world.broker().checkpoint();
      const bool again = world.crashed();
      if (again) world.crash(second);
      world.finish();
      ASSERT_TRUE(world.problems.empty())
          << "calls " << first << " and then " << second << joined(world.problems);
      if (!again) break;
    }
  }
}

}  // namespace
}  // namespace harrier::test

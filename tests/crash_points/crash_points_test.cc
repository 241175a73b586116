// The durable node stopped at every call of the disk, and what must be there afterwards.
//
// Thread: confined(test).

#include <gtest/gtest.h>

#include <cstdlib>

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

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines)
    all += "\n  " + line;
  return all;
}

// The fixed script: `parts` of `steps`, with an orderly restart between them.
struct Script {
  std::uint64_t seed = 1;
  std::size_t steps = 120;
  std::size_t parts = 2;
};

void run_script(DurableWorld& world, const Script& script) {
  if (!world.begin()) return;
  world.declare_everything(0);
  world.declare_everything(1);
  for (std::size_t part = 0; part != script.parts && !world.over(); ++part) {
    if (part != 0 && !world.restart_cleanly()) return;
    world.run(script.steps);
  }
}

TEST(DurableNode, GivesBackWhatItTookWithoutFaults) {
  for (std::uint64_t seed = 1; seed != 40; ++seed) {
    DurableWorld world({}, seed);
    run_script(world, {seed, 200, 3});
    world.finish();
    EXPECT_TRUE(world.problems.empty()) << "seed " << seed << joined(world.problems);
  }
}

TEST(DurableNode, SurvivesLossesOfPowerBetweenSteps) {
  for (std::uint64_t seed = 1; seed != 60; ++seed) {
    DurableWorld world({}, seed);
    run_script(world, {seed, 60 + seed * 3, 1});
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

std::uint64_t calls_of(const Script& script) {
  DurableWorld world({}, script.seed);
  run_script(world, script);
  return world.calls();
}

void stop_at_every_call(const Script& script, Fault fault) {
  const std::uint64_t calls = calls_of(script);
  for (std::uint64_t n = 1; n <= calls; n += kStride) {
    DurableWorld world({}, script.seed);
    world.fail_at(n, fault);
    run_script(world, script);
    world.crash(n);
    if (!world.over()) world.run(10);
    world.finish();
    ASSERT_TRUE(world.problems.empty())
        << "seed " << script.seed << ", call " << n << " of " << calls << joined(world.problems);
  }
}

TEST(CrashPoints, PowerIsLostAtEveryCall) { stop_at_every_call({7, 150, 2}, Fault::kCrash); }

}  // namespace
}  // namespace harrier::test

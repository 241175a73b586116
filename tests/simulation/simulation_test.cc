// Random clients on the whole pure core, against the naive model of checker.h.

#include <gtest/gtest.h>

#include "seeds.h"
#include "world.h"

namespace harrier::test {
namespace {

struct Shared {
  bool recorded = false;
  bool late_commits = false;
  bool pages_out = false;
};

void check_shared(const Shared& how) {
  for (const std::uint64_t seed : seeds(8, 12)) {
    SCOPED_TRACE("HARRIER_SIM_SEED=" + std::to_string(seed));
    FakeBackend::Options below;
    below.late_commits = how.late_commits;
    below.pages_out = how.pages_out;
    below.slice_entries = seed % 3 == 0 ? 7 : 4'096;
    below.read_ahead_bytes = seed % 5 * 1'000;
    NodeOptions options;
    options.recorded = how.recorded;
    options.output_credit_bytes = seed % 4 == 0 ? 20'000 : 1 << 20;
    FakeBackend backend(below, seed + 1);
    World run(seed, 4, {});
    run.start(backend, options);
    run.run(400);
    run.wind_down();
    run.drain();
    EXPECT_EQ(run.complaints(), std::vector<std::string>{});
    EXPECT_EQ(run.violations(), std::vector<std::string>{});
    EXPECT_GT(backend.host().counters().confirmed.value(), 100u);
    EXPECT_GE(backend.broker.store.answered_reads(), how.pages_out ? 100u : 0u);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Simulation, direct) { check_shared({}); }
TEST(Simulation, direct_with_a_slow_store) {
  check_shared({.late_commits = true, .pages_out = true});
}
TEST(Simulation, recorded) { check_shared({.recorded = true}); }
TEST(Simulation, recorded_with_a_slow_store) {
  check_shared({.recorded = true, .late_commits = true, .pages_out = true});
}

// Without shared queues what a client sees does not depend on who runs when.
TEST(Simulation, direct_and_recorded_show_the_same_frames) {
  for (const std::uint64_t seed : seeds(8, 12)) {
    SCOPED_TRACE("HARRIER_SIM_SEED=" + std::to_string(seed));
    std::map<std::string, std::vector<std::string>> seen[2];
    for (const bool recorded : {false, true}) {
      FakeBackend backend({}, seed + 1);
      World run(seed, 3, {.suffix = "-", .drops = false, .recovers = true});
      run.start(backend, {.recorded = recorded, .clock_stands = true});
      run.run(200);
      run.wind_down();
      run.drain();
      EXPECT_EQ(run.complaints(), std::vector<std::string>{});
      seen[recorded ? 1 : 0] = run.seen();
    }
    EXPECT_GT(seen[0].size(), 20u);
    for (const auto& [what, lines] : seen[0]) {
      ASSERT_TRUE(seen[1].contains(what)) << what;
      ASSERT_EQ(lines, seen[1].at(what)) << what;
    }
    EXPECT_EQ(seen[0].size(), seen[1].size());
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace harrier::test

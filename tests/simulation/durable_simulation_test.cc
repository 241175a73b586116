// Random clients over raw frames on the real store and a disk that fails: what they were promised
// must be true over every end of the node.

#include <gtest/gtest.h>

#include "durable_run.h"
#include "seeds.h"

namespace harrier::test {
namespace {

const std::vector<std::string> kNone;

// Sanitizers are slow.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

void add(DurableRun::Work& all, const DurableRun::Work& one) {
  ++all.runs;
  all.spilled += one.spilled;
  all.paged_bytes += one.paged_bytes;
  all.merges += one.merges;
  all.checkpoints += one.checkpoints;
  all.confirmed += one.confirmed;
  all.crashes += one.crashes;
  all.failures += one.failures;
  all.stops += one.stops;
}

void say(const DurableRun::Work& all) {
  std::cout << "spilled " << all.spilled << ", bytes paged " << all.paged_bytes << ", merges "
            << all.merges << ", checkpoints " << all.checkpoints << ", confirmed " << all.confirmed
            << ", crashes " << all.crashes << ", failures " << all.failures << ", stops "
            << all.stops << std::endl;
}

using Script = void (*)(DurableRun& run, std::uint64_t seed);

DurableRun::Work check(bool recorded, const ClientOptions& clients, Script script) {
  DurableRun::Work all;
  for (const std::uint64_t seed : kSanitized ? seeds(3, 1) : seeds(12, 8)) {
    SCOPED_TRACE("HARRIER_SIM_SEED=" + std::to_string(seed));
    NodeOptions node;
    node.recorded = recorded;
    node.output_credit_bytes = seed % 4 == 0 ? 20'000 : 1 << 20;
    ClientOptions own = clients;
    own.durable = true;
    // Half of the runs lose nothing to takers without acknowledgement.
    own.no_ack = seed % 2 == 0;
    DurableOptions options = DurableRun::small_options();
    options.slice_entries = seed % 3 == 0 ? 7 : 64;
    // The journal is full now and then.
    if (seed % 4 == 1) {
      options.segment_bytes = 32 << 10;
      // One segment holds a chunk that is almost full and the largest message behind it.
      options.chunk_bytes = 8 << 10;
    }
    DurableRun run(seed, node, own, options);
    const bool begun = run.begin();
    EXPECT_TRUE(begun);
    if (begun) script(run, seed);
    EXPECT_FALSE(run.refused());
    EXPECT_EQ(run.world.complaints(), kNone);
    EXPECT_EQ(run.world.violations(), kNone);
    EXPECT_EQ(run.machine.problems, kNone);
    add(all, run.work);
    if (::testing::Test::HasFailure()) break;
  }
  say(all);
  return all;
}

void live_once(DurableRun& run, std::uint64_t) {
  ASSERT_TRUE(run.live(400));
  run.end(true);
}

void stop_and_start(DurableRun& run, std::uint64_t) {
  for (int life = 0; life != 5; ++life) {
    ASSERT_TRUE(run.live(60));
    run.stop();
    ASSERT_FALSE(run.refused());
  }
  ASSERT_TRUE(run.live(60));
  run.end(true);
}

void crash_and_recover(DurableRun& run, std::uint64_t seed) {
  base::SeededRandom random(seed);
  for (int life = 0; life != 8; ++life) {
    run.live(static_cast<int>(random.below(60)));
    switch (random.below(6)) {
      case 0: run.stop(); break;
      case 1: run.fail_disk(); break;
      case 2:
      case 3: run.crash(true); break;
      default: run.crash(false);
    }
    ASSERT_FALSE(run.refused());
  }
  run.live(40);
  run.end(seed % 3 == 0);
}

// One seed alone need not come by everything.
void expect_per_run(const char* what, const DurableRun::Work& all, std::uint64_t is,
                    std::uint64_t than) {
  if (std::getenv("HARRIER_SIM_SEED") != nullptr) return;
  EXPECT_GT(is, than * all.runs) << what;
}
void expect_store_worked(const DurableRun::Work& all) {
  expect_per_run("spilled", all, all.spilled, 50);
  expect_per_run("bytes paged", all, all.paged_bytes, 5'000);
  expect_per_run("merges", all, all.merges, 1);
  expect_per_run("checkpoints", all, all.checkpoints, 3);
  expect_per_run("confirmed", all, all.confirmed, 100);
}

void check_without_faults(bool recorded) { expect_store_worked(check(recorded, {}, live_once)); }
TEST(DurableSimulation, direct) { check_without_faults(false); }
TEST(DurableSimulation, recorded) { check_without_faults(true); }

// Without lost connections, every `redelivered` must be true.
void check_with_orderly_stops(bool recorded) {
  const DurableRun::Work all = check(recorded, {.drops = false}, stop_and_start);
  expect_store_worked(all);
  expect_per_run("stops", all, all.stops, 2);
}
TEST(DurableSimulation, direct_with_orderly_stops) { check_with_orderly_stops(false); }
TEST(DurableSimulation, recorded_with_orderly_stops) { check_with_orderly_stops(true); }

void check_with_crashes(bool recorded) {
  const DurableRun::Work all = check(recorded, {}, crash_and_recover);
  expect_store_worked(all);
  expect_per_run("crashes", all, all.crashes, 2);
  expect_per_run("failures and stops", all, all.failures + all.stops, 0);
}
TEST(DurableSimulation, direct_with_crashes) { check_with_crashes(false); }
TEST(DurableSimulation, recorded_with_crashes) { check_with_crashes(true); }

}  // namespace
}  // namespace harrier::test

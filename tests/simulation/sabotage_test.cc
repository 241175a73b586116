// The simulation proved from end to end: a store with a bug on purpose is found out by what clients
// see of it.

#include <gtest/gtest.h>

#include "durable_run.h"
#include "support/saboteurs.h"

namespace harrier::test {
namespace {

void crash_often(DurableRun& run, int bursts) {
  for (int life = 0; life != 4 && !run.refused(); ++life) {
    run.live(bursts);
    run.crash(life % 2 == 1);
  }
  if (!run.refused()) run.end(false);
}

std::vector<std::string> violations_of(const DurableOptions& options, std::uint64_t seed,
                                       int bursts) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  ClientOptions clients;
  clients.durable = true;
  clients.no_ack = false;
  DurableRun run(seed, {.recorded = seed % 2 == 0}, clients, options);
  if (!run.begin()) return {};
  crash_often(run, bursts);
  return run.world.violations();
}

// Whether the checker says this for one of many seeds; most bugs are found at the first.
bool caught(const DurableOptions& options, const std::string& as, int bursts = 30) {
  for (std::uint64_t seed = 1; seed != 100 && !::testing::Test::HasFailure(); ++seed) {
    for (const std::string& violation : violations_of(options, seed, bursts))
      if (violation.starts_with(as)) return true;
  }
  return false;
}

const DurableOptions kSmall = DurableRun::small_options();

TEST(SabotagedSimulation, FindsNothingInAnHonestStore) {
  for (std::uint64_t seed = 1; seed != 5; ++seed)
    EXPECT_EQ(violations_of(with_bug<Honest>(kSmall, true), seed, 30), std::vector<std::string>{});
}
TEST(SabotagedSimulation, FindsALostPublish) {
  EXPECT_TRUE(caught(with_bug<Drops<broker::PublishChange>>(kSmall), "lost"));
}
TEST(SabotagedSimulation, FindsAnEarlyPromise) {
  EXPECT_TRUE(caught(with_bug<PromisesEarly>(kSmall), "lost"));
}
TEST(SabotagedSimulation, FindsALostSettle) {
  EXPECT_TRUE(
      caught(with_bug<Drops<broker::SettleChange>>(kSmall), "settled for certain, and back"));
}
TEST(SabotagedSimulation, FindsALostMarkOfRedelivery) {
  EXPECT_TRUE(caught(with_bug<ForgetsMarks>(kSmall, true), "seen before"));
}
TEST(SabotagedSimulation, FindsALostPurge) {
  EXPECT_TRUE(caught(with_bug<DropsPurges>(kSmall), "purged, and back"));
}
TEST(SabotagedSimulation, FindsALostDeletion) {
  EXPECT_TRUE(
      caught(with_bug<Drops<broker::QueueDeletedChange, 1>>(kSmall), "a deleted queue is back", 2));
}
TEST(SabotagedSimulation, FindsALostDeclaration) {
  EXPECT_TRUE(caught(with_bug<Drops<broker::QueueDeclaredChange>>(kSmall), "a queue is gone"));
}
TEST(SabotagedSimulation, FindsTornTransactions) {
  EXPECT_TRUE(caught(with_bug<TearsGroups>(kSmall), "half of a transaction"));
}

}  // namespace
}  // namespace harrier::test

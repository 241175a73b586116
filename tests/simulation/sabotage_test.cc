// The simulation proved from end to end: a store with a bug on purpose is found out by what clients
// see of it.

#include <algorithm>

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

// In how many of a few seeds the checker says this.
int caught(const DurableOptions& options, const std::string& as, int bursts = 30) {
  int found = 0;
  for (std::uint64_t seed = 1; seed != 9 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ClientOptions clients;
    clients.durable = true;
    clients.no_ack = false;
    DurableRun run(seed, {.recorded = seed % 2 == 0}, clients, options);
    if (!run.begin()) continue;
    crash_often(run, bursts);
    const std::vector<std::string> violations = run.world.violations();
    if (std::any_of(violations.begin(), violations.end(),
                    [&](const std::string& line) { return line.starts_with(as); }))
      ++found;
  }
  return found;
}

const DurableOptions kSmall = DurableRun::small_options();

TEST(SabotagedSimulation, FindsNothingInAnHonestStore) {
  EXPECT_EQ(caught(with_bug<Honest>(kSmall, true), ""), 0);
}
TEST(SabotagedSimulation, FindsALostPublish) {
  EXPECT_GT(caught(with_bug<Drops<broker::PublishChange>>(kSmall), "lost"), 4);
}
TEST(SabotagedSimulation, FindsAnEarlyPromise) {
  EXPECT_GT(caught(with_bug<PromisesEarly>(kSmall), "lost"), 2);
}
TEST(SabotagedSimulation, FindsALostSettle) {
  EXPECT_GT(caught(with_bug<Drops<broker::SettleChange>>(kSmall), "settled for certain, and back"),
            4);
}
TEST(SabotagedSimulation, FindsALostMarkOfRedelivery) {
  EXPECT_GT(caught(with_bug<ForgetsMarks>(kSmall, true), "seen before"), 0);
}
TEST(SabotagedSimulation, FindsALostPurge) {
  EXPECT_GT(caught(with_bug<DropsPurges>(kSmall), "purged, and back"), 0);
}
TEST(SabotagedSimulation, FindsALostDeletion) {
  EXPECT_GT(
      caught(with_bug<Drops<broker::QueueDeletedChange, 1>>(kSmall), "a deleted queue is back", 2),
      0);
}
TEST(SabotagedSimulation, FindsALostDeclaration) {
  EXPECT_GT(caught(with_bug<Drops<broker::QueueDeclaredChange>>(kSmall), "a queue is gone"), 4);
}
TEST(SabotagedSimulation, FindsTornTransactions) {
  EXPECT_GT(caught(with_bug<TearsGroups>(kSmall), "half of a transaction"), 0);
}

}  // namespace
}  // namespace harrier::test

#include "app/running_configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace harrier::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> keys(const std::vector<config::Change>& changes) {
  std::vector<std::string> keys;
  for (const config::Change& change : changes)
    keys.push_back(change.path);
  return keys;
}

Options changed() {
  Options options;
  options.log.level = LogLevelOption::kDebug;
  options.journal.segments = 32;
  return options;
}

TEST(RunningConfiguration, EachKeyIsEitherInEffectOrWaits) {
  const auto report = RunningConfiguration({}).compare(changed());
  EXPECT_THAT(keys(report.in_effect), ElementsAre("log.level"));
  EXPECT_THAT(keys(report.pending), ElementsAre("journal.segments"));
}

TEST(RunningConfiguration, WhatWaitsIsReportedUntilItIsUndone) {
  RunningConfiguration running{Options{}};
  running.adopt(changed());
  const auto again = running.compare(changed());
  EXPECT_THAT(again.in_effect, IsEmpty());
  EXPECT_THAT(keys(again.pending), ElementsAre("journal.segments"));
  const auto back = running.compare({});
  EXPECT_THAT(keys(back.in_effect), ElementsAre("log.level"));
  EXPECT_THAT(back.pending, IsEmpty());
}

TEST(RunningConfiguration, KeysOfAListenerThatIsNotOpenWait) {
  Options next;
  next.amqps.depth = 1;
  EXPECT_THAT(keys(RunningConfiguration({}).compare(next).pending),
              ElementsAre("listeners.amqps.depth"));
  Options started;
  started.amqps.enabled = next.amqps.enabled = true;
  EXPECT_THAT(keys(RunningConfiguration(started).compare(next).in_effect),
              ElementsAre("listeners.amqps.depth"));
}

}  // namespace
}  // namespace harrier::app

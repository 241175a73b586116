#include "app/running_configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace harrier::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

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

// With what live_options.cc does not apply beside it.
TEST(RunningConfiguration, LimitsAndLoginsAreInEffectWhereTheNodeTakesThem) {
  Options next;
  next.auth = {.plain_without_tls = false,
               .external_name_from = ExternalNameOption::kCommonName,
               .hash_iterations_sha256 = 5000,
               .hash_iterations_sha512 = 5000,
               .hash_threads = 2,
               .hash_queue_max = 2,
               .cache_lifetime = std::chrono::milliseconds(1),
               .cache_entries_max = 2,
               .throttle_delay_max = std::chrono::milliseconds(1),
               .throttle_entries_max = 2,
               .oauth2 = {}};
  next.session = {1, 1, 1, 1, 1, 1, 1};
  next.virtual_host = {1, 1, 1, 1, std::chrono::milliseconds(1), 1, 1, 1};
  next.patterns = {1, 1, 2 << 20};
  next.connection.publish_rate_max = next.connection.publish_byte_rate_max = 1;
  next.memory.cache = next.memory.high_watermark_bytes = 1 << 30;
  next.disk.free_limit_percent = 5;
  next.disk.reserve = 0;
  const auto report = RunningConfiguration({}).compare(next);
  EXPECT_THAT(
      keys(report.in_effect),
      UnorderedElementsAre(
          "memory.high_watermark", "disk.free_limit", "auth.plain_without_tls",
          "auth.cache_lifetime", "auth.cache_entries_max", "auth.throttle_delay_max",
          "auth.throttle_entries_max", "limits.connection.publish_rate_max",
          "limits.connection.publish_byte_rate_max", "limits.session.output_credit_bytes",
          "limits.session.direct_reply_bytes_max", "limits.session.consumers_per_channel_max",
          "limits.session.consumers_per_connection_max", "limits.session.unacked_per_channel_max",
          "limits.session.transaction_entries_max", "limits.session.transaction_bytes_max",
          "limits.virtual_host.queues_max", "limits.virtual_host.exchanges_max",
          "limits.virtual_host.bindings_max", "limits.virtual_host.consumer_timeout",
          "limits.virtual_host.slice_entries", "limits.virtual_host.pending_dead_letters_max",
          "limits.patterns.match_steps_max", "limits.patterns.match_depth_max",
          "limits.patterns.match_heap_max"));
  EXPECT_THAT(keys(report.pending),
              UnorderedElementsAre("memory.cache", "disk.reserve", "auth.external_name_from",
                                   "auth.hash_iterations_sha256", "auth.hash_iterations_sha512",
                                   "auth.hash_threads", "auth.hash_queue_max",
                                   "limits.virtual_host.policies_max",
                                   "limits.virtual_host.default_delivery_limit"));
}

}  // namespace
}  // namespace harrier::app

#include "config/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace harrier::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> paths(const std::vector<Change>& changes) {
  std::vector<std::string> paths;
  for (const Change& change : changes)
    paths.push_back(change.path);
  return paths;
}

TEST(Changes, NoneBetweenEquals) { EXPECT_THAT(changes_between({}, {}), IsEmpty()); }

TEST(Changes, NameEachKeyOnceInReadingOrder) {
  Options after;
  after.connection.frame_max = 4096;
  after.log.level = LogLevelOption::kDebug;
  after.amqp.port = 1;
  after.memory.high_watermark = 0.5;
  after.memory.high_watermark_bytes = 1 << 30;
  const auto changes = changes_between({}, after);
  EXPECT_THAT(paths(changes), ElementsAre("listeners.amqp.port", "memory.high_watermark",
                                          "log.level", "limits.connection.frame_max"));
  EXPECT_EQ(changes[0].before, "5672");
  EXPECT_EQ(changes[0].after, "1");
}

// Two keys with the same meaning in the same list are one key: the list.
TEST(Changes, OfAListOfMappingsShowNoSecret) {
  Options after;
  after.users[0].password = "secret";
  after.users[0].permissions.emplace_back();
  const auto changes = changes_between({}, after);
  EXPECT_THAT(paths(changes), ElementsAre("users"));
  EXPECT_EQ(changes[0].before + changes[0].after, "");
}

TEST(Changes, OfAListWithoutSecretsShowBothSidesOfWhatDiffers) {
  Options before;
  before.tenants = {{"same", {.queues_max = 1}}, {"team-a", {.queues_max = 7}}};
  Options after;
  after.tenants = {{"same", {.queues_max = 1}},
                   {"team-a", {.queues_max = -1, .quota_action = QuotaActionOption::kReject}}};
  const auto changes = changes_between(before, after);
  EXPECT_THAT(paths(changes), ElementsAre("limits.virtual_hosts"));
  EXPECT_EQ(changes[0].before, "{name: team-a, queues_max: 7}");
  EXPECT_EQ(changes[0].after, "{name: team-a, queues_max: -1, quota_action: reject}");
  const auto added = changes_between({}, before);
  EXPECT_EQ(added[0].before, "");
  EXPECT_EQ(added[0].after, "{name: same, queues_max: 1}, {name: team-a, queues_max: 7}");
}

TEST(Changes, WherePoliciesStandIsNone) {
  Options before;
  before.policies.emplace_back().origin = "a:1";
  Options after;
  after.policies.emplace_back().origin = "a:2";
  EXPECT_THAT(changes_between(before, after), IsEmpty());
}

}  // namespace
}  // namespace harrier::config

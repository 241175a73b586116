// Limits of virtual hosts, of their defaults and of users: keys that may have no value.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/changes.h"
#include "config/load_options.h"
#include "config/print_options.h"

namespace harrier::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Loaded loaded(std::string_view text, Environment environment = {}) {
  auto result = load_text(text, "test.yaml", std::move(environment));
  if (!result) {
    ADD_FAILURE() << result.error().message;
    return {};
  }
  return std::move(result).value();
}

Options parsed(std::string_view text) { return loaded(text).options; }

std::string error_of(std::string_view text) {
  const auto options = parse(text, "test.yaml");
  return options ? "accepted" : options.error().message;
}

TEST(TenantLimits, AreReadWhereTheyStand) {
  const Options options = parsed(
      "virtual_hosts: [/, team-a]\n"
      "users:\n"
      "  - {name: u, password: p, limits: {connections_max: 1, channels_max: 2, consumers_max: "
      "7,\n"
      "     message_size_max: 8, publish_rate_max: 3, publish_byte_rate_max: 4KiB}}\n"
      "limits:\n"
      "  publish_rate_burst: 2s\n"
      "  connection: {publish_rate_max: 5, publish_byte_rate_max: 6KiB}\n"
      "  virtual_hosts:\n"
      "    - {name: team-a, connections_max: 1, stored_bytes_max: 10GiB, quota_action: reject}\n"
      "  defaults:\n"
      "    - {vhost_pattern: ^team-, queues_max: -1, publish_byte_rate_max: -1}\n"
      "    - {vhost_pattern: true, message_size_max: 0}\n");
  EXPECT_EQ(options.users[0].limits, (UserLimitOptions{1, 2, 7, 8, 3, 4096}));
  EXPECT_EQ(options.publish_rate_burst, std::chrono::seconds(2));
  EXPECT_EQ(options.connection.publish_rate_max, 5u);
  EXPECT_EQ(options.connection.publish_byte_rate_max, 6144u);
  ASSERT_EQ(options.tenants.size(), 1u);
  TenantLimitOptions expected;
  expected.connections_max = 1;
  expected.stored_bytes_max = std::int64_t{10} << 30;
  expected.quota_action = QuotaActionOption::kReject;
  EXPECT_EQ(options.tenants[0], (NamedTenantLimitOptions{"team-a", expected}));
  ASSERT_EQ(options.tenant_defaults.size(), 2u);
  TenantLimitOptions unlimited;
  unlimited.queues_max = unlimited.publish_byte_rate_max = -1;
  EXPECT_EQ(options.tenant_defaults[0], (TenantDefaultOptions{"^team-", unlimited}));
  EXPECT_EQ(options.tenant_defaults[1].vhost_pattern, ".*");
  EXPECT_EQ(options.tenant_defaults[1].limits.message_size_max, 0);
}

TEST(TenantLimits, MistakesAreShownWithTheirLines) {
  const std::string errors = error_of(
      "limits:\n"
      "  virtual_hosts:\n"
      "    - {name: elsewhere, connections_max: -2}\n"
      "    - {name: /, stored_bytes_max: 0, quota_action: drop}\n"
      "    - {name: /, publish_rate_max: 0}\n"
      "  defaults:\n"
      "    - {vhost_pattern: (, queues: 1}\n"
      "    - {queues_max: 1}\n");
  for (const char* error :
       {":3: limits.virtual_hosts[0].connections_max: -2 is below -1",
        ":4: limits.virtual_hosts[1].stored_bytes_max: 0 is below 1",
        ":4: limits.virtual_hosts[1].quota_action: 'drop' is none of hold, reject",
        ":5: limits.virtual_hosts[2].publish_rate_max: 0: nobody could publish",
        ":7: limits.defaults[0].queues: unknown key",
        ":7: limits.defaults[0].vhost_pattern: the pattern is wrong",
        ":8: limits.defaults[1]: a vhost_pattern is needed",
        "limits.virtual_hosts names the virtual host 'elsewhere', which virtual_hosts does not "
        "list",
        "limits.virtual_hosts names '/' twice"})
    EXPECT_THAT(errors, HasSubstr(error));
}

TEST(TenantLimits, AMistakeOfAUserIsShownWithItsLine) {
  const std::string errors = error_of(
      "users:\n"
      "  - name: u\n"
      "    password: p\n"
      "    limits: {publish_rate_max: 0, channels_max: none, queues_max: 1,\n"
      "             connections_max: null}\n");
  for (const char* error : {":4: users[0].limits.publish_rate_max: 0: nobody could publish",
                            ":4: users[0].limits.channels_max: 'none' is not a whole number",
                            ":4: users[0].limits.queues_max: unknown key",
                            ":5: users[0].limits.connections_max: expected a whole number"})
    EXPECT_THAT(errors, HasSubstr(error));
}

TEST(TenantLimits, UnsetIsAValueOfItsOwn) {
  const Options options = parsed(
      "limits:\n"
      "  defaults:\n"
      "    - {vhost_pattern: true, queues_max: unset, message_size_max: unset, quota_action: "
      "unset}\n"
      "    - {vhost_pattern: false, queues_max: 0, message_size_max: -1, quota_action: hold}\n");
  EXPECT_EQ(options.tenant_defaults[0].limits, TenantLimitOptions{});
  TenantLimitOptions expected;
  expected.queues_max = 0;
  expected.message_size_max = -1;
  expected.quota_action = QuotaActionOption::kHold;
  EXPECT_EQ(options.tenant_defaults[1].limits, expected);
}

TEST(TenantLimits, TheEnvironmentSetsThemAndTakesThemAway) {
  const Loaded both =
      loaded("limits: {virtual_hosts: [{name: /, queues_max: 1, stored_bytes_max: 1KiB}]}",
             {{"HARRIERMQ_LIMITS_VIRTUAL_HOSTS_0_QUEUES_MAX", "unset"},
              {"HARRIERMQ_LIMITS_VIRTUAL_HOSTS_0_STORED_BYTES_MAX", "-1"},
              {"HARRIERMQ_USERS_0_LIMITS_CONNECTIONS_MAX", "5"}});
  EXPECT_EQ(both.options.tenants[0].limits.queues_max, std::nullopt);
  EXPECT_EQ(both.options.tenants[0].limits.stored_bytes_max, -1);
  EXPECT_EQ(both.options.users[0].limits.connections_max, 5);
  EXPECT_TRUE(both.warnings.empty());
}

TEST(TenantLimits, ArePrintedAsTheyAreRead) {
  Loaded some;
  some.options.users[0].limits = {0, -1, 3, std::nullopt, std::nullopt, 4096};
  TenantLimitOptions limits;
  limits.queues_max = 7;
  limits.message_size_max = 0;
  limits.stored_bytes_max = -1;
  limits.publish_byte_rate_max = 1001;
  limits.quota_action = QuotaActionOption::kReject;
  some.options.tenants = {{"/", limits}};
  some.options.tenant_defaults = {{"^team-", {}}, {".*", limits}};
  some.options.publish_rate_burst = std::chrono::milliseconds(10);
  const std::string printed = effective_yaml(some);
  EXPECT_THAT(printed,
              AllOf(HasSubstr("queues_max: 7\n"), HasSubstr("consumers_max: unset\n"),
                    HasSubstr("stored_bytes_max: -1\n"), HasSubstr("publish_byte_rate_max: 4KiB\n"),
                    HasSubstr("quota_action: reject\n"), HasSubstr("vhost_pattern: true\n")));
  EXPECT_EQ(parsed(printed), some.options) << printed;
}

// A reload does not set them: nobody should be told that it did.
TEST(TenantLimits, WaitForARestart) {
  Options after;
  after.tenants.emplace_back().name = "/";
  after.users[0].limits.channels_max = 1;
  for (const Change& change : changes_between({}, after))
    EXPECT_EQ(change.applies, Applies::kAtStart) << change.path;
}

}  // namespace
}  // namespace harrier::config

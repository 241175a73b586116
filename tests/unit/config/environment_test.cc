#include "config/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load_options.h"

namespace harrier::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Loaded loaded(std::string_view text, Environment environment) {
  auto result = load_text(text, "test.yaml", std::move(environment));
  if (!result) {
    ADD_FAILURE() << result.error().message;
    return {};
  }
  return std::move(result).value();
}

std::string error_of(std::string_view text, Environment environment) {
  const auto result = load_text(text, "test.yaml", std::move(environment));
  return result ? "accepted" : result.error().message;
}

TEST(EnvironmentName, IsThePathInCapitals) {
  EXPECT_EQ(environment_name("loops"), "HARRIERMQ_LOOPS");
  EXPECT_EQ(environment_name("listeners.amqp.port"), "HARRIERMQ_LISTENERS_AMQP_PORT");
  EXPECT_EQ(environment_name("users[0].permissions[12].read"),
            "HARRIERMQ_USERS_0_PERMISSIONS_12_READ");
}

TEST(Environment, WinsOverFileAndDefaults) {
  const Loaded both = loaded("loops: 2\nlisteners: {amqp: {port: 1}}\nmemory: {cache: 1GiB}\n",
                             {{"HARRIERMQ_LISTENERS_AMQP_PORT", "2"},
                              {"HARRIERMQ_LOG_LEVEL", "debug"},
                              {"HARRIERMQ_MEMORY_CACHE", "auto"},
                              {"HARRIERMQ_DISK_FREE_LIMIT", "5%"}});
  EXPECT_EQ(both.options.loops, 2u);
  EXPECT_EQ(both.options.amqp.port, 2);
  EXPECT_EQ(both.options.log.level, LogLevelOption::kDebug);
  EXPECT_EQ(both.options.memory.cache, 0u);
  EXPECT_EQ(both.options.disk.free_limit_percent, 5);
  EXPECT_THAT(both.warnings, IsEmpty());
}

TEST(Environment, ReachesElementsOfLists) {
  const Environment environment{{"HARRIERMQ_USERS_0_NAME", "ada"},
                                {"HARRIERMQ_USERS_0_PERMISSIONS_0_READ", "^a"}};
  const Options of_defaults = loaded("", environment).options;
  ASSERT_EQ(of_defaults.users.size(), 1u);
  EXPECT_EQ(of_defaults.users[0].name, "ada");
  EXPECT_EQ(of_defaults.users[0].password, "guest");
  EXPECT_EQ(of_defaults.users[0].permissions[0].read, "^a");
  const Options of_file =
      loaded("users: [{name: b, password: p, permissions: [{}]}]", environment).options;
  EXPECT_EQ(of_file.users[0].name, "ada");
  EXPECT_EQ(of_file.users[0].permissions[0].read, "^a");
}

TEST(Environment, ErrorsNameTheVariable) {
  EXPECT_EQ(error_of("", {{"HARRIERMQ_LISTENERS_AMQP_PORT", "65536"}}),
            "HARRIERMQ_LISTENERS_AMQP_PORT: listeners.amqp.port: 65536 is above 65535");
  EXPECT_EQ(error_of("loops: 0", {{"HARRIERMQ_LOOPS", ""}}),
            "HARRIERMQ_LOOPS: loops: '' is not a whole number");
}

// A YAML file is UTF-8, and what is printed must be one.
TEST(Environment, MustBeUtf8) {
  EXPECT_EQ(error_of("", {{"HARRIERMQ_SERVER_PROPERTIES_PRODUCT", "\xFF"}}),
            "HARRIERMQ_SERVER_PROPERTIES_PRODUCT: server_properties.product: not UTF-8");
}

// The file's value is not looked at then.
TEST(Environment, HidesAWrongValueOfTheFile) {
  EXPECT_EQ(loaded("loops: 0", {{"HARRIERMQ_LOOPS", "3"}}).options.loops, 3u);
}

TEST(Environment, WarnsOfVariablesThatStandForNoKey) {
  const Loaded some = loaded("", {{"HARRIERMQ_PORT_5672_TCP", "tcp://10.0.0.1:5672"},
                                  {"HARRIERMQ_USERS_1_NAME", "x"},
                                  {"HARRIERMQ_LOOPS", "1"}});
  EXPECT_THAT(some.warnings, ElementsAre(HasSubstr("HARRIERMQ_PORT_5672_TCP"),
                                         HasSubstr("HARRIERMQ_USERS_1_NAME")));
}

TEST(ReadEnvironment, TakesOnlyOurs) {
  ::setenv("HARRIERMQ_TEST_X", "a=b", 1);
  ::setenv("HARRIERMQ_CTL_SOCKET", "/x", 1);
  const Environment environment = read_environment();
  ::unsetenv("HARRIERMQ_TEST_X");
  ::unsetenv("HARRIERMQ_CTL_SOCKET");
  EXPECT_EQ(environment.at("HARRIERMQ_TEST_X"), "a=b");
  EXPECT_FALSE(environment.contains("PATH"));
  EXPECT_FALSE(environment.contains("HARRIERMQ_CTL_SOCKET"));
}

}  // namespace
}  // namespace harrier::config

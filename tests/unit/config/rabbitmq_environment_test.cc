#include "config/rabbitmq_environment.h"

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load_options.h"
#include "config/print_options.h"
#include "support/temporary_directory.h"

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
Options options(std::string_view text, Environment environment) {
  return loaded(text, std::move(environment)).options;
}
std::string error_of(std::string_view text, Environment environment) {
  const auto result = load_text(text, "test.yaml", std::move(environment));
  return result ? "accepted" : result.error().message;
}

class SecretFile {
 public:
  explicit SecretFile(const std::string& text) { std::ofstream(path) << text; }
  harrier::test::TemporaryDirectory folder;
  const std::string path = folder.path() + "/secret";
};

TEST(RabbitmqEnvironment, StandsForKeys) {
  const Options set =
      options("listeners: {amqp: {port: 1}}", {{"RABBITMQ_NODE_PORT", "5673"},
                                               {"RABBITMQ_NODE_IP_ADDRESS", "0.0.0.0"},
                                               {"RABBITMQ_MNESIA_BASE", "/var/lib/rabbitmq"},
                                               {"RABBITMQ_PRODUCT_NAME", "Hutch"},
                                               {"RABBITMQ_VM_MEMORY_HIGH_WATERMARK", "0.4"}});
  EXPECT_EQ(set.amqp.port, 5673);
  EXPECT_EQ(set.amqp.bind, "0.0.0.0");
  EXPECT_EQ(set.data_dir, "/var/lib/rabbitmq");
  EXPECT_EQ(set.server_properties.product, "Hutch");
  EXPECT_EQ(set.memory.high_watermark, 0.4);
}

TEST(RabbitmqEnvironment, YieldsToOurOwnVariables) {
  const Environment both{{"RABBITMQ_NODE_PORT", "1"}, {"HARRIERMQ_LISTENERS_AMQP_PORT", "2"}};
  EXPECT_EQ(options("", both).amqp.port, 2);
}

// Kubernetes sets RABBITMQ_NODE_PORT for a service named rabbitmq-node: whoever meets this must
// find the variable.
TEST(RabbitmqEnvironment, ErrorsNameItsVariable) {
  EXPECT_EQ(error_of("", {{"RABBITMQ_NODE_PORT", "tcp://10.0.0.1:5672"}}),
            "RABBITMQ_NODE_PORT: listeners.amqp.port: 'tcp://10.0.0.1:5672' is not a whole number");
}

TEST(RabbitmqEnvironment, EmptyIsNotSet) {
  EXPECT_EQ(options("", {{"RABBITMQ_NODE_PORT", ""}, {"RABBITMQ_DEFAULT_USER", ""}}), Options{});
}

TEST(RabbitmqEnvironment, WarnsOfWhatHasNoMeaningAndOfNothingElse) {
  const Loaded some = loaded("", {{"RABBITMQ_ERLANG_COOKIE", "x"},
                                  {"RABBITMQ_LOGS", "-"},
                                  {"RABBITMQ_SERVICE_HOST", "10.0.0.1"},
                                  {"RABBITMQ_PORT_5672_TCP", "tcp://10.0.0.1:5672"}});
  EXPECT_THAT(some.warnings, ElementsAre(HasSubstr("RABBITMQ_ERLANG_COOKIE")));
  EXPECT_THAT(loaded("", {{"RABBITMQ_LOGS", "/var/log/rabbit.log"}}).warnings,
              ElementsAre(HasSubstr("/var/log/rabbit.log")));
}

TEST(RabbitmqEnvironment, LogTakesTheLevelOfAllCategories) {
  const auto level = [](const char* words) {
    return options("", {{"RABBITMQ_LOG", words}}).log.level;
  };
  EXPECT_EQ(level("debug"), LogLevelOption::kDebug);
  EXPECT_EQ(level("connection.debug,warning"), LogLevelOption::kWarning);
  EXPECT_EQ(level("error,+color"), LogLevelOption::kError);
  EXPECT_EQ(level("critical"), LogLevelOption::kError);
  EXPECT_EQ(level("notice"), LogLevelOption::kInfo);
  EXPECT_EQ(level("connection.debug"), LogLevelOption::kInfo);
  EXPECT_THAT(error_of("", {{"RABBITMQ_LOG", "loud"}}), HasSubstr("RABBITMQ_LOG: log.level"));
}

TEST(RabbitmqEnvironment, OpensTlsWithCertificateAndKey) {
  const Options set = options("", {{"RABBITMQ_SSL_CERTFILE", "/c.pem"},
                                   {"RABBITMQ_SSL_KEYFILE", "/k.pem"},
                                   {"RABBITMQ_SSL_CACERTFILE", "/ca.pem"},
                                   {"RABBITMQ_SSL_VERIFY", "verify_peer"},
                                   {"RABBITMQ_SSL_FAIL_IF_NO_PEER_CERT", "true"},
                                   {"RABBITMQ_SSL_DEPTH", "1"}});
  EXPECT_TRUE(set.amqps.enabled);
  EXPECT_EQ(set.amqps.certificate_file, "/c.pem");
  EXPECT_EQ(set.amqps.key_file, "/k.pem");
  EXPECT_EQ(set.amqps.verify, TlsVerifyOption::kRequire);
  EXPECT_EQ(set.amqps.depth, 1u);
  const Loaded half = loaded("", {{"RABBITMQ_SSL_CERTFILE", "/c.pem"}});
  EXPECT_FALSE(half.options.amqps.enabled);
  EXPECT_THAT(half.warnings, ElementsAre(HasSubstr("RABBITMQ_SSL_KEYFILE")));
}

TEST(RabbitmqDefaultUser, ReplacesTheBuiltInOne) {
  const Options set = options("", {{"RABBITMQ_DEFAULT_USER", "ada"},
                                   {"RABBITMQ_DEFAULT_PASS", "secret"},
                                   {"RABBITMQ_DEFAULT_VHOST", "shop"}});
  EXPECT_THAT(set.virtual_hosts, ElementsAre("shop"));
  ASSERT_EQ(set.users.size(), 1u);
  const UserOptions& user = set.users[0];
  EXPECT_EQ(user.name, "ada");
  EXPECT_EQ(user.password, "secret");
  EXPECT_THAT(user.tags, ElementsAre("administrator"));
  EXPECT_FALSE(user.loopback_only);
  EXPECT_EQ(user.permissions, (std::vector{PermissionOptions{.virtual_host = "shop"}}));
}

// The password everybody knows is for this machine, unless it was set on purpose.
TEST(RabbitmqDefaultUser, WithoutAPasswordStaysOnThisMachine) {
  EXPECT_TRUE(options("", {{"RABBITMQ_DEFAULT_USER", "ada"}}).users.at(0).loopback_only);
  EXPECT_TRUE(options("", {{"RABBITMQ_DEFAULT_VHOST", "v"}}).users.at(0).loopback_only);
  EXPECT_FALSE(options("", {{"RABBITMQ_DEFAULT_PASS", "other"}}).users.at(0).loopback_only);
  const Loaded open = loaded("", {{"RABBITMQ_DEFAULT_PASS", "guest"}});
  EXPECT_FALSE(open.options.users.at(0).loopback_only);
  EXPECT_THAT(open.warnings, ElementsAre(HasSubstr("everybody knows this password")));
}

TEST(RabbitmqDefaultUser, TheMaskIsNoPassword) {
  EXPECT_THAT(loaded("", {{"RABBITMQ_DEFAULT_PASS", "********"}}).masked,
              ElementsAre("RABBITMQ_DEFAULT_PASS: users[0].password"));
}

TEST(RabbitmqDefaultUser, StandsBesideThoseOfTheDocument) {
  constexpr std::string_view kText = "users: [{name: b, password: p}]\nvirtual_hosts: [/, x]";
  const Options set = options(kText, {{"RABBITMQ_DEFAULT_USER", "ada"},
                                      {"RABBITMQ_DEFAULT_PASS", "secret"},
                                      {"RABBITMQ_DEFAULT_VHOST", "shop"}});
  EXPECT_THAT(set.virtual_hosts, ElementsAre("/", "x", "shop"));
  ASSERT_EQ(set.users.size(), 2u);
  EXPECT_EQ(set.users[0].name, "b");
  EXPECT_EQ(set.users[1].name, "ada");
  // Nobody is given a virtual host whom nobody named.
  EXPECT_EQ(options(kText, {{"RABBITMQ_DEFAULT_VHOST", "shop"}}).users.size(), 1u);
}

TEST(RabbitmqDefaultUser, GivesAUserOfTheDocumentItsPasswordOnly) {
  const Options set =
      options("users: [{name: ada, password_hash: " + std::string(48, 'A') + ", tags: [x]}]",
              {{"RABBITMQ_DEFAULT_USER", "ada"}, {"RABBITMQ_DEFAULT_PASS", "secret"}});
  ASSERT_EQ(set.users.size(), 1u);
  EXPECT_EQ(set.users[0].password, "secret");
  EXPECT_EQ(set.users[0].password_hash, "");
  EXPECT_THAT(set.users[0].tags, ElementsAre("x"));
}

TEST(RabbitmqDefaultUser, ComesFromFiles) {
  const SecretFile user("ada\n");
  const SecretFile password("from a file\n");
  const SecretFile host("shop");
  const Loaded set = loaded("", {{"RABBITMQ_DEFAULT_USER_FILE", user.path},
                                 {"RABBITMQ_DEFAULT_PASS_FILE", password.path},
                                 {"RABBITMQ_DEFAULT_VHOST_FILE", host.path}});
  EXPECT_EQ(set.options.users.at(0).name, "ada");
  EXPECT_EQ(set.options.users.at(0).password, "from a file");
  EXPECT_THAT(set.options.virtual_hosts, ElementsAre("shop"));
  EXPECT_THAT(set.warnings, IsEmpty());
  EXPECT_THAT(effective_yaml(set), HasSubstr("password_file: " + password.path));
}

TEST(RabbitmqDefaultUser, PasswordOfAVariableIsMasked) {
  const std::string shown = effective_yaml(loaded("", {{"RABBITMQ_DEFAULT_PASS", "hunter2"}}));
  EXPECT_THAT(shown, ::testing::Not(HasSubstr("hunter2")));
  EXPECT_THAT(shown, HasSubstr("********"));
}

TEST(RabbitmqDefaultUser, FilesThatCannotBeReadAreErrors) {
  EXPECT_THAT(error_of("", {{"RABBITMQ_DEFAULT_PASS_FILE", "/no/such"}}),
              HasSubstr("RABBITMQ_DEFAULT_PASS_FILE: '/no/such' cannot be opened"));
  EXPECT_EQ(
      error_of("", {{"RABBITMQ_DEFAULT_PASS", "x"}, {"RABBITMQ_DEFAULT_PASS_FILE", "/y"}}),
      "RABBITMQ_DEFAULT_PASS_FILE: given beside RABBITMQ_DEFAULT_PASS, of which one is enough");
}

TEST(RabbitmqDefaultUser, HasLimits) {
  EXPECT_EQ(error_of("", {{"RABBITMQ_DEFAULT_USER", std::string(256, 'x')}}),
            "RABBITMQ_DEFAULT_USER: longer than 255 bytes");
  EXPECT_EQ(error_of("", {{"RABBITMQ_DEFAULT_VHOST", "\xFF"}}),
            "RABBITMQ_DEFAULT_VHOST: not UTF-8");
}

}  // namespace
}  // namespace harrier::config

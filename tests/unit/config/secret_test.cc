#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load_options.h"
#include "config/print_options.h"
#include "config/secret_file.h"
#include "support/temporary_directory.h"

namespace harrier::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Secrets : public ::testing::Test {
 protected:
  std::string file(const std::string& contents) {
    std::string path = directory_.path() + "/" + std::to_string(++files_);
    std::ofstream(path, std::ios::binary) << contents;
    return path;
  }
  static base::Result<Loaded> load_user(const std::string& keys, Environment environment = {}) {
    return load_text("users:\n  - name: a\n" + keys, "test.yaml", std::move(environment));
  }
  static std::string password(const std::string& keys, Environment environment = {}) {
    auto loaded = load_user(keys, std::move(environment));
    return loaded ? loaded->options.users[0].password : loaded.error().message;
  }

  test::TemporaryDirectory directory_;
  int files_ = 0;
};

TEST_F(Secrets, OneNewlineAtTheEndIsNotPartOfIt) {
  EXPECT_EQ(password("    password_file: " + file("pw\n")), "pw");
  EXPECT_EQ(password("    password_file: " + file("pw")), "pw");
  EXPECT_EQ(password("    password_file: " + file("pw\n\n")), "pw\n");
}

TEST_F(Secrets, FilesAreBounded) {
  const std::string longest(1024, 'x');
  EXPECT_EQ(password("    password_file: " + file(longest + "\n")), longest);
  EXPECT_THAT(password("    password_file: " + file(longest + "x")),
              HasSubstr("holds more than 1024 bytes"));
  EXPECT_THAT(password("    password_file: " + file(longest + "\n\n")),
              HasSubstr("holds more than 1024 bytes"));
}

TEST_F(Secrets, WhatIsNoFileIsAnErrorWithItsLine) {
  EXPECT_THAT(password("    password_file: /nonexistent"),
              HasSubstr("test.yaml:3: users[0].password_file: '/nonexistent' cannot be opened"));
  EXPECT_THAT(password("    password_file: /dev/zero"), HasSubstr("'/dev/zero' is not a file"));
  EXPECT_THAT(password("    password_file: " + file("")), HasSubstr("is empty"));
  EXPECT_THAT(password("    password_file: " + file("\n")), HasSubstr("is empty"));
}

TEST_F(Secrets, EitherItselfOrAFile) {
  EXPECT_THAT(password("    password: x\n    password_file: " + file("y")),
              HasSubstr("test.yaml:4: users[0].password_file: given beside password"));
  EXPECT_THAT(password("    password: x", {{"HARRIERMQ_USERS_0_PASSWORD", "y"},
                                           {"HARRIERMQ_USERS_0_PASSWORD_FILE", file("z")}}),
              HasSubstr("HARRIERMQ_USERS_0_PASSWORD: users[0].password: given both"));
}

TEST_F(Secrets, TheEnvironmentWins) {
  const std::string in_file = file("of the environment's file\n");
  const Environment named{{"HARRIERMQ_USERS_0_PASSWORD_FILE", in_file}};
  const Environment plain{{"HARRIERMQ_USERS_0_PASSWORD", "of the environment"}};
  for (const std::string& keys :
       {std::string("    password: x"), "    password_file: " + file("x")}) {
    EXPECT_EQ(password(keys, named), "of the environment's file");
    EXPECT_EQ(password(keys, plain), "of the environment");
  }
  EXPECT_THAT(password("    password: x", {{"HARRIERMQ_USERS_0_PASSWORD_FILE", "/nonexistent"}}),
              HasSubstr("HARRIERMQ_USERS_0_PASSWORD_FILE: users[0].password_file: '/nonexistent'"));
}

TEST_F(Secrets, OnlySecretsCanBeFiles) {
  EXPECT_THAT(password("    password: x\n    name_file: /etc/hostname"),
              HasSubstr("users[0].name_file: unknown key"));
}

// Paths whose names end like a secret's file are shown, not read, and stand for nothing else.
TEST_F(Secrets, PathsAreNone) {
  const auto paths = load_text(
      "auth: {oauth2: {jwks_file: /nonexistent/keys, jwks_ca_file: /nonexistent/ca}}\n"
      "audit: {key_file: /nonexistent/key}\n",
      "test.yaml", {{"HARRIERMQ_AUDIT_KEY_FILE", "/nonexistent/other"}});
  ASSERT_TRUE(paths) << paths.error().message;
  EXPECT_TRUE(paths->secret_files.empty());
  const std::string printed = effective_yaml(*paths);
  for (const char* line : {"jwks_file: /nonexistent/keys\n", "jwks_ca_file: /nonexistent/ca\n",
                           "key_file: /nonexistent/other\n"})
    EXPECT_THAT(printed, HasSubstr(line));
  for (const char* key : {"audit: {key: x}", "audit: {key_file_file: x}", "audit: {file_file: x}",
                          "auth: {oauth2: {jwks: x}}", "auth: {oauth2: {jwks_file_file: x}}"}) {
    const auto unknown = load_text(key, "test.yaml", {});
    ASSERT_FALSE(unknown) << key;
    EXPECT_THAT(unknown.error().message, HasSubstr("unknown key")) << key;
  }
}

TEST_F(Secrets, ThePrintedConfigurationHoldsNone) {
  auto loaded = load_user("    password: hidden away");
  ASSERT_TRUE(loaded);
  const std::string printed = effective_yaml(*loaded);
  EXPECT_THAT(printed, Not(HasSubstr("hidden")));
  const auto again = load_text(printed, "printed.yaml", {});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_THAT(again->masked, ElementsAre(HasSubstr("users[0].password")));
  EXPECT_EQ(effective_yaml(*again), printed);
}

TEST_F(Secrets, ThePrintedConfigurationNamesTheirFiles) {
  auto loaded = load_user("    password_file: " + file("hidden"));
  ASSERT_TRUE(loaded);
  const std::string printed = effective_yaml(*loaded);
  EXPECT_THAT(printed, Not(HasSubstr("hidden")));
  const auto again = load_text(printed, "printed.yaml", {});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->options, loaded->options);
}

TEST(PrintedConfiguration, OfTheDefaultsIsTheDefaults) {
  const auto again = load_text(effective_yaml(Loaded{}), "printed.yaml", {});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->options, Options{});
  EXPECT_TRUE(again->masked.empty());
}

// Values that YAML would take for something else.
TEST(PrintedConfiguration, ReadsBackAsWhatItWas) {
  for (const std::string text :
       {"null", "~", "yes", "12", "1.5",  "'",    "\"",       "a: b", "# x",
        "- a",  "%", "\\",  " ",  "a\nb", "\t",   "\xC3\xBC", "[",    "{",
        "&a",   "*", "!",   "@",  "true", "0x10", "\x01",     "..."}) {
    Loaded loaded;
    loaded.options.server_properties.product = text;
    loaded.options.server_properties.extra = {{text, text}};
    loaded.options.virtual_hosts = {"/", text};
    loaded.options.memory = {0, 0.75, 0};
    loaded.options.disk = {0, 2.5, 1};
    PolicyOptions& policy = loaded.options.policies.emplace_back();
    policy.name = text;
    policy.pattern = "^a";
    policy.definition = {{"k", text}, {"n", std::int64_t{-5}}, {"t", true}};
    auto again = load_text(effective_yaml(loaded), "printed.yaml", {});
    ASSERT_TRUE(again) << text << ": " << again.error().message;
    again->options.policies[0].origin.clear();
    EXPECT_EQ(again->options, loaded.options) << text << "\n" << effective_yaml(loaded);
  }
}

}  // namespace
}  // namespace harrier::config

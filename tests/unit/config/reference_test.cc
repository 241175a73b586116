#include "config/reference.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/environment.h"
#include "config/load_options.h"
#include "config/options_table.h"

namespace harrier::config {
namespace {

std::string source_file(const std::string& path) {
  const char* root = std::getenv("HARRIER_SOURCE_DIR");
  std::ifstream file(std::string(root == nullptr ? "." : root) + "/" + path);
  EXPECT_TRUE(file) << path << " (HARRIER_SOURCE_DIR is the repository)";
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Options parsed(const std::string& text, const std::string& name) {
  auto options = parse(text, name);
  if (!options) {
    ADD_FAILURE() << options.error().message;
    return {};
  }
  return *options;
}

// The file users start from says what the program does without it.
TEST(ExampleFile, EqualsTheBuiltInDefaults) {
  EXPECT_EQ(parsed(source_file("config/harriermq.yaml"), "harriermq.yaml"), Options{});
}

TEST(ExampleFile, IsTheOneMadeFromTheTable) {
  EXPECT_EQ(source_file("config/harriermq.yaml"), example_yaml())
      << "stale: build harriermq, then script/configuration";
}

TEST(ExampleFile, HoldsEveryKey) {
  const std::string text = example_yaml();
  for (const std::string& path : key_paths())
    EXPECT_THAT(text, ::testing::HasSubstr(path.substr(path.rfind('.') + 1) + ":")) << path;
}

TEST(ConfigurationReference, IsTheOneMadeFromTheTable) {
  EXPECT_EQ(source_file("docs/reference/configuration.md"), reference_markdown())
      << "stale: build harriermq, then script/configuration";
}

TEST(ConfigurationReference, NamesEveryKey) {
  const std::string text = reference_markdown();
  for (const std::string& path : key_paths())
    EXPECT_THAT(text, ::testing::HasSubstr("| `" + path + "` |"));
}

TEST(ProductionExample, IsValid) {
  const Options options = parsed(source_file("config/production.yaml"), "production.yaml");
  EXPECT_TRUE(options.amqps.enabled);
  EXPECT_FALSE(options.auth.plain_without_tls);
  for (const UserOptions& user : options.users)
    EXPECT_NE(user.name, "guest");
}

void expect_told(const Table& table, const std::string& path) {
  for (const Key& key : table.keys) {
    const std::string name = path + "." + key.name;
    EXPECT_FALSE(key.meaning.empty()) << name;
    if (key.is_section()) {
      expect_told(*key.below, name);
      continue;
    }
    EXPECT_FALSE(key.form.empty()) << name;
    for (const std::string& sentence : {key.meaning, key.reason})
      EXPECT_TRUE(sentence.ends_with('.')) << name << ": " << sentence;
    if (key.is_list()) expect_told(*key.below, name + "[]");
  }
}

TEST(OptionsTable, EachKeySaysWhatItMeansAndWhy) { expect_told(options_table(), ""); }

TEST(KeyPaths, ListsLeavesOnce) {
  const std::vector<std::string> keys = key_paths();
  EXPECT_THAT(keys, ::testing::Contains("listeners.amqp.port"));
  EXPECT_THAT(keys, ::testing::Contains("users[].permissions[].read"));
  EXPECT_THAT(keys, ::testing::Not(::testing::Contains("listeners.amqp")));
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), keys.size());
}

// Those of a list's first element stand for all of its elements.
void expect_own_variables(const Table& table, const std::string& path,
                          std::set<std::string>& names) {
  const std::string start = path.empty() ? "" : path + ".";
  for (const Key& key : table.keys) {
    const std::string name = start + key.name;
    if (key.is_leaf()) {
      EXPECT_TRUE(names.insert(environment_name(name)).second) << name;
    }
    if (key.secret) {
      EXPECT_TRUE(names.insert(environment_name(name + "_file")).second) << name;
    }
    if (!key.is_leaf())
      expect_own_variables(*key.below, name + (key.is_list() ? "[0]" : ""), names);
  }
}

// Two keys with one variable would both take its value. Nor is a path that ends in _file (key_file,
// jwks_file) taken for the file of a secret.
TEST(OptionsTable, NoTwoKeysHaveTheSameVariable) {
  std::set<std::string> names;
  expect_own_variables(options_table(), "", names);
  EXPECT_TRUE(names.contains("HARRIERMQ_USERS_0_PASSWORD_FILE"));
  EXPECT_TRUE(names.contains("HARRIERMQ_AUDIT_KEY_FILE"));
}

}  // namespace
}  // namespace harrier::config

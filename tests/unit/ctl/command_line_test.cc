#include "ctl/command_line.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

CommandLine parse(const std::vector<std::string>& words,
                  const std::string& program = "harrierctl") {
  CommandLine line;
  line.settings.program = program;
  parse_command_line(words, line);
  return line;
}

std::string refusal(const std::vector<std::string>& words) {
  try {
    parse(words);
  } catch (const Trouble& trouble) {
    EXPECT_EQ(trouble.code(), kExitUsage);
    return trouble.what();
  }
  return {};
}

TEST(CommandLine, OptionsStandAnywhere) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"-q", "-p", "v", "purge_queue", "q1"},
        {"purge_queue", "-q", "q1", "-p", "v"},
        {"purge_queue", "q1", "--vhost=v", "--quiet"},
        {"-n", "rabbit@h", "-l", "-pv", "-q", "purge_queue", "q1"}}) {
    const CommandLine line = parse(words);
    EXPECT_EQ(line.command->name, "purge_queue");
    EXPECT_EQ(line.arguments.text("QUEUE"), "q1");
    EXPECT_EQ(line.settings.virtual_host, "v");
    EXPECT_TRUE(line.settings.quiet);
  }
}

TEST(CommandLine, ArgumentMayBeCalledLikeACommandOrBeEmpty) {
  EXPECT_EQ(parse({"delete_user", "ping"}).arguments.text("USER"), "ping");
  const CommandLine line = parse({"set_permissions", "u", "", "^$", ".*"});
  EXPECT_EQ(line.arguments.text("CONFIGURE"), "");
  EXPECT_EQ(line.arguments.text("READ"), ".*");
}

TEST(CommandLine, KeepsBracketsTogether) {
  EXPECT_EQ(parse({"set_permissions", "u", "[a,b]", "[c]", "[]"}).arguments.text("CONFIGURE"),
            "[a,b]");
  EXPECT_EQ(parse({"set_user_tags", "u", "[a,b]", "c"}).arguments.all("TAG"),
            (std::vector<std::string>{"[a,b]", "c"}));
}

TEST(CommandLine, TakesWordsWithADashAfterTwo) {
  EXPECT_EQ(parse({"add_user", "--", "u", "-pw"}).arguments.text("PASSWORD"), "-pw");
}

TEST(CommandLine, SaysTooFewAndTooMany) {
  EXPECT_EQ(refusal({"delete_user"}), "not enough arguments.");
  EXPECT_EQ(refusal({"delete_user", "a", "b"}), "too many arguments.");
  EXPECT_NE(refusal({"delete_user", "a", "--nosuch"}).find("--nosuch"), std::string::npos);
}

TEST(CommandLine, NamesTheCommandMostAlike) {
  EXPECT_EQ(refusal({"list_user"}), "Command 'list_user' not found. Did you mean 'list_users'?");
  EXPECT_EQ(refusal({"x\x1b[1m"}), "Command 'x\\x1b[1m' not found.");
}

TEST(CommandLine, PresetsHoldUnlessGiven) {
  EXPECT_EQ(parse({"set_policy", "n", "p", "{}"}).arguments.text("priority"), "0");
  EXPECT_EQ(parse({"set_policy", "n", "p", "{}", "--priority", "7"}).arguments.text("priority"),
            "7");
}

TEST(CommandLine, CommandsOwnOptionTakesTheName) {
  const CommandLine line = parse({"list_user_limits", "--user", "u", "--uri", "http://a:b@h"});
  EXPECT_EQ(line.arguments.text("user"), "u");
  EXPECT_EQ(line.settings.address.login->user, "a");
}

TEST(CommandLine, PluginsProgramHasNamesOfItsOwn) {
  EXPECT_EQ(parse({"enable", "rabbitmq_shovel"}, "rabbitmq-plugins").command->name,
            "enable_plugin");
  EXPECT_NE(refusal({"enable", "x"}), "");
}

TEST(CommandLine, SocketComesFromOptionThenEnvironment) {
  unsetenv("HARRIERMQ_CTL_SOCKET");
  EXPECT_EQ(parse({"ping"}).settings.address.socket_path, "/run/harriermq/ctl.sock");
  setenv("HARRIERMQ_CTL_SOCKET", "/tmp/x", 1);
  EXPECT_EQ(parse({"ping"}).settings.address.socket_path, "/tmp/x");
  EXPECT_EQ(parse({"ping", "--socket", "/tmp/y"}).settings.address.socket_path, "/tmp/y");
  unsetenv("HARRIERMQ_CTL_SOCKET");
  EXPECT_NE(refusal({"ping", "--socket", "/x", "--uri", "http://h"}), "");
}

TEST(CommandLine, NeitherCommandNorUnknownOptionIsAnError) {
  EXPECT_TRUE(parse({}).help);
  EXPECT_TRUE(parse({"--help"}).help);
  EXPECT_TRUE(parse({"list_queues", "--help"}).help);
}

TEST(ParseTimeout, TakesSecondsPartsAndInfinity) {
  EXPECT_EQ(parse_timeout("2"), std::chrono::seconds(2));
  EXPECT_EQ(parse_timeout("0.25"), std::chrono::milliseconds(250));
  EXPECT_EQ(parse_timeout("infinity"), std::chrono::hours(24));
  EXPECT_EQ(parse_timeout("1e300"), std::chrono::hours(24));
  for (const char* text : {"", "-1", "x", "1s", "nan"})
    EXPECT_THROW(parse_timeout(text), Trouble);
}

}  // namespace
}  // namespace harrier::ctl

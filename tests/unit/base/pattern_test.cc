#include "base/pattern.h"

#include <array>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "base/random.h"

namespace harrier::base {
namespace {

using namespace std::string_view_literals;
using ::testing::StartsWith;

bool matches(std::string_view source, std::string_view text) {
  const auto pattern = Pattern::compile(source);
  EXPECT_TRUE(pattern.ok()) << source;
  return pattern.ok() && pattern->matches(text);
}

std::string error_of(std::string_view source) {
  const auto pattern = Pattern::compile(source);
  return pattern.ok() ? "ok" : pattern.error().message;
}

TEST(Pattern, IsSearchedForAnywhere) {
  EXPECT_TRUE(matches("a", "bar"));
  EXPECT_TRUE(matches("a", "a"));
  EXPECT_FALSE(matches("a", "b"));
  EXPECT_FALSE(matches("^a", "bar"));
  EXPECT_FALSE(matches("a$", "bar"));
  EXPECT_FALSE(matches("A", "bar"));
}

TEST(Pattern, EmptySourceMatchesTheEmptyTextOnly) {
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_TRUE(matches("^$", ""));
  EXPECT_FALSE(matches("^$", "a"));
}

TEST(Pattern, AnyNameIsMatchedWhateverItHolds) {
  for (const auto text : {""sv, "a"sv, "a\nb"sv, "\0"sv, "\xff\xfe"sv})
    EXPECT_TRUE(matches(".*", text));
}

TEST(Pattern, OneMadeOfNothingMatchesNothing) {
  EXPECT_FALSE(Pattern().matches(""));
  EXPECT_FALSE(Pattern().matches("a"));
}

TEST(Pattern, BytesAreBytesUnlessThePatternSaysUtf) {
  EXPECT_TRUE(matches("^.$", "\xff"));
  EXPECT_TRUE(matches("^..$", "é"));
  EXPECT_TRUE(matches("(*UTF)^.$", "é"));
  EXPECT_FALSE(matches("(*UTF).*x?", "\xff"));  // cannot be answered
  EXPECT_TRUE(matches("^a\\x00b$", "a\0b"sv));
  EXPECT_TRUE(matches("^a\0b$"sv, "a\0b"sv));
}

TEST(Pattern, WrongOnesNameTheByte) {
  EXPECT_EQ(error_of("("), "the pattern is wrong at byte 1: missing closing parenthesis");
  EXPECT_THAT(error_of("a**b["), StartsWith("the pattern is wrong at byte "));
  EXPECT_THAT(error_of("*"), StartsWith("the pattern is wrong at byte 0: "));
  EXPECT_THAT(error_of(std::string(300, '(') + std::string(300, ')')),
              StartsWith("the pattern is wrong at byte "));
}

TEST(Pattern, SourceIsBounded) {
  EXPECT_EQ(error_of(std::string(Pattern::kSourceMax, 'a')), "ok");
  EXPECT_EQ(error_of(std::string(Pattern::kSourceMax + 1, 'a')),
            "the pattern is longer than 4096 bytes");
}

// Compiled, this is repeated and repeated again: it must not take memory without end.
TEST(Pattern, CompiledSizeIsBounded) {
  EXPECT_THAT(error_of("((((a{1,900}){1,900}){1,900}){1,900})"),
              StartsWith("the pattern is wrong at byte "));
}

// Each would take longer than a machine lasts.
TEST(Pattern, CostlyMatchesEnd) {
  const std::string text = std::string(250, 'a') + "!";
  for (const char* source : {"(a+)+$", "(a|aa)+$", "(a*)*$", "(a|a?)+$", "(.*)*x",
                             "(?:a?){250}a{250}$", "(.*a){20}$", "(?:(a+)|b)*\\1$"})
    EXPECT_FALSE(matches(source, text)) << source;
}

// It would match in the end, by its second half.
TEST(Pattern, AMatchBeyondTheLimitIsNone) {
  const char* source = "^(?:(a+)+b|.*!)$";
  EXPECT_TRUE(matches(source, "aaa!"));
  EXPECT_FALSE(matches(source, std::string(250, 'a') + "!"));
}

TEST(Pattern, DeepRecursionEndsAsNone) {
  EXPECT_FALSE(matches("^(a(?1)?){1}$x", std::string(5000, 'a')));
  EXPECT_FALSE(matches("(?R)*y", std::string(5000, 'a')));
}

TEST(Pattern, LimitsHoldForMatchesThatBeginLater) {
  const auto pattern = Pattern::compile("^(?:(a+)+b|.*!)$").value();
  const std::string text = std::string(11, 'a') + "!";
  EXPECT_TRUE(pattern.matches(text));
  for (const Pattern::Limits tight :
       {Pattern::Limits{.steps = 1'000}, Pattern::Limits{.depth = 5}}) {
    Pattern::set_limits(tight);
    EXPECT_FALSE(pattern.matches(text));
    Pattern::set_limits({});
    EXPECT_TRUE(pattern.matches(text));
  }
}

TEST(Pattern, MemoryOfAMatchIsLimited) {
  const auto pattern = Pattern::compile("^(a|b)*$").value();
  const std::string text(1'000, 'a');
  EXPECT_TRUE(pattern.matches(text));
  Pattern::set_limits({.heap_kib = 64});
  EXPECT_FALSE(pattern.matches(text));
  // On a thread of its own, which has no memory from an earlier match.
  bool matched = true;
  std::thread([&] { matched = pattern.matches(text); }).join();
  EXPECT_FALSE(matched);
  Pattern::set_limits({});
  EXPECT_TRUE(pattern.matches(text));
}

// What a limit must not hit: honest patterns on the longest name.
TEST(Pattern, OrdinaryPatternsOnLongNamesStayBelowTheLimits) {
  const std::string name(255, 'a');
  for (const char* source : {"^a.*a$", "^(a|b)+$", "^[a-z.]*$", "^(?:[a-z]+\\.?)+$", "(a{1,10})+",
                             "^(?!amq\\.).*$", ".*.*a$", "^.*(a|b).*(a|c).*$"})
    EXPECT_TRUE(matches(source, name)) << source;
}

TEST(Pattern, CopiesMayBeAskedFromSeveralThreadsAtOnce) {
  const Pattern pattern = Pattern::compile("^(a|b)+c$").value();
  std::vector<std::thread> threads;
  std::array<int, 4> found{};
  for (int& count : found) {
    threads.emplace_back([&count, pattern] {
      for (int i = 0; i < 1000; ++i)
        count += pattern.matches(i % 2 == 0 ? "ababc" : "abab") ? 1 : 0;
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_THAT(found, ::testing::Each(500));
}

// ---- against a matcher of a few lines

bool matches_here(std::string_view source, std::string_view text);

// `c*` at the start of what remains.
bool matches_star(char c, std::string_view source, std::string_view text) {
  while (true) {
    if (matches_here(source, text)) return true;
    if (text.empty() || (c != '.' && text.front() != c)) return false;
    text.remove_prefix(1);
  }
}

bool matches_here(std::string_view source, std::string_view text) {
  if (source.empty()) return true;
  if (source == "$") return text.empty();
  if (source.size() > 1 && source[1] == '*') return matches_star(source[0], source.substr(2), text);
  if (text.empty() || (source[0] != '.' && source[0] != text.front())) return false;
  return matches_here(source.substr(1), text.substr(1));
}

// Letters, dots, stars behind one of them, ^ at the start, $ at the end.
bool naive_match(std::string_view source, std::string_view text) {
  if (source.empty()) return text.empty();
  if (source.front() == '^') return matches_here(source.substr(1), text);
  for (std::size_t at = 0; at <= text.size(); ++at)
    if (matches_here(source, text.substr(at))) return true;
  return false;
}

TEST(Pattern, DecidesAsANaiveMatcherDoes) {
  SeededRandom random(7);
  int matched = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string source(random.below(3) == 0 ? "^" : "");
    for (std::uint64_t atoms = random.below(5); atoms != 0; --atoms) {
      source += "ab."[random.below(3)];
      if (random.below(3) == 0) source += '*';
    }
    if (random.below(3) == 0) source += '$';
    std::string text;
    for (std::uint64_t letters = random.below(6); letters != 0; --letters)
      text += "abc"[random.below(3)];
    ASSERT_EQ(matches(source, text), naive_match(source, text)) << source << " in " << text;
    matched += naive_match(source, text) ? 1 : 0;
  }
  // Both answers are met often.
  EXPECT_GT(matched, 5'000);
  EXPECT_LT(matched, 15'000);
}

// ---- variables

std::string expanded(std::string_view source, std::string_view user, std::string_view host = "/") {
  const std::array<PatternVariable, 2> variables{{{"username", user}, {"vhost", host}}};
  const auto result = expand_pattern(source, variables);
  return result.ok() ? *result : "error: " + result.error().message;
}

TEST(ExpandPattern, ReplacesEveryVariable) {
  EXPECT_EQ(expanded("^{username}-{vhost}-{username}$", "ali", "v1"), "^ali-v1-ali$");
  EXPECT_EQ(expanded("{username}", "ali"), "ali");
}

TEST(ExpandPattern, LeavesOtherBracesAlone) {
  for (const char* source :
       {"a{2,3}", "{user}", "{username", "{usernames}", "username}", "{", "{}"})
    EXPECT_EQ(expanded(source, "ali"), source);
}

TEST(ExpandPattern, TextIsNotExpandedAgain) {
  EXPECT_TRUE(matches(expanded("^{username}$", "{vhost}", "x"), "{vhost}"));
}

// Whatever a name is, the pattern made of it matches that name alone.
TEST(ExpandPattern, TextIsLiteralWhereverItStands) {
  for (const std::string& user :
       {std::string(".*"), std::string("a|b"), std::string("(x"), std::string("[a-z]"),
        std::string("a+b"), std::string("$"), std::string("a-z"), std::string("\\E.*\\Q"),
        std::string("a b#c"), std::string("{2}"), std::string("(?i)"), std::string("é"),
        std::string("a\0b", 3), std::string("\n"), std::string("^.*$")}) {
    for (const char* around : {"^{username}$", "(?x)^{username}$", "^(?:{username})$"}) {
      const std::string source = expanded(around, user);
      EXPECT_TRUE(matches(source, user)) << around << " " << user;
      for (const char* other : {"other", "aa", "a", "b", "x", "abc", "q", "E"})
        EXPECT_FALSE(matches(source, other)) << around << " " << user << " " << other;
    }
    EXPECT_FALSE(matches(expanded("^\\Q{username}\\E$", user), "other"));
  }
  // In a class the text is a set of characters, no range.
  EXPECT_FALSE(matches(expanded("^[{username}]$", "a-z"), "m"));
}

TEST(ExpandPattern, BehindABackslashItIsRefused) {
  EXPECT_EQ(expanded("\\{username}", "Q"), "error: the pattern has a backslash before {username}");
  EXPECT_EQ(expanded("\\\\\\{vhost}", "Q"), "error: the pattern has a backslash before {vhost}");
  EXPECT_EQ(expanded("\\\\{username}", "Q"), "\\\\Q");
}

}  // namespace
}  // namespace harrier::base

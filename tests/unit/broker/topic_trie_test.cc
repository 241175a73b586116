#include "broker/topic_trie.h"

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "support/naive_topic_match.h"
#include "unit/broker/exchange_fixture.h"

namespace harrier::broker {
namespace {

class TopicTrieTest : public testing::Test {
 protected:
  // Bindings without an exchange that knows them: the trie reads their key, target and age.
  Binding& make(const std::string& pattern) {
    places_.emplace_back(pattern);
    bindings_.push_back(std::make_unique<Binding>(bindings_.size() + 1, *exchange_, places_.back(),
                                                  pattern, amqp::FieldTable()));
    return *bindings_.back();
  }
  Binding& add(const std::string& pattern) {
    Binding& binding = make(pattern);
    trie_.add(binding);
    return binding;
  }
  Targets match(std::string_view key) {
    Targets targets;
    trie_.match(key, targets);
    return targets;
  }
  std::string random_key(std::size_t words_max, std::string_view alphabet) {
    std::string key;
    const std::uint64_t count = random_.below(words_max + 1);
    for (std::uint64_t i = 0; i < count; ++i) {
      if (i != 0) key.push_back('.');
      // A blank of the alphabet is an empty word.
      const char word = alphabet[random_.below(alphabet.size())];
      if (word != ' ') key.push_back(word);
    }
    return key;
  }

  base::Ref<Exchange> exchange_ = Exchange::create({.name = "x", .type = ExchangeType::kTopic});
  std::deque<Place> places_;
  std::vector<std::unique_ptr<Binding>> bindings_;
  TopicTrie trie_;
  base::SeededRandom random_{0};
};

TEST_F(TopicTrieTest, SharedPrefixesShareNodes) {
  add("a.b.c");
  add("a.b.d");
  EXPECT_EQ(trie_.node_count(), 4u);
  EXPECT_EQ(trie_.word_count(), 4u);
}

TEST_F(TopicTrieTest, OneWordHasOneNumberWhereverItStands) {
  add("a.a.a");
  add("b.a");
  EXPECT_EQ(trie_.word_count(), 2u);
}

TEST_F(TopicTrieTest, AdjacentHashesAreOneNode) {
  add("#.#.#.#");
  add("#");
  EXPECT_EQ(trie_.node_count(), 1u);
  EXPECT_EQ(match("a.b").size(), 2u);
}

TEST_F(TopicTrieTest, EmptyPatternLivesInTheRoot) {
  const Binding& binding = add("");
  EXPECT_EQ(trie_.node_count(), 0u);
  EXPECT_EQ(match("").size(), 1u);
  trie_.remove(binding);
  EXPECT_EQ(match("").size(), 0u);
}

TEST_F(TopicTrieTest, RemovingTheLastPatternFreesEverything) {
  std::vector<Binding*> added;
  for (const char* pattern : {"a.b.c", "a.*.c", "a.#", "#.#.c", "*", "a"})
    added.push_back(&add(pattern));
  for (Binding* binding : added)
    trie_.remove(*binding);
  EXPECT_EQ(trie_.node_count(), 0u);
  EXPECT_EQ(trie_.word_count(), 0u);
  EXPECT_TRUE(match("a").empty());
}

TEST_F(TopicTrieTest, RemovingALongPatternKeepsItsPrefix) {
  add("a.b");
  const Binding& longer = add("a.b.c.d");
  trie_.remove(longer);
  EXPECT_EQ(trie_.node_count(), 2u);
  EXPECT_EQ(match("a.b").size(), 1u);
  EXPECT_TRUE(match("a.b.c.d").empty());
}

TEST_F(TopicTrieTest, RemovingAPrefixKeepsTheLongPattern) {
  const Binding& prefix = add("a.b");
  add("a.b.c");
  trie_.remove(prefix);
  EXPECT_TRUE(match("a.b").empty());
  EXPECT_EQ(match("a.b.c").size(), 1u);
}

TEST_F(TopicTrieTest, FreedNodesAndWordsAreUsedAgain) {
  for (int round = 0; round < 3; ++round) {
    const std::string word = "w" + std::to_string(round);
    Binding& first = add(word + ".*.#." + word);
    Binding& second = add("#." + word);
    EXPECT_EQ(match(word + ".x." + word).size(), 2u);
    EXPECT_TRUE(match("w9").empty());
    trie_.remove(first);
    trie_.remove(second);
  }
  EXPECT_EQ(trie_.node_count(), 0u);
  EXPECT_EQ(trie_.word_count(), 0u);
}

TEST_F(TopicTrieTest, LongestKeysOfEmptyWords) {
  const std::string dots(255, '.');  // 256 empty words
  add(dots);
  add("#");
  add("#." + std::string(252, '.'));
  EXPECT_EQ(match(dots).size(), 3u);
  EXPECT_EQ(match(dots.substr(1)).size(), 2u);
}

// A matcher that tried each way to cut the key would never come back.
TEST_F(TopicTrieTest, PiledUpHashesStayCheap) {
  std::string pattern = "#";
  for (int i = 0; i < 63; ++i)
    pattern += ".a.#";
  std::string key = "a";
  for (int i = 0; i < 126; ++i)
    key += ".a";
  add(pattern);
  add(pattern + ".b");
  for (std::string other = "#.*"; other.size() < 250; other += ".#.*")
    add(other);
  EXPECT_EQ(match(key).size(), 1u + 62u);
}

TEST_F(TopicTrieTest, RandomPatternsMatchLikeTheDefinition) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_ = base::SeededRandom(seed);
    std::vector<Binding*> present;
    for (int step = 0; step < 150; ++step) {
      if (present.empty() || random_.below(3) != 0) {
        present.push_back(&add(random_key(6, "ab##** ")));
      } else {
        const auto victim = present.begin() + static_cast<int>(random_.below(present.size()));
        trie_.remove(**victim);
        present.erase(victim);
      }
      const std::string key = random_key(8, "aabb *c");
      std::vector<std::string> expected;
      for (const Binding* binding : present) {
        if (naive_topic_match(binding->routing_key(), key))
          expected.push_back(binding->routing_key());
      }
      std::vector<std::string> actual;
      for (const RoutingTarget* target : match(key))
        actual.push_back(target->name());
      std::sort(expected.begin(), expected.end());
      std::sort(actual.begin(), actual.end());
      ASSERT_EQ(actual, expected) << "step " << step << ", key " << key;
    }
    for (Binding* binding : present)
      trie_.remove(*binding);
    ASSERT_EQ(trie_.node_count(), 0u);
    ASSERT_EQ(trie_.word_count(), 0u);
  }
}

}  // namespace
}  // namespace harrier::broker

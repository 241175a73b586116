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
    bindings_.push_back(
        Binding::create(bindings_.size() + 1, *exchange_, places_.back(), pattern, {}));
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

TEST_F(TopicTrieTest, APatternOfItsOwnIsALeafAlone) {
  add("a.b.c.d");
  EXPECT_EQ(trie_.node_count(), 0u);
  EXPECT_EQ(trie_.leaf_count(), 1u);
  EXPECT_EQ(match("a.b.c.d").size(), 1u);
  for (const char* key :
       {"", "a", "a.b.c", "a.b.c.", "a.b.c.e", "a.b.c.d.e", "a.b.c.dd", "b.b.c.d"})
    EXPECT_TRUE(match(key).empty()) << key;
}

TEST_F(TopicTrieTest, SharedPrefixesShareNodes) {
  add("a.b.c.x");
  add("a.b.d.x");
  EXPECT_EQ(trie_.node_count(), 2u);  // a, b
  EXPECT_EQ(trie_.leaf_count(), 2u);
  EXPECT_EQ(match("a.b.c.x").size(), 1u);
  EXPECT_EQ(match("a.b.d.x").size(), 1u);
  EXPECT_TRUE(match("a.b.x.x").empty());
}

TEST_F(TopicTrieTest, OnePatternOfManyBindingsStaysOneLeaf) {
  add("a.b");
  const Binding& second = add("a.b");
  add("a.b");
  EXPECT_EQ(trie_.node_count(), 0u);
  EXPECT_EQ(trie_.leaf_count(), 1u);
  EXPECT_EQ(match("a.b").size(), 3u);
  trie_.remove(second);
  EXPECT_EQ(match("a.b").size(), 2u);
}

TEST_F(TopicTrieTest, APatternThatEndsInALeafSplitsIt) {
  add("a.b.c");
  add("a.b");
  EXPECT_EQ(trie_.node_count(), 2u);
  EXPECT_EQ(trie_.leaf_count(), 1u);
  EXPECT_EQ(match("a.b.c").size(), 1u);
  EXPECT_EQ(match("a.b").size(), 1u);
  EXPECT_TRUE(match("a").empty());
}

TEST_F(TopicTrieTest, APatternLongerThanALeafSplitsIt) {
  add("a.b");
  add("a.b");
  add("a.b.c");
  EXPECT_EQ(trie_.node_count(), 2u);  // b holds two bindings
  EXPECT_EQ(trie_.leaf_count(), 1u);
  EXPECT_EQ(match("a.b").size(), 2u);
  EXPECT_EQ(match("a.b.c").size(), 1u);
}

TEST_F(TopicTrieTest, AHashBehindALeafSplitsIt) {
  add("a.b.c");
  add("a.#");
  EXPECT_EQ(trie_.node_count(), 2u);  // a, #
  EXPECT_EQ(match("a.b.c").size(), 2u);
  EXPECT_EQ(match("a").size(), 1u);
}

TEST_F(TopicTrieTest, ASplitLeafKeepsItsStars) {
  add("a.*.*.d");
  add("a.*.c.d");
  EXPECT_EQ(trie_.node_count(), 2u);  // a, *
  EXPECT_EQ(match("a.b.c.d").size(), 2u);
  EXPECT_EQ(match("a.b.*.d").size(), 1u);
  EXPECT_TRUE(match("a.b.c").empty());
}

// What is left of a split stays: it goes with the last pattern that leads through.
TEST_F(TopicTrieTest, ALeafOutlivesThePatternThatSplitIt) {
  const Binding& first = add("a.b.c.d");
  const Binding& second = add("a.b.x");
  trie_.remove(second);
  EXPECT_EQ(match("a.b.c.d").size(), 1u);
  EXPECT_TRUE(match("a.b.x").empty());
  add("a.b.c.e");
  EXPECT_EQ(match("a.b.c.e").size(), 1u);
  trie_.remove(first);
  EXPECT_TRUE(match("a.b.c.d").empty());
  EXPECT_EQ(match("a.b.c.e").size(), 1u);
}

// The leaf behind the hashes is one, however many its patterns have.
TEST_F(TopicTrieTest, ALeafOfPatternsSpelledDifferently) {
  const Binding& longer = add("#.#.a.b");
  const Binding& shorter = add("#.a.b");
  EXPECT_EQ(trie_.leaf_count(), 1u);
  EXPECT_EQ(match("x.a.b").size(), 2u);
  trie_.remove(longer);
  EXPECT_EQ(match("x.a.b").size(), 1u);
  add("#.#.#.a.c");
  EXPECT_EQ(match("a.b").size(), 1u);
  EXPECT_EQ(match("a.c").size(), 1u);
  trie_.remove(shorter);
  EXPECT_TRUE(match("a.b").empty());
}

TEST_F(TopicTrieTest, StarsOfALeafMatchEmptyWords) {
  add("a.*.*");
  EXPECT_EQ(match("a..").size(), 1u);
  EXPECT_TRUE(match("a.").empty());
  EXPECT_TRUE(match("a...").empty());
  add("b.");
  EXPECT_EQ(match("b.").size(), 1u);
  EXPECT_TRUE(match("b").empty());
  EXPECT_TRUE(match("b..").empty());
  add("b.*");  // splits the leaf whose tail is an empty word
  EXPECT_EQ(match("b.").size(), 2u);
}

TEST_F(TopicTrieTest, AStarOfTheRoutingKeyIsAWordThatNoPatternHas) {
  add("*.a");
  add("*");
  EXPECT_EQ(match("*.a").size(), 1u);
  EXPECT_EQ(match("*").size(), 1u);
  add("x");
  EXPECT_EQ(match("*").size(), 1u);
}

// A leaf is looked at once for each place in the key, yet matches at one only.
TEST_F(TopicTrieTest, ALeafBehindAHashMatchesOnce) {
  add("#.*.*");
  add("#.a.a");
  EXPECT_EQ(match("a.a.a.a.a").size(), 2u);
}

// So many that 32 bits of their hashes, which is what the set keeps of them, are the same for some.
TEST_F(TopicTrieTest, WordsWhoseHashesCollideStayApart) {
  constexpr int kCount = 300'000;
  for (int i = 0; i < kCount; ++i)
    add(std::to_string(i) + ".x");
  for (int i = 0; i < kCount; ++i) {
    const std::string key = std::to_string(i) + ".x";
    const Targets targets = match(key);
    ASSERT_EQ(targets.size(), 1u) << key;
    ASSERT_EQ(targets.front()->name(), key);
  }
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
  EXPECT_EQ(trie_.leaf_count(), 0u);
  EXPECT_TRUE(match("a").empty());
}

TEST_F(TopicTrieTest, RemovingALongPatternKeepsItsPrefix) {
  add("a.b");
  const Binding& longer = add("a.b.c.d");
  trie_.remove(longer);
  EXPECT_EQ(trie_.node_count(), 2u);
  EXPECT_EQ(trie_.leaf_count(), 0u);
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

TEST_F(TopicTrieTest, FreedNodesAreUsedAgain) {
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
  EXPECT_EQ(trie_.leaf_count(), 0u);
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
          expected.emplace_back(binding->routing_key());
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
    ASSERT_EQ(trie_.leaf_count(), 0u);
  }
}

}  // namespace
}  // namespace harrier::broker

// The patterns of a topic exchange as a tree of words, matched all at once.
//
// Model:      keys are cut at dots; the empty key has no words, and otherwise empty words count. In
//             a pattern `*` stands for exactly one word and `#` for any number, none included; in a
//             routing key both are words like others. A pattern is the path from the root to a node
//             that holds its bindings; `#.#` leads where `#` leads. Words get numbers, so that a
//             word of a routing key is hashed once however many nodes it is looked for in.
//             Matching:   one pass over the words with the set of nodes reached so far. A node
//             enters the set of each word at most once, so that a match costs at most words × nodes
//             whatever `#`s the patterns pile up. Nothing recurses.
// Invariants: every node but the root has a binding or a child; a word has a number exactly as long
//             as an edge carries it.
// Thread:     confined(broker): matching writes marks into the nodes.
// Cost:       matching allocates nothing once its two sets have grown.
// Spec:       AMQP 0-9-1 section 3.1.3.3; that the empty key has no words is RabbitMQ's reading.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <tsl/robin_map.h>

#include "base/bytes.h"
#include "broker/binding_list.h"

namespace harrier::broker {

class TopicTrie {
 public:
  TopicTrie();

  // Under its routing key. REQUIRES that it is not there.
  void add(Binding& binding);
  // REQUIRES that it is there.
  void remove(const Binding& binding);
  // Appends the target of every binding whose pattern matches: each binding once.
  void match(base::Bytes routing_key, std::vector<RoutingTarget*>& targets) const;

  // What patterns take up, the root not counted; zero when empty.
  std::size_t node_count() const { return nodes_.size() - free_nodes_.size() - 1; }
  std::size_t word_count() const { return numbers_.size(); }

 private:
  using NodeIndex = std::uint32_t;
  using WordNumber = std::uint32_t;
  static constexpr NodeIndex kRoot = 0;
  static constexpr NodeIndex kNone = UINT32_MAX;
  // Numbers that no word has.
  static constexpr WordNumber kNoWord = UINT32_MAX;
  static constexpr WordNumber kStar = UINT32_MAX - 1;
  static constexpr WordNumber kHash = UINT32_MAX - 2;

  struct Node {
    NodeIndex parent = kNone;
    WordNumber word = kNoWord;  // of the edge from the parent
    NodeIndex star_child = kNone;
    NodeIndex hash_child = kNone;
    std::uint32_t word_children = 0;  // in edges_
    std::uint64_t reached_in = 0;     // the step in which it last entered a set
    BindingList bindings;

    bool childless() const {
      return star_child == kNone && hash_child == kNone && word_children == 0;
    }
  };
  struct Word {
    std::string text;
    std::uint32_t uses = 0;
  };
  struct EdgeHash {
    std::size_t operator()(std::uint64_t edge) const {
      edge *= 0x9E3779B97F4A7C15U;
      return edge ^ edge >> 32;
    }
  };

  static std::uint64_t edge(NodeIndex from, WordNumber word) {
    return static_cast<std::uint64_t>(from) << 32 | word;
  }
  NodeIndex child(NodeIndex from, WordNumber word) const;
  NodeIndex make_child(NodeIndex from, WordNumber word);
  void prune(NodeIndex index);
  WordNumber number_of(std::string_view word) const;
  WordNumber pattern_word(std::string_view word) const;
  WordNumber make_number(std::string_view word);
  void drop_use(WordNumber number);
  NodeIndex find(std::string_view pattern) const;

  void reach(NodeIndex index, std::vector<NodeIndex>& reached) const;
  void step(WordNumber word) const;

  mutable std::vector<Node> nodes_;
  std::vector<NodeIndex> free_nodes_;
  tsl::robin_map<std::uint64_t, NodeIndex, EdgeHash> edges_;
  std::deque<Word> words_;  // by number; their texts are the keys of numbers_
  std::vector<WordNumber> free_words_;
  tsl::robin_map<std::string_view, WordNumber> numbers_;

  // One match's state, kept for its capacity.
  mutable std::vector<NodeIndex> current_;
  mutable std::vector<NodeIndex> next_;
  mutable std::uint64_t steps_ = 0;
};

}  // namespace harrier::broker

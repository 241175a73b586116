// The patterns of a topic exchange as a tree of words, matched all at once.
//
// Model:      keys are cut at dots; the empty key has no words, and otherwise empty words count. In
//             a pattern `*` stands for exactly one word and `#` for any number, none included; in a
//             routing key both are words like others; `#.#` leads where `#` leads.
//             A pattern is a path from the root. As far as others share it, and up to its last `#`,
//             the path has nodes. What then is its own, its tail, is no nodes but a leaf: the edge
//             of the tail's first word, which leads to bindings. The rest is read from their keys.
//
//                 a.b.c, a.*.d.e     root ─a─► node ─b(.c)─► bindings      a, b and * are edges
//                                                └──*(.d.e)─► bindings
//
//             A pattern that shares a leaf's first word splits it: a node more, the leaf one word
//             shorter. Nothing merges them again while the leaf is there.
//             Matching:   one pass over the words with the set of nodes reached so far. A node
//             enters the set of each word at most once, and no tail has a `#`, so that a match
//             costs at most the words of the key × those of all patterns whatever `#`s these pile
//             up. Nothing recurses.
// Invariants: every node but the root has bindings or a child, every leaf bindings.
// Thread:     confined(broker): matching writes marks into the nodes.
// Cost:       matching allocates nothing once its two sets have grown. A word costs one lookup in a
//             hash set for each node reached, a leaf a look at its first binding.
// Spec:       AMQP 0-9-1 section 3.1.3.3; that the empty key has no words is RabbitMQ's reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tsl/robin_set.h>

#include "base/bytes.h"
#include "broker/binding_list.h"

namespace harrier::broker {

class TopicTrie {
 public:
  TopicTrie();
  TopicTrie(const TopicTrie&) = delete;
  TopicTrie& operator=(const TopicTrie&) = delete;

  // Under its routing key. REQUIRES that it is not there.
  void add(Binding& binding);
  // REQUIRES that it is there.
  void remove(const Binding& binding);
  // Appends the target of every binding whose pattern matches: each binding once.
  void match(base::Bytes routing_key, std::vector<RoutingTarget*>& targets) const;

  // What patterns take up, the root not counted; zero when empty.
  std::size_t node_count() const { return nodes_.size() - free_nodes_.size() - 1; }
  std::size_t leaf_count() const { return leaves_; }

 private:
  using NodeIndex = std::uint32_t;
  static constexpr NodeIndex kRoot = 0;
  static constexpr NodeIndex kNone = UINT32_MAX;
  static constexpr std::uint32_t kLeaf = 0x80000000;

  struct Node {
    NodeIndex parent = kNone;
    NodeIndex hash_child = kNone;
    std::uint32_t edges = 0;  // from here, that of `*` included
    bool is_hash = false;     // behind a `#`
    bool has_star = false;
    std::uint64_t reached_in = 0;  // the step in which it last entered a set
    BindingList bindings;
    std::string word;  // of the edge from the parent
  };
  // To a node or to a leaf. Where it begins and its word are what the set finds it by; they stay
  // while the rest changes.
  struct Edge {
    bool is_leaf() const { return (to & kLeaf) != 0; }
    // Of a leaf: its word and all behind it. Reads the text of its first binding alone, not the
    // size: they may lie in two cache lines, which then load side by side.
    std::string_view tail() const {
      return {bindings.front().routing_key().data() + (to >> 8 & UINT8_MAX), to & UINT8_MAX};
    }
    // Makes it a leaf, or tells it of another first binding. The size is what all have in common:
    // up to the last `#` patterns of one path may be spelled differently.
    void set_tail(std::size_t size) const;

    NodeIndex from = kNone;
    // A node, or kLeaf, where in the first binding's key the tail begins and, in the lowest octet,
    // its size.
    mutable std::uint32_t to = kNone;
    mutable BindingList bindings;  // a leaf's
  };
  struct EdgeName {
    NodeIndex from;
    std::string_view word;
    std::size_t word_hash;
  };
  struct EdgeHash {
    std::size_t operator()(const EdgeName& name) const;
    std::size_t operator()(const Edge& edge) const;
    const TopicTrie* trie;
  };
  struct EdgeEqual {
    using is_transparent = void;
    bool operator()(const EdgeName& name, const Edge& edge) const;
    bool operator()(const Edge& edge, const EdgeName& name) const { return (*this)(name, edge); }
    bool operator()(const Edge& a, const Edge& b) const;
    const TopicTrie* trie;
  };
  using Edges = tsl::robin_set<Edge, EdgeHash, EdgeEqual, std::allocator<Edge>, true>;

  std::string_view word_of(const Edge& edge) const;
  Edges::const_iterator find_edge(NodeIndex from, std::string_view word) const;
  void add_edge(Edge edge);
  void erase_edge(Edges::const_iterator edge);
  NodeIndex new_node(NodeIndex parent, std::string_view word);
  NodeIndex make_hash_child(NodeIndex from);
  NodeIndex make_child(NodeIndex from, std::string_view word);
  void make_leaf(NodeIndex from, std::string_view tail, BindingList bindings);
  NodeIndex split(const Edge& leaf);
  void prune(NodeIndex index);

  void reach(NodeIndex index, std::vector<NodeIndex>& reached) const;
  void step(std::string_view word, std::string_view rest,
            std::vector<RoutingTarget*>& targets) const;
  void follow(const EdgeName& name, std::string_view rest,
              std::vector<RoutingTarget*>& targets) const;

  mutable std::vector<Node> nodes_;
  std::vector<NodeIndex> free_nodes_;
  Edges edges_;
  std::size_t leaves_ = 0;
  const std::size_t star_hash_;

  // One match's state, kept for its capacity.
  mutable std::vector<NodeIndex> current_;
  mutable std::vector<NodeIndex> next_;
  mutable std::uint64_t steps_ = 0;
};

}  // namespace harrier::broker

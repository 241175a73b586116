#include "broker/topic_trie.h"

#include <utility>

#include "base/check.h"
#include "broker/key_map.h"

namespace harrier::broker {
namespace {

constexpr std::string_view kStar = "*";
constexpr std::string_view kHash = "#";

// Gives the words of a key one after the other.
class Words {
 public:
  explicit Words(std::string_view key) : rest_(key), done_(key.empty()) {}
  // What is left of a key: if that is empty, it is an empty word.
  static Words of_tail(std::string_view tail) {
    Words words(tail);
    words.done_ = false;
    return words;
  }

  bool done() const { return done_; }
  // What was not taken yet.
  std::string_view rest() const { return rest_; }
  // REQUIRES that it is not done.
  std::string_view take() {
    const std::size_t dot = rest_.find('.');
    const std::string_view word = rest_.substr(0, dot);
    done_ = dot == std::string_view::npos;
    rest_.remove_prefix(done_ ? rest_.size() : dot + 1);
    return word;
  }

 private:
  std::string_view rest_;
  bool done_;
};

std::size_t hash_of(std::string_view word) { return KeyHash{}(word); }

std::string_view first_word(std::string_view tail) { return tail.substr(0, tail.find('.')); }

bool begins_with(std::string_view tail, std::string_view word) {
  return tail.starts_with(word) && (tail.size() == word.size() || tail[word.size()] == '.');
}

// How many octets of a pattern are behind its last `#`.
std::size_t tail_size_max(std::string_view pattern) {
  std::size_t size = pattern.size();
  for (Words words(pattern); !words.done();) {
    if (words.take() == kHash) size = words.rest().size();
  }
  return size;
}

// REQUIRES that the tail has no `#`.
bool tail_matches(std::string_view tail, std::string_view rest) {
  if (tail == rest) return true;
  Words pattern = Words::of_tail(tail);
  Words key = Words::of_tail(rest);
  while (!pattern.done() && !key.done()) {
    const std::string_view word = pattern.take();
    if (word != key.take() && word != kStar) return false;
  }
  return pattern.done() && key.done();
}

}  // namespace

void TopicTrie::Edge::set_tail(std::size_t size) const {
  const std::size_t begin = bindings.front().routing_key().size() - size;
  to = kLeaf | static_cast<std::uint32_t>(begin << 8 | size);
}

std::size_t TopicTrie::EdgeHash::operator()(const EdgeName& name) const {
  const std::size_t mixed = name.word_hash ^ name.from * std::size_t{0x9E3779B97F4A7C15U};
  return mixed ^ mixed >> 32;
}

std::size_t TopicTrie::EdgeHash::operator()(const Edge& edge) const {
  const std::string_view word = trie->word_of(edge);
  return (*this)(EdgeName{edge.from, word, hash_of(word)});
}

bool TopicTrie::EdgeEqual::operator()(const EdgeName& name, const Edge& edge) const {
  if (name.from != edge.from) return false;
  return edge.is_leaf() ? begins_with(edge.tail(), name.word)
                        : trie->nodes_[edge.to].word == name.word;
}

bool TopicTrie::EdgeEqual::operator()(const Edge& a, const Edge& b) const {
  return a.from == b.from && trie->word_of(a) == trie->word_of(b);
}

TopicTrie::TopicTrie()
    : nodes_(1), edges_(0, EdgeHash{this}, EdgeEqual{this}), star_hash_(hash_of(kStar)) {
  edges_.max_load_factor(kBindingsLoadMax);
}

void TopicTrie::add(Binding& binding) {
  NodeIndex at = kRoot;
  const std::size_t size_max = tail_size_max(binding.routing_key());
  for (Words words(binding.routing_key()); !words.done();) {
    const std::string_view tail = words.rest();
    const std::string_view word = words.take();
    if (word == kHash) {
      at = make_hash_child(at);
      continue;
    }
    const auto edge = find_edge(at, word);
    if (edge == edges_.end()) {
      if (tail.size() <= size_max) {
        BindingList bindings;
        bindings.add(binding);
        make_leaf(at, tail, std::move(bindings));
        return;
      }
      at = make_child(at, word);
    } else if (!edge->is_leaf()) {
      at = edge->to;
    } else if (edge->tail() == tail) {
      edge->bindings.add(binding);
      edge->set_tail(tail.size());
      return;
    } else {
      at = split(*edge);
    }
  }
  nodes_[at].bindings.add(binding);
}

void TopicTrie::remove(const Binding& binding) {
  NodeIndex at = kRoot;
  for (Words words(binding.routing_key()); !words.done();) {
    const std::string_view word = words.take();
    if (word == kHash) {
      if (!nodes_[at].is_hash) at = nodes_[at].hash_child;
      CHECK(at != kNone);
      continue;
    }
    const auto edge = find_edge(at, word);
    CHECK(edge != edges_.end());
    if (edge->is_leaf()) {
      const std::size_t tail_size = edge->tail().size();
      edge->bindings.remove(binding);
      if (!edge->bindings.empty()) {
        edge->set_tail(tail_size);
        return;
      }
      nodes_[at].has_star &= word != kStar;
      erase_edge(edge);
      --leaves_;
      prune(at);
      return;
    }
    at = edge->to;
  }
  nodes_[at].bindings.remove(binding);
  prune(at);
}

void TopicTrie::match(base::Bytes routing_key, std::vector<RoutingTarget*>& targets) const {
  ++steps_;
  current_.clear();
  reach(kRoot, current_);
  for (Words words(routing_key); !words.done();) {
    const std::string_view rest = words.rest();
    step(words.take(), rest, targets);
    if (current_.empty()) return;
  }
  for (const NodeIndex index : current_)
    nodes_[index].bindings.append_targets(targets);
}

// From the nodes reached before a word to those reached behind it; `rest` begins with the word.
void TopicTrie::step(std::string_view word, std::string_view rest,
                     std::vector<RoutingTarget*>& targets) const {
  ++steps_;
  next_.clear();
  const std::size_t word_hash = hash_of(word);
  // The edge of the word `*` is that of the wildcard, which is followed anyhow.
  const bool literal = word != kStar;
  for (const NodeIndex index : current_) {
    const Node& node = nodes_[index];
    if (node.is_hash) reach(index, next_);
    if (node.has_star) follow({index, kStar, star_hash_}, rest, targets);
    if (literal && node.edges != std::uint32_t{node.has_star})
      follow({index, word, word_hash}, rest, targets);
  }
  std::swap(current_, next_);
}

void TopicTrie::follow(const EdgeName& name, std::string_view rest,
                       std::vector<RoutingTarget*>& targets) const {
  const auto edge = edges_.find(name);
  if (edge == edges_.end()) return;
  if (!edge->is_leaf()) {
    reach(edge->to, next_);
  } else if (tail_matches(edge->tail(), rest)) {
    // Once: without a `#` only one length of the rest can match.
    edge->bindings.append_targets(targets);
  }
}

// A node and, since `#` may stand for no word, what lies behind its `#`.
void TopicTrie::reach(NodeIndex index, std::vector<NodeIndex>& reached) const {
  for (; index != kNone; index = nodes_[index].hash_child) {
    Node& node = nodes_[index];
    if (node.reached_in == steps_) return;
    node.reached_in = steps_;
    reached.push_back(index);
  }
}

std::string_view TopicTrie::word_of(const Edge& edge) const {
  return edge.is_leaf() ? first_word(edge.tail()) : std::string_view(nodes_[edge.to].word);
}

TopicTrie::Edges::const_iterator TopicTrie::find_edge(NodeIndex from, std::string_view word) const {
  return edges_.find(EdgeName{from, word, hash_of(word)});
}

void TopicTrie::add_edge(Edge edge) {
  Node& from = nodes_[edge.from];
  ++from.edges;
  from.has_star |= word_of(edge) == kStar;
  CHECK(edges_.insert(std::move(edge)).second);
}

void TopicTrie::erase_edge(Edges::const_iterator edge) {
  --nodes_[edge->from].edges;
  edges_.erase(edge);
}

TopicTrie::NodeIndex TopicTrie::new_node(NodeIndex parent, std::string_view word) {
  NodeIndex index;
  if (free_nodes_.empty()) {
    index = static_cast<NodeIndex>(nodes_.size());
    CHECK(index < kLeaf);
    nodes_.emplace_back();
  } else {
    index = free_nodes_.back();
    free_nodes_.pop_back();
  }
  nodes_[index].parent = parent;
  nodes_[index].word = word;
  return index;
}

TopicTrie::NodeIndex TopicTrie::make_hash_child(NodeIndex from) {
  if (nodes_[from].is_hash) return from;
  if (nodes_[from].hash_child == kNone) {
    const NodeIndex index = new_node(from, kHash);
    nodes_[index].is_hash = true;
    nodes_[from].hash_child = index;
  }
  return nodes_[from].hash_child;
}

TopicTrie::NodeIndex TopicTrie::make_child(NodeIndex from, std::string_view word) {
  const NodeIndex index = new_node(from, word);
  Edge edge;
  edge.from = from;
  edge.to = index;
  add_edge(std::move(edge));
  return index;
}

void TopicTrie::make_leaf(NodeIndex from, std::string_view tail, BindingList bindings) {
  Edge edge;
  edge.from = from;
  edge.bindings = std::move(bindings);
  edge.set_tail(tail.size());
  add_edge(std::move(edge));
  ++leaves_;
}

// Puts a node where the leaf is, and the leaf, if any of its words is left, below.
TopicTrie::NodeIndex TopicTrie::split(const Edge& leaf) {
  Words tail = Words::of_tail(leaf.tail());
  const NodeIndex index = new_node(leaf.from, tail.take());
  BindingList bindings = std::move(leaf.bindings);
  leaf.to = index;
  --leaves_;
  if (tail.done()) {
    nodes_[index].bindings = std::move(bindings);
  } else {
    make_leaf(index, tail.rest(), std::move(bindings));
  }
  return index;
}

// Gives back the node and its ancestors as far as they serve no other pattern.
void TopicTrie::prune(NodeIndex index) {
  for (;;) {
    const Node& node = nodes_[index];
    const bool childless = node.edges == 0 && node.hash_child == kNone;
    if (index == kRoot || !childless || !node.bindings.empty()) return;
    const NodeIndex parent = node.parent;
    if (node.is_hash) {
      nodes_[parent].hash_child = kNone;
    } else {
      nodes_[parent].has_star &= node.word != kStar;
      erase_edge(find_edge(parent, node.word));
    }
    nodes_[index] = Node();
    free_nodes_.push_back(index);
    index = parent;
  }
}

}  // namespace harrier::broker

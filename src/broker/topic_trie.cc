#include "broker/topic_trie.h"

#include <utility>

#include "base/check.h"

namespace harrier::broker {
namespace {

// Gives the words of a key one after the other.
class Words {
 public:
  explicit Words(std::string_view key) : rest_(key), more_(!key.empty()) {}

  bool next(std::string_view& word) {
    if (!more_) return false;
    const std::size_t dot = rest_.find('.');
    word = rest_.substr(0, dot);
    more_ = dot != std::string_view::npos;
    if (more_) rest_.remove_prefix(dot + 1);
    return true;
  }

 private:
  std::string_view rest_;
  bool more_;
};

}  // namespace

TopicTrie::TopicTrie() : nodes_(1) {}

void TopicTrie::add(Binding& binding) {
  NodeIndex at = kRoot;
  Words words(binding.routing_key());
  for (std::string_view word; words.next(word);) {
    const WordNumber number = pattern_word(word);
    if (number == kHash && nodes_[at].word == kHash) continue;
    const NodeIndex known = number == kNoWord ? kNone : child(at, number);
    at = known != kNone ? known : make_child(at, number == kNoWord ? make_number(word) : number);
  }
  nodes_[at].bindings.add(binding);
}

void TopicTrie::remove(const Binding& binding) {
  const NodeIndex at = find(binding.routing_key());
  CHECK(at != kNone);
  nodes_[at].bindings.remove(binding);
  prune(at);
}

void TopicTrie::match(base::Bytes routing_key, std::vector<RoutingTarget*>& targets) const {
  ++steps_;
  current_.clear();
  reach(kRoot, current_);
  Words words(routing_key);
  for (std::string_view word; words.next(word);) {
    step(number_of(word));
    if (current_.empty()) return;
  }
  for (const NodeIndex index : current_)
    nodes_[index].bindings.append_targets(targets);
}

// From the nodes reached before a word to those reached behind it.
void TopicTrie::step(WordNumber word) const {
  ++steps_;
  next_.clear();
  for (const NodeIndex index : current_) {
    const Node& node = nodes_[index];
    if (node.word == kHash) reach(index, next_);
    if (node.star_child != kNone) reach(node.star_child, next_);
    if (node.word_children == 0 || word == kNoWord) continue;
    if (const NodeIndex next = child(index, word); next != kNone) reach(next, next_);
  }
  std::swap(current_, next_);
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

TopicTrie::NodeIndex TopicTrie::find(std::string_view pattern) const {
  NodeIndex at = kRoot;
  Words words(pattern);
  for (std::string_view word; words.next(word);) {
    const WordNumber number = pattern_word(word);
    if (number == kNoWord) return kNone;
    if (number == kHash && nodes_[at].word == kHash) continue;
    at = child(at, number);
    if (at == kNone) return kNone;
  }
  return at;
}

TopicTrie::NodeIndex TopicTrie::child(NodeIndex from, WordNumber word) const {
  if (word == kStar) return nodes_[from].star_child;
  if (word == kHash) return nodes_[from].hash_child;
  const auto found = edges_.find(edge(from, word));
  return found == edges_.end() ? kNone : found->second;
}

TopicTrie::NodeIndex TopicTrie::make_child(NodeIndex from, WordNumber word) {
  NodeIndex index;
  if (free_nodes_.empty()) {
    index = static_cast<NodeIndex>(nodes_.size());
    nodes_.emplace_back();
  } else {
    index = free_nodes_.back();
    free_nodes_.pop_back();
  }
  nodes_[index].parent = from;
  nodes_[index].word = word;
  Node& parent = nodes_[from];
  if (word == kStar) {
    parent.star_child = index;
  } else if (word == kHash) {
    parent.hash_child = index;
  } else {
    edges_.emplace(edge(from, word), index);
    ++parent.word_children;
    ++words_[word].uses;
  }
  return index;
}

// Gives back the node and its ancestors as far as they serve no other pattern.
void TopicTrie::prune(NodeIndex index) {
  while (index != kRoot && nodes_[index].bindings.empty() && nodes_[index].childless()) {
    const NodeIndex parent = nodes_[index].parent;
    const WordNumber word = nodes_[index].word;
    if (word == kStar) {
      nodes_[parent].star_child = kNone;
    } else if (word == kHash) {
      nodes_[parent].hash_child = kNone;
    } else {
      edges_.erase(edge(parent, word));
      --nodes_[parent].word_children;
      drop_use(word);
    }
    nodes_[index] = Node();
    free_nodes_.push_back(index);
    index = parent;
  }
}

TopicTrie::WordNumber TopicTrie::number_of(std::string_view word) const {
  const auto found = numbers_.find(word);
  return found == numbers_.end() ? kNoWord : found->second;
}

TopicTrie::WordNumber TopicTrie::pattern_word(std::string_view word) const {
  if (word == "*") return kStar;
  if (word == "#") return kHash;
  return number_of(word);
}

TopicTrie::WordNumber TopicTrie::make_number(std::string_view word) {
  WordNumber number;
  if (free_words_.empty()) {
    number = static_cast<WordNumber>(words_.size());
    words_.emplace_back();
  } else {
    number = free_words_.back();
    free_words_.pop_back();
  }
  words_[number].text = word;
  numbers_.emplace(words_[number].text, number);
  return number;
}

void TopicTrie::drop_use(WordNumber number) {
  Word& word = words_[number];
  if (--word.uses != 0) return;
  numbers_.erase(std::string_view(word.text));
  word.text = std::string();
  free_words_.push_back(number);
}

}  // namespace harrier::broker

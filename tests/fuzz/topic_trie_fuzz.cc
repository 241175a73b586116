// Concern: the trie answers as the definition of topic patterns does, whatever is bound and
//          unbound, and gives everything back. Plan: the input is lines: `+pattern` binds, `-n`
//          unbinds the n-th bound modulo their number, anything else is a routing key to compare.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "broker/exchange.h"
#include "broker/topic_trie.h"
#include "support/naive_topic_match.h"

namespace {

using namespace harrier::broker;  // NOLINT: a program of its own

constexpr std::size_t kKeySizeMax = 255;
constexpr std::size_t kLinesMax = 200;

class Target final : public RoutingTarget {
 public:
  Target() : RoutingTarget(Kind::kQueue, name_) {}

 private:
  std::string name_;
};

class Comparison {
 public:
  void run(std::string_view line) {
    if (line.starts_with('+')) {
      bind(line.substr(1));
    } else if (line.starts_with('-') && !bound_.empty()) {
      unbind(line.size() > 1 ? static_cast<unsigned char>(line[1]) : 0u);
    } else {
      compare(line);
    }
  }

  void finish() {
    while (!bound_.empty())
      unbind(0);
    CHECK(trie_.node_count() == 0);
    CHECK(trie_.leaf_count() == 0);
  }

 private:
  struct Bound {
    Target target;
    std::unique_ptr<Binding> binding;
  };

  void bind(std::string_view pattern) {
    auto bound = std::make_unique<Bound>();
    bound->binding = Binding::create(++last_id_, *exchange_, bound->target, pattern, {});
    trie_.add(*bound->binding);
    bound_.push_back(std::move(bound));
  }

  void unbind(std::size_t number) {
    const auto victim = bound_.begin() + static_cast<std::ptrdiff_t>(number % bound_.size());
    trie_.remove(*(*victim)->binding);
    bound_.erase(victim);
  }

  void compare(std::string_view key) {
    std::vector<RoutingTarget*> expected;
    for (const auto& bound : bound_) {
      if (naive_topic_match(bound->binding->routing_key(), key)) expected.push_back(&bound->target);
    }
    std::vector<RoutingTarget*> actual;
    trie_.match(key, actual);
    std::sort(expected.begin(), expected.end());
    std::sort(actual.begin(), actual.end());
    CHECK(actual == expected);
  }

  harrier::base::Ref<Exchange> exchange_ =
      Exchange::create({.name = "x", .type = ExchangeType::kTopic});
  std::deque<std::unique_ptr<Bound>> bound_;
  TopicTrie trie_;
  std::uint64_t last_id_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(bytes), size);
  Comparison comparison;
  for (std::size_t lines = 0; !rest.empty() && lines < kLinesMax; ++lines) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    comparison.run(rest.substr(0, std::min(end, kKeySizeMax + 1)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  comparison.finish();
  return 0;
}

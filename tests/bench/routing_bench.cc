// What one message costs to route, by exchange type and number of bindings. `allocs` is allocations
// per message: zero but for warming up.

#include <cstdint>
#include <cstdlib>
#include <deque>
#include <map>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "amqp/field_table.h"
#include "broker/exchange.h"
#include "broker/queue.h"
#include "broker/router.h"

namespace {

std::uint64_t allocation_count = 0;

}  // namespace

// Not inlined, or the compiler sees malloc meet delete and warns.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocation_count;
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace harrier::broker;  // NOLINT: a program of its own
using harrier::amqp::FieldTable;
using harrier::amqp::TableView;

// Exchanges and queues as a virtual host holds them.
class Topology {
 public:
  Topology() = default;
  Topology(const Topology&) = delete;
  Topology& operator=(const Topology&) = delete;
  ~Topology() {
    for (auto& [name, exchange] : exchanges_) {
      for (Binding* binding : exchange->bindings())
        exchange->remove_binding(*binding);
    }
  }

  Exchange& exchange(const std::string& name, ExchangeType type) {
    auto& exchange = exchanges_[name];
    if (!exchange) exchange = Exchange::create({.name = name, .type = type});
    return *exchange;
  }
  Queue& queue(const std::string& name) {
    QueueRef& queue = queues_[name];
    if (!queue) {
      queue =
          harrier::base::make_ref<Queue>(QueueId(queues_.size()), QueueDeclaration{.name = name},
                                         QueueSettings{}, ConnectionId(0), turn_);
    }
    return *queue;
  }
  void bind(Exchange& source, RoutingTarget& destination, std::string_view key,
            TableView arguments = {}) {
    source.add_binding(++last_id_, destination, key, arguments);
  }

  // Routes the keys in turn, one message each.
  void run(benchmark::State& state, Exchange* from, const std::vector<std::string>& keys,
           TableView headers = {}) {
    std::vector<RoutingKeys> messages(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i)
      messages[i].keys.push_back(keys[i]);
    std::vector<Queue*> queues;
    std::uint64_t routed = 0;
    for (const RoutingKeys& message : messages) {
      router_.route(from, message.keys, headers, queues);
      queues.clear();
    }
    const std::uint64_t allocations_before = allocation_count;
    std::size_t next = 0;
    for (auto _ : state) {
      queues.clear();
      router_.route(from, messages[next].keys, headers, queues);
      routed += queues.size();
      if (++next == messages.size()) next = 0;
    }
    const auto rounds = static_cast<double>(state.iterations());
    state.counters["allocs"] = static_cast<double>(allocation_count - allocations_before) / rounds;
    state.counters["queues"] = static_cast<double>(routed) / rounds;
  }

 private:
  VolatileChangeLog log_;
  VirtualHostLimits limits_;
  Turn turn_{log_, limits_};
  std::map<std::string, QueueRef, std::less<>> queues_;
  std::map<std::string, harrier::base::Ref<Exchange>, std::less<>> exchanges_;
  Router router_{{.exchange = [](std::string_view) { return nullptr; },
                  .queue =
                      [this](std::string_view name) {
                        const auto found = queues_.find(name);
                        return found == queues_.end() ? nullptr : found->second.get();
                      }}};
  std::uint64_t last_id_ = 0;
};

std::vector<std::string> numbered(std::string_view prefix, std::int64_t count) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < count; ++i)
    names.push_back(std::string(prefix) + std::to_string(i));
  return names;
}

void direct(benchmark::State& state) {
  Topology topology;
  Exchange& x = topology.exchange("x", ExchangeType::kDirect);
  const auto keys = numbered("orders.created.", state.range(0));
  for (const std::string& key : keys)
    topology.bind(x, topology.queue("q"), key);
  topology.run(state, &x, keys);
}
BENCHMARK(direct)->Arg(1)->Arg(1000)->Arg(100'000);

void fanout(benchmark::State& state) {
  Topology topology;
  Exchange& x = topology.exchange("x", ExchangeType::kFanout);
  for (const std::string& name : numbered("q", state.range(0)))
    topology.bind(x, topology.queue(name), "");
  topology.run(state, &x, {"k"});
}
BENCHMARK(fanout)->Arg(1)->Arg(10)->Arg(1000);

void topic_without_wildcards(benchmark::State& state) {
  Topology topology;
  Exchange& x = topology.exchange("x", ExchangeType::kTopic);
  const auto keys = numbered("shop.orders.created.", state.range(0));
  for (const std::string& key : keys)
    topology.bind(x, topology.queue("q"), key);
  topology.run(state, &x, keys);
}
BENCHMARK(topic_without_wildcards)->Arg(1)->Arg(1000)->Arg(100'000);

// Each key meets a literal binding, one with a star, one ending and one beginning with a hash.
void topic_with_wildcards(benchmark::State& state) {
  Topology topology;
  Exchange& x = topology.exchange("x", ExchangeType::kTopic);
  std::vector<std::string> keys;
  for (const std::string& word : numbered("w", state.range(0))) {
    keys.push_back("shop." + word + ".orders.created");
    topology.bind(x, topology.queue("literal"), keys.back());
    topology.bind(x, topology.queue("star"), "*." + word + ".orders.*");
    topology.bind(x, topology.queue("tail"), "shop." + word + ".#");
    topology.bind(x, topology.queue("head"), "#." + word + ".orders.created");
  }
  topology.run(state, &x, keys);
}
BENCHMARK(topic_with_wildcards)->Arg(1)->Arg(1000)->Arg(10'000);

// A long key of one word against patterns that all cling to it.
void topic_piled_up_hashes(benchmark::State& state) {
  Topology topology;
  Exchange& x = topology.exchange("x", ExchangeType::kTopic);
  std::string pattern = "#";
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    pattern += ".a.#";
    topology.bind(x, topology.queue("q"), pattern + ".b");
  }
  std::string key = "a";
  for (int i = 0; i < 127; ++i)
    key += ".a";
  topology.run(state, &x, {key});
}
BENCHMARK(topic_piled_up_hashes)->Arg(4)->Arg(60);

void headers_all(benchmark::State& state) {
  Topology topology;
  Exchange& x = topology.exchange("x", ExchangeType::kHeaders);
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    FieldTable arguments;
    arguments.add_string("format", "pdf").add_long("tenant", i);
    topology.bind(x, topology.queue("q"), "", arguments);
  }
  FieldTable headers;
  headers.add_string("format", "pdf").add_string("type", "report").add_long("tenant", 0);
  topology.run(state, &x, {"k"}, headers);
}
BENCHMARK(headers_all)->Arg(1)->Arg(1000)->Arg(100'000);

void headers_any(benchmark::State& state) {
  Topology topology;
  Exchange& x = topology.exchange("x", ExchangeType::kHeaders);
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    FieldTable arguments;
    arguments.add_string("x-match", "any").add_long("tenant", i).add_long("region", -i - 1);
    topology.bind(x, topology.queue("q"), "", arguments);
  }
  FieldTable headers;
  headers.add_string("format", "pdf").add_string("type", "report").add_long("tenant", 0);
  topology.run(state, &x, {"k"}, headers);
}
BENCHMARK(headers_any)->Arg(1)->Arg(1000)->Arg(100'000);

void chain_of_exchanges(benchmark::State& state) {
  Topology topology;
  const auto names = numbered("x", state.range(0));
  for (std::size_t i = 0; i + 1 < names.size(); ++i) {
    topology.bind(topology.exchange(names[i], ExchangeType::kDirect),
                  topology.exchange(names[i + 1], ExchangeType::kDirect), "k");
  }
  topology.bind(topology.exchange(names.back(), ExchangeType::kDirect), topology.queue("q"), "k");
  topology.run(state, &topology.exchange(names.front(), ExchangeType::kDirect), {"k"});
}
BENCHMARK(chain_of_exchanges)->Arg(2)->Arg(8);

void keys_of_a_message(benchmark::State& state) {
  FieldTable headers;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    headers.add_long("header" + std::to_string(i), i);
  RoutingKeys keys;
  for (auto _ : state) {
    benchmark::DoNotOptimize(collect_routing_keys("orders.created", headers, keys).ok());
    benchmark::DoNotOptimize(keys.keys.data());
  }
}
BENCHMARK(keys_of_a_message)->Arg(0)->Arg(5);

}  // namespace

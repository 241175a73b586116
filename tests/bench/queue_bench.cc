// What a queue costs for each message that waits in it: making the message, its place, taking it
// out again. Without consumers, limits and disk, which the whole broker's benchmarks have.

#include <string>

#include <benchmark/benchmark.h>

#include "broker/ready_messages.h"

namespace {

using namespace harrier::broker;  // NOLINT: a program of its own

MessageRef make_message(const std::string& body) {
  MessageParts parts;
  parts.exchange = "amq.direct";
  parts.routing_key = "orders.new";
  parts.body = body;
  return Message::create(parts);
}

void push_one(ReadyMessages& ready, const std::string& body, std::uint64_t position,
              std::uint8_t priority) {
  QueueEntry entry;
  entry.message = make_message(body);
  entry.position = Position(position);
  entry.body_size = static_cast<std::uint32_t>(body.size());
  entry.priority = priority;
  ready.push(std::move(entry));
}

// One in, one out, with so many waiting between; priorities in turn.
void push_and_take(benchmark::State& state) {
  const auto depth = static_cast<std::uint64_t>(state.range(0));
  const auto levels = static_cast<std::uint64_t>(state.range(1));
  const std::string body(16, 'x');
  ReadyMessages ready;
  std::uint64_t position = 0;
  const auto push = [&] {
    ++position;
    push_one(ready, body, position, static_cast<std::uint8_t>(position % levels));
  };
  while (position != depth)
    push();
  for (auto _ : state) {
    push();
    benchmark::DoNotOptimize(ready.take(ready.head().level));
  }
}
BENCHMARK(push_and_take)->ArgNames({"depth", "levels"})->ArgsProduct({{0, 100'000}, {1, 10}});

void make_and_free_a_message(benchmark::State& state) {
  const std::string body(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state)
    benchmark::DoNotOptimize(make_message(body));
}
BENCHMARK(make_and_free_a_message)->ArgName("body")->Arg(16)->Arg(1024)->Arg(16384);

}  // namespace

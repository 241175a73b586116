// What the codec costs for each message: the wire's part of the CPU budget of a publish and a
// deliver.

#include <cstdlib>
#include <string>
#include <variant>

#include <benchmark/benchmark.h>

#include "amqp/frame.h"
#include "amqp/methods.h"
#include "amqp/properties.h"

namespace {

using namespace harrier;  // NOLINT: a program of its own

constexpr std::uint32_t kFrameMax = 131072;
constexpr amqp::ChannelNumber kChannel{1};

std::string publish_frames(std::size_t body_size) {
  amqp::BasicPublish publish;
  publish.exchange = "amq.direct";
  publish.routing_key = "orders.new";
  amqp::Properties properties;
  properties.flags = amqp::kDeliveryMode;
  properties.delivery_mode = 2;
  base::Buffer out;
  amqp::append_method_frame(out, kChannel, publish);
  amqp::append_content_frames(out, kChannel, kFrameMax, amqp::encode_properties(properties),
                              std::string(body_size, 'x'));
  return std::string(out.bytes());
}

// A table such as a Celery task carries.
amqp::FieldTable task_headers() {
  amqp::FieldTable headers;
  headers.add_string("lang", "py")
      .add_string("task", "proj.tasks.add")
      .add_string("id", "5b3a1b8e-7f0b-4a53-9bb4-6f2b8a1c2d3e")
      .add_long("retries", 0)
      .add_string("root_id", "5b3a1b8e-7f0b-4a53-9bb4-6f2b8a1c2d3e")
      .add_string("origin", "gen1234@worker")
      .add_boolean("ignore_result", false)
      .add("expires", {'V', {}});
  return headers;
}

amqp::Frame next_frame(amqp::Bytes& rest) {
  const auto found = amqp::find_frame(rest, kFrameMax);
  if (!found.ok() || found->consumed == 0) std::abort();
  rest.remove_prefix(found->consumed);
  return found->frame;
}

// Method, header and body frame found; method and header decoded.
void ReadPublish(benchmark::State& state) {
  const std::string frames = publish_frames(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    amqp::Bytes rest = frames;
    const auto method = amqp::decode_method(next_frame(rest).payload);
    const auto header = amqp::parse_content_header(next_frame(rest).payload);
    const amqp::Frame body = next_frame(rest);
    if (!method.ok() || !header.ok()) std::abort();
    benchmark::DoNotOptimize(std::get_if<amqp::BasicPublish>(&*method)->routing_key);
    benchmark::DoNotOptimize(header->body_size);
    benchmark::DoNotOptimize(body.payload);
  }
}
BENCHMARK(ReadPublish)->Arg(16)->Arg(1024);

void FindFrame(benchmark::State& state) {
  const std::string frames = publish_frames(16);
  for (auto _ : state) {
    auto found = amqp::find_frame(frames, kFrameMax);
    benchmark::DoNotOptimize(found);
  }
}
BENCHMARK(FindFrame);

void DecodePublish(benchmark::State& state) {
  const std::string frames = publish_frames(16);
  amqp::Bytes rest = frames;
  const amqp::Frame frame = next_frame(rest);
  for (auto _ : state) {
    auto method = amqp::decode_method(frame.payload);
    benchmark::DoNotOptimize(method);
  }
}
BENCHMARK(DecodePublish);

void ParseContentHeader(benchmark::State& state) {
  const std::string frames = publish_frames(16);
  amqp::Bytes rest = frames;
  next_frame(rest);
  const amqp::Frame frame = next_frame(rest);
  for (auto _ : state) {
    auto header = amqp::parse_content_header(frame.payload);
    benchmark::DoNotOptimize(header);
  }
}
BENCHMARK(ParseContentHeader);

void ParseContentHeaderWithTable(benchmark::State& state) {
  const amqp::FieldTable headers = task_headers();
  amqp::Properties properties;
  properties.flags = amqp::kDeliveryMode | amqp::kHeaders | amqp::kContentType;
  properties.headers = headers;
  properties.content_type = "application/json";
  base::Buffer out;
  amqp::append_content_frames(out, kChannel, kFrameMax, amqp::encode_properties(properties), "");
  amqp::Bytes rest = out.bytes();
  const amqp::Frame frame = next_frame(rest);
  for (auto _ : state) {
    auto header = amqp::parse_content_header(frame.payload);
    benchmark::DoNotOptimize(header);
  }
}
BENCHMARK(ParseContentHeaderWithTable);

// Deliveries written into one output buffer that is emptied as a socket would.
void WriteDeliver(benchmark::State& state) {
  const std::string body(static_cast<std::size_t>(state.range(0)), 'x');
  const std::string properties("\x10\x00\x02", 3);
  amqp::DeliverView deliver{"amq.ctag-3xZ1b8", amqp::DeliveryTag(1), false, "amq.direct",
                            "orders.new"};
  base::Buffer out;
  for (auto _ : state) {
    amqp::append_deliver(out, kChannel, kFrameMax, deliver, properties, body);
    deliver.delivery_tag = deliver.delivery_tag.next();
    if (out.size() > 65536) out.clear();
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(WriteDeliver)->Arg(16)->Arg(1024)->Arg(262144);

void WriteAck(benchmark::State& state) {
  amqp::BasicAck ack;
  base::Buffer out;
  for (auto _ : state) {
    amqp::append_method_frame(out, kChannel, ack);
    ack.delivery_tag = ack.delivery_tag.next();
    if (out.size() > 65536) out.clear();
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(WriteAck);

void ValidateTable(benchmark::State& state) {
  const amqp::FieldTable headers = task_headers();
  for (auto _ : state) {
    auto table = amqp::validate_table(headers.view().bytes());
    benchmark::DoNotOptimize(table);
  }
}
BENCHMARK(ValidateTable);

void FindInTable(benchmark::State& state) {
  const amqp::FieldTable headers = task_headers();
  for (auto _ : state) {
    auto value = headers.view().find("expires");
    benchmark::DoNotOptimize(value);
  }
}
BENCHMARK(FindInTable);

}  // namespace

// Which spans a traced message leaves on its way, and where they hang.

#include "broker/message_tracer.h"

#include <set>

#include <gmock/gmock.h>

#include "queue_fixture.h"

namespace harrier::test {
namespace {

using broker::Span;
using broker::SpanKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kTraceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

class Spans final : public broker::SpanSink {
 public:
  void finish(Span span) override { finished.push_back(std::move(span)); }
  void abandon(std::uint64_t count) override { abandoned += count; }

  // "wait work delivered 5ms" of each, and forgets them.
  std::vector<std::string> take() {
    static constexpr const char* kNames[] = {"publish", "dead-letter", "wait", "deliver", "settle"};
    std::vector<std::string> texts;
    for (const Span& span : std::exchange(finished, {})) {
      std::string text = kNames[static_cast<std::size_t>(span.kind)];
      if (!span.queue.empty()) text += " " + span.queue;
      if (!span.outcome.empty()) text.append(" ").append(span.outcome);
      texts.push_back(text + " " + std::to_string((span.end - span.start).count()) + "ms");
    }
    return texts;
  }

  std::vector<Span> finished;
  std::uint64_t abandoned = 0;
};

class Tracer : public QueueFixture {
 protected:
  void trace(broker::TracerLimits limits = {}) { broker.host.set_tracing(limits, spans); }

  static amqp::FieldTable headers(std::string_view traceparent = kTraceparent) {
    amqp::FieldTable table;
    table.add_string("traceparent", traceparent);
    return table;
  }
  void publish_traced(std::string_view key, bool persistent = false) {
    const amqp::FieldTable table = headers();
    broker.act([&] {
      amqp::Properties properties;
      properties.flags = amqp::kHeaders;
      properties.headers = table.view();
      const std::string bytes = amqp::encode_properties(properties);
      broker::MessageParts parts;
      parts.routing_key = key;
      parts.property_bytes = bytes;
      parts.body = "body";
      parts.persistent = persistent;
      parts.traced = broker.host.traces(table.view());
      std::vector<broker::Queue*> queues;
      broker.host.route(nullptr, {key}, {}, queues);
      broker.host.publish(broker::Message::create(parts), queues);
    });
  }

  Spans spans;
};

TEST_F(Tracer, WithoutTracingNothingIsFollowed) {
  EXPECT_FALSE(broker.host.traces(headers().view()));
}

TEST_F(Tracer, OnlyWhatItsPublisherSampledIsFollowed) {
  trace();
  EXPECT_TRUE(broker.host.traces(headers().view()));
  std::string unsampled(kTraceparent);
  unsampled.back() = '0';
  EXPECT_FALSE(broker.host.traces(headers(unsampled).view()));
  EXPECT_FALSE(broker.host.traces({}));
}

TEST_F(Tracer, TheRatioIsOfTheTrace) {
  trace({.messages_max = 10, .ratio = 0.5});
  const auto followed = [&](std::string_view last) {
    return broker.host.traces(
        headers("00-4bf92f3577b34da6a3" + std::string(last) + "-00f067aa0ba902b7-01").view());
  };
  EXPECT_TRUE(followed("00000000000000"));
  EXPECT_TRUE(followed("7fffffffff0000"));
  EXPECT_FALSE(followed("80000000000000"));
}

TEST_F(Tracer, FromPublishToAcknowledgement) {
  trace();
  const QueueRef work = declare("work");
  publish_traced("work");
  EXPECT_THAT(spans.take(), ElementsAre("publish 0ms"));
  broker.skip(Milliseconds(30));
  TestChannel channel(broker);
  channel.consume(*work, "tag");
  broker.skip(Milliseconds(7));
  channel.ack(1);
  EXPECT_THAT(spans.take(), ElementsAre("wait work delivered 30ms", "deliver work acknowledged 7ms",
                                        "settle work acknowledged 0ms"));
}

TEST_F(Tracer, EachSpanHangsOnTheOneBefore) {
  trace();
  const QueueRef work = declare("work");
  publish_traced("work");
  TestChannel channel(broker);
  channel.consume(*work, "tag");
  channel.ack(1);
  ASSERT_EQ(spans.finished.size(), 4U);
  broker::SpanId parent = broker::parse_traceparent(kTraceparent)->parent;
  std::set<broker::SpanId> ids;
  for (const Span& span : spans.finished) {
    EXPECT_EQ(span.trace, broker::parse_traceparent(kTraceparent)->trace);
    EXPECT_EQ(span.parent, parent);
    EXPECT_TRUE(ids.insert(span.id).second);
    EXPECT_EQ(span.virtual_host, "/");
    EXPECT_EQ(span.body_size, 4U);
    parent = span.id;
  }
  EXPECT_EQ(spans.finished.front().routing_key, "work");
  EXPECT_EQ(spans.finished.front().queues, 1U);
}

TEST_F(Tracer, APersistentPublishEndsWhenItIsCommitted) {
  trace();
  auto durable = declaration("work");
  durable.durable = true;
  const QueueRef work = declare(std::move(durable));
  broker.store.commits_at_once = false;
  publish_traced("work", true);
  EXPECT_THAT(spans.take(), IsEmpty());
  broker.skip(Milliseconds(4));
  broker.catch_up();
  EXPECT_THAT(spans.take(), ElementsAre("publish 4ms"));
}

TEST_F(Tracer, WhatComesBackWaitsAgain) {
  trace();
  const QueueRef work = declare("work");
  publish_traced("work");
  TestChannel channel(broker);
  channel.consume(*work, "tag", 1);
  spans.take();
  broker.skip(Milliseconds(2));
  channel.requeue(1);
  channel.ack(2);
  EXPECT_THAT(spans.take(),
              ElementsAre("deliver work requeued 2ms", "wait work delivered 0ms",
                          "deliver work acknowledged 0ms", "settle work acknowledged 0ms"));
}

TEST_F(Tracer, AGetWithoutAcknowledgementSettlesAtOnce) {
  trace();
  const QueueRef work = declare("work");
  publish_traced("work");
  spans.take();
  EXPECT_EQ(get(*work), "body");
  EXPECT_THAT(spans.take(), ElementsAre("wait work delivered 0ms",
                                        "deliver work delivered without acknowledgement 0ms",
                                        "settle work delivered without acknowledgement 0ms"));
}

TEST_F(Tracer, ADeadLetterGoesOnInItsTrace) {
  trace();
  amqp::FieldTable arguments;
  arguments.add_string("x-dead-letter-exchange", "");
  arguments.add_string("x-dead-letter-routing-key", "dead");
  arguments.add_long("x-message-ttl", 20);
  const QueueRef work = declare("work", std::move(arguments));
  const QueueRef dead = declare("dead");
  publish_traced("work");
  spans.take();
  broker.pass(Milliseconds(20));
  ASSERT_FALSE(spans.finished.empty());
  EXPECT_EQ(spans.finished.back().trace, broker::parse_traceparent(kTraceparent)->trace);
  EXPECT_THAT(spans.take(),
              ElementsAre("wait work expired 20ms", "settle work expired 0ms", "dead-letter 0ms"));
  get(*dead);
  EXPECT_EQ(spans.take().front(), "wait dead delivered 0ms");
}

TEST_F(Tracer, ARefusedPublishIsSaidToBe) {
  trace();
  amqp::FieldTable arguments;
  arguments.add_long("x-max-length", 0);
  arguments.add_string("x-overflow", "reject-publish");
  const QueueRef work = declare("work", std::move(arguments));
  publish_traced("work");
  EXPECT_THAT(spans.take(), ElementsAre("publish refused 0ms"));
}

TEST_F(Tracer, TheOldestGivesWayWhenThereAreTooMany) {
  trace({.messages_max = 2, .ratio = 1.0});
  const QueueRef work = declare("work");
  for (int i = 0; i != 3; ++i)
    publish_traced("work");
  EXPECT_EQ(spans.abandoned, 1U);
  spans.take();
  drain(*work);
  EXPECT_EQ(spans.finished.size(), 6U) << "three spans of each of the two that are followed";
}

}  // namespace
}  // namespace harrier::test

// Spans as a collector reads them.

#include "server/otlp_json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace harrier::test {
namespace {

using broker::Span;
using broker::SpanKind;
using nlohmann::json;

Span span_of(SpanKind kind) {
  Span span;
  span.kind = kind;
  span.trace.fill(0xab);
  span.id.fill(1);
  span.parent.fill(2);
  span.start = base::WallTime(base::Milliseconds(1'700'000'000'123));
  span.end = span.start + base::Milliseconds(5);
  span.virtual_host = "/";
  span.body_size = 12;
  return span;
}

json parsed(const Span& span) {
  const json request = json::parse(server::otlp_json(std::span(&span, 1), {"shop", "node-7"}));
  return request.at("resourceSpans").at(0);
}

json attributes_of(const json& of) {
  json flat = json::object();
  for (const json& attribute : of.at("attributes"))
    flat[attribute.at("key").get<std::string>()] = attribute.at("value");
  return flat;
}

TEST(OtlpJson, AQueuesSpan) {
  Span span = span_of(SpanKind::kWait);
  span.queue = "work";
  span.outcome = "delivered";
  const json resource = parsed(span);
  EXPECT_EQ(attributes_of(resource.at("resource"))["service.name"]["stringValue"], "shop");
  EXPECT_EQ(attributes_of(resource.at("resource"))["service.instance.id"]["stringValue"], "node-7");
  const json made = resource.at("scopeSpans").at(0).at("spans").at(0);
  EXPECT_EQ(made["traceId"], "abababababababababababababababab");
  EXPECT_EQ(made["spanId"], "0101010101010101");
  EXPECT_EQ(made["parentSpanId"], "0202020202020202");
  EXPECT_EQ(made["name"], "wait in work");
  EXPECT_EQ(made["startTimeUnixNano"], "1700000000123000000");
  EXPECT_EQ(made["endTimeUnixNano"], "1700000000128000000");
  const json attributes = attributes_of(made);
  EXPECT_EQ(attributes["messaging.destination.name"]["stringValue"], "work");
  EXPECT_EQ(attributes["messaging.message.body.size"]["intValue"], "12");
  EXPECT_EQ(attributes["harriermq.outcome"]["stringValue"], "delivered");
  EXPECT_FALSE(attributes.contains("messaging.rabbitmq.destination.routing_key"));
}

TEST(OtlpJson, APublishNamesExchangeAndKey) {
  Span span = span_of(SpanKind::kPublish);
  span.routing_key = "a.b";
  span.queues = 3;
  json made = parsed(span).at("scopeSpans").at(0).at("spans").at(0);
  EXPECT_EQ(made["name"], "publish amq.default") << "the default exchange has no name";
  span.exchange = "orders";
  made = parsed(span).at("scopeSpans").at(0).at("spans").at(0);
  EXPECT_EQ(made["name"], "publish orders");
  EXPECT_EQ(attributes_of(made)["messaging.rabbitmq.destination.routing_key"]["stringValue"],
            "a.b");
  EXPECT_EQ(attributes_of(made)["harriermq.queues"]["intValue"], "3");
}

TEST(OtlpJson, ANameThatIsNoUtf8DoesNotSpoilTheRest) {
  Span span = span_of(SpanKind::kSettle);
  span.queue = "\xff\"";
  EXPECT_EQ(parsed(span).at("scopeSpans").at(0).at("spans").at(0)["name"],
            "settle in \xef\xbf\xbd\"");
}

}  // namespace
}  // namespace harrier::test

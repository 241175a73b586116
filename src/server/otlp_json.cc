#include "server/otlp_json.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "harrier/version.h"

namespace harrier::server {
namespace {

using broker::Span;
using broker::SpanKind;
using Json = nlohmann::ordered_json;

// SpanKind of trace.proto.
enum OtlpKind { kInternal = 1, kProducer = 4, kConsumer = 5 };

struct KindWords {
  std::string_view name;       // before the destination's
  std::string_view operation;  // messaging.operation.name
  OtlpKind kind;
};

KindWords words_of(SpanKind kind) {
  switch (kind) {
    case SpanKind::kPublish: return {"publish", "publish", kInternal};
    case SpanKind::kDeadLetter: return {"dead-letter", "dead-letter", kProducer};
    case SpanKind::kWait: return {"wait in", "wait", kInternal};
    case SpanKind::kDeliver: return {"deliver from", "deliver", kInternal};
    case SpanKind::kSettle: break;
  }
  return {"settle in", "settle", kInternal};
}

template <class Octets>
std::string hex(const Octets& octets) {
  std::string text;
  for (const std::uint8_t octet : octets)
    base::append_hex(text, static_cast<char>(octet));
  return text;
}

std::string nanoseconds(base::WallTime time) {
  return std::to_string(
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

void add(Json& attributes, std::string_view key, std::string_view value) {
  attributes.push_back({{"key", key}, {"value", {{"stringValue", value}}}});
}

// 64 bits are texts in this encoding.
void add(Json& attributes, std::string_view key, std::uint64_t value) {
  attributes.push_back({{"key", key}, {"value", {{"intValue", std::to_string(value)}}}});
}

Json span_json(const Span& span) {
  const KindWords words = words_of(span.kind);
  const bool publishes = span.kind == SpanKind::kPublish || span.kind == SpanKind::kDeadLetter;
  const std::string& exchange = span.exchange;
  const std::string destination = !publishes         ? span.queue
                                  : exchange.empty() ? std::string("amq.default")
                                                     : exchange;
  Json attributes = Json::array();
  add(attributes, "messaging.system", "rabbitmq");
  add(attributes, "messaging.operation.name", words.operation);
  add(attributes, "messaging.destination.name", destination);
  if (publishes) {
    add(attributes, "messaging.rabbitmq.destination.routing_key", span.routing_key);
    add(attributes, "harriermq.queues", span.queues);
  }
  add(attributes, "messaging.message.body.size", span.body_size);
  add(attributes, "harriermq.virtual_host", span.virtual_host);
  if (!span.outcome.empty()) add(attributes, "harriermq.outcome", span.outcome);
  return {{"traceId", hex(span.trace)},
          {"spanId", hex(span.id)},
          {"parentSpanId", hex(span.parent)},
          {"name", std::string(words.name) + " " + destination},
          {"kind", static_cast<int>(words.kind)},
          {"startTimeUnixNano", nanoseconds(span.start)},
          {"endTimeUnixNano", nanoseconds(span.end)},
          {"attributes", std::move(attributes)}};
}

}  // namespace

std::string otlp_json(std::span<const Span> spans, const SpanResource& resource) {
  Json attributes = Json::array();
  add(attributes, "service.name", resource.service_name);
  add(attributes, "service.version", kVersion);
  add(attributes, "service.instance.id", resource.instance);
  Json list = Json::array();
  for (const Span& span : spans)
    list.push_back(span_json(span));
  Json scope = {{"scope", {{"name", "harriermq"}, {"version", kVersion}}},
                {"spans", std::move(list)}};
  const Json request = {
      {"resourceSpans", Json::array({{{"resource", {{"attributes", std::move(attributes)}}},
                                      {"scopeSpans", Json::array({std::move(scope)})}}})}};
  return request.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace harrier::server

// Messages: published, got, looked at, moved.
#include <cmath>

#include "auth/digest.h"
#include "base/utf8.h"
#include "management/body_fields.h"
#include "management/message_properties.h"
#include "management/route.h"
#include "server/commands.h"

namespace harrier::management {
namespace {

using nlohmann::json;
using server::ReadMessage;

// Nobody waits any more once the answer's time is over; the server says so itself.
server::GiveUp patience(const Call& call) {
  const auto end = call.ports().clock.now().monotonic + call.ports().options.http.answer_timeout;
  const base::Clock& clock = call.ports().clock;
  return [end, &clock] { return clock.now().monotonic >= end; };
}

std::string payload_of(const BodyFields& fields) {
  const std::string encoding = fields.text("payload_encoding");
  std::string payload = fields.text("payload");
  if (encoding == "string") return payload;
  if (encoding != "base64") throw bad_request("unsupported_encoding: " + encoding);
  auto decoded = auth::from_base64(payload);
  if (!decoded) throw bad_request("the payload is not base64");
  return *std::move(decoded);
}

http::Response publish(const Call& call) {
  const json body = call.object();
  const BodyFields fields(body);
  fields.need({"routing_key", "properties", "payload", "payload_encoding"});
  const MessageProperties properties(fields);
  server::PublishRequest request;
  request.exchange = exchange_named(call.parameter(1));
  request.routing_key = fields.text("routing_key");
  request.properties = properties.values();
  request.body = payload_of(fields);
  auto routed = call.node().commands().publish(call.actor(), call.parameter(0), request);
  if (!routed.ok() && routed.error().kind == server::CommandFailure::kRefused &&
      routed.error().code == amqp::ReplyCode::kNotFound)
    throw bad_request("404 NOT_FOUND - " + routed.error().message);
  return json_answer({{"routed", value_of(std::move(routed))}});
}

// ---- out

json message_row(const ReadMessage& message, bool base64) {
  const bool text = !base64 && base::is_utf8(message.body);
  json row = {{"payload_bytes", message.body_bytes},
              {"redelivered", message.redelivered},
              {"exchange", message.exchange},
              {"routing_key", message.routing_key},
              {"message_count", message.message_count},
              {"properties", json_of_properties(message.property_bytes)},
              {"payload", text ? message.body : auth::to_base64(message.body)},
              {"payload_encoding", text ? "string" : "base64"}};
  return row;
}

server::GetAck ack_of(const std::string& mode) {
  if (mode == "ack_requeue_true" || mode == "reject_requeue_true") return server::GetAck::kRequeue;
  if (mode == "ack_requeue_false") return server::GetAck::kAck;
  if (mode == "reject_requeue_false") return server::GetAck::kReject;
  throw bad_request("unknown ackmode '" + mode + "'");
}

http::Response get_messages(const Call& call) {
  const json body = call.object();
  const BodyFields fields(body);
  fields.need({"ackmode", "count", "encoding"});
  const std::string encoding = fields.text("encoding");
  if (encoding != "auto" && encoding != "base64")
    throw bad_request("unsupported_encoding: " + encoding);
  const std::int64_t count = fields.number("count", 1);
  if (count < 0) throw bad_request("'count' is below 0");
  server::GetRequest request;
  request.count = static_cast<std::uint64_t>(count);
  request.ack = ack_of(fields.text("ackmode"));
  if (const std::int64_t cut = fields.number("truncate", -1); cut >= 0)
    request.body_bytes_max = static_cast<std::size_t>(cut);
  const auto messages = value_of(call.node().commands().get(
      call.actor(), call.parameter(0), call.parameter(1), request, patience(call)));
  json rows = json::array();
  for (const ReadMessage& message : messages)
    rows.push_back(message_row(message, encoding == "base64"));
  return json_answer(rows);
}

// ---- browsing. A place is written "<position>", or "<position>:<level>" on a priority's level.

server::MessagePlace place_of(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto position = whole_number(text.substr(0, colon));
  const auto level = colon == std::string_view::npos ? 0 : whole_number(text.substr(colon + 1));
  if (!position || !level || *level > UINT8_MAX)
    throw bad_request("'" + std::string(text) + "' is no message's position");
  return {*position, static_cast<std::uint8_t>(*level)};
}

std::string text_of_place(server::MessagePlace place) {
  std::string text = std::to_string(place.position);
  if (place.level != 0) text.append(":").append(std::to_string(place.level));
  return text;
}

http::Response browse(const Call& call) {
  server::BrowseRequest request;
  if (const std::string_view from = call.query("from"); !from.empty())
    request.after = place_of(from);
  for (const auto& [name, target] : {std::pair("count", &request.count)}) {
    if (call.query(name).empty()) continue;
    const auto number = whole_number(call.query(name));
    if (!number || *number == 0) throw bad_request("'count' is a number from 1 on");
    *target = *number;
  }
  if (const std::string_view cut = call.query("truncate"); !cut.empty()) {
    const auto number = whole_number(cut);
    if (!number) throw bad_request("'truncate' is a number");
    request.body_bytes_max = *number;
  }
  const auto browsed = value_of(call.node().commands().browse(
      call.actor(), call.parameter(0), call.parameter(1), request, patience(call)));
  json rows = json::array();
  for (const ReadMessage& message : browsed.messages) {
    json row = message_row(message, call.query("encoding") == "base64");
    row.erase("message_count");
    row["position"] = text_of_place(message.place);
    row["delivery_count"] = message.delivery_count;
    row["paged_out"] = message.paged_out;
    rows.push_back(std::move(row));
  }
  return json_answer(
      {{"messages", std::move(rows)}, {"ready", browsed.ready}, {"more", browsed.more}});
}

http::Response delete_message(const Call& call) {
  check(call.node().commands().delete_message(call.actor(), call.parameter(0), call.parameter(1),
                                              place_of(call.parameter(2)), patience(call)));
  return done_answer();
}

// ---- moving

const char* word_of(server::MoveEnd end) {
  switch (end) {
    case server::MoveEnd::kDone: return "done";
    case server::MoveEnd::kTargetFull: return "target_full";
    case server::MoveEnd::kGone: return "gone";
    case server::MoveEnd::kHeldMax: return "held_messages_max";
    case server::MoveEnd::kGivenUp: return "given_up";
    case server::MoveEnd::kNotDurable: break;
  }
  return "not_durable";
}

std::optional<std::uint64_t> count_of(const BodyFields& fields, const char* name) {
  if (!fields.has(name)) return std::nullopt;
  const std::int64_t count = fields.number(name, 0);
  if (count < 0) throw bad_request("'" + std::string(name) + "' is below 0");
  return static_cast<std::uint64_t>(count);
}

std::uint32_t rate_of(const BodyFields& fields) {
  const std::int64_t rate = fields.number("rate", 0);
  if (rate < 0 || rate > UINT32_MAX) throw bad_request("'rate' is out of range");
  return static_cast<std::uint32_t>(rate);
}

http::Response move(const Call& call) {
  const json body = call.object();
  const BodyFields fields(body);
  fields.need({"destination"});
  server::MoveRequest request;
  request.from = call.parameter(1);
  request.to = fields.text("destination");
  request.count = count_of(fields, "count");
  request.rate_max = rate_of(fields);
  if (fields.has("position")) {
    const json& position = *fields.find("position");
    request.place = place_of(position.is_string() ? position.get<std::string>()
                                                  : std::to_string(fields.number("position", 0)));
  }
  const auto outcome = value_of(
      call.node().commands().move(call.actor(), call.parameter(0), request, patience(call)));
  return json_answer({{"moved", outcome.moved}, {"end", word_of(outcome.end)}});
}

http::Response redrive(const Call& call) {
  const json body = call.object();
  const BodyFields fields(body);
  server::RedriveRequest request;
  request.queue = call.parameter(1);
  request.count = count_of(fields, "limit");
  request.rate_max = rate_of(fields);
  request.dry_run = fields.flag("dry_run", false);
  if (fields.has("fallback")) request.fallback = fields.text("fallback");
  const auto outcome = value_of(
      call.node().commands().redrive(call.actor(), call.parameter(0), request, patience(call)));
  json moved = json::object();
  std::uint64_t count = 0;
  for (const auto& [queue, messages] : outcome.moved) {
    moved[queue] = messages;
    count += messages;
  }
  return json_answer({{"moved", count},
                      {"by_queue", std::move(moved)},
                      {"source_gone", outcome.source_gone},
                      {"no_history", outcome.no_history},
                      {"refused", outcome.refused},
                      {"dry_run", request.dry_run},
                      {"end", word_of(outcome.end)}});
}

}  // namespace

void add_messages_routes(Routes& routes) {
  constexpr Need kHost = Need::kHost;
  routes.insert(
      routes.end(),
      {{"POST", "/api/exchanges/{vhost}/{exchange}/publish", kHost, publish,
        "Publishes a message, mandatory, and waits until it is safe.", "Publish", "Published"},
       {"POST", "/api/queues/{vhost}/{queue}/get", kHost, get_messages,
        "Takes messages from its head; ackmode says what becomes of them.", "Get", "Message[]"},
       {"GET", "/api/queues/{vhost}/{queue}/messages", kHost, browse,
        "Looks at messages without taking them: count of them, behind position from.", "",
        "Browsed"},
       {"DELETE", "/api/queues/{vhost}/{queue}/messages/{position}", kHost, delete_message,
        "Deletes one message that waits.", "", ""},
       {"POST", "/api/queues/{vhost}/{queue}/move", kHost, move,
        "Moves messages, count or all or the one at position, to another queue.", "Move", "Moved"},
       {"POST", "/api/queues/{vhost}/{queue}/redrive", kHost, redrive,
        "Sends dead letters back to the queues that they come from.", "Redrive", "Redriven"}});
}

}  // namespace harrier::management

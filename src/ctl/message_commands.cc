// Single messages of a queue: looking at them where they are, moving, redriving and deleting them.
#include <charconv>

#include "ctl/families.h"
#include "ctl/items.h"
#include "ctl/printable.h"
#include "ctl/session.h"
#include "ctl/target.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

std::uint64_t number(const Arguments& given, std::string_view name) {
  const std::string& text = given.text(name);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw Trouble(kExitUsage, std::string(name) + ": a whole number is needed");
  return value;
}

void browse_queue(Session& session) {
  const Arguments& given = session.arguments();
  std::string query = "count=" + std::to_string(number(given, "count"));
  if (given.has("from")) query += "&from=" + percent_encoded(given.text("from"));
  const Json answer = session.send(std::nullopt, query);
  const Json& list = answer.is_object() ? member(answer, "messages") : answer;
  session.print_table(table_of_members(list));
}

// As long as it takes, unless --timeout says else: the broker answers when it is done.
void wait_for_long_work(Session& session) {
  if (!session.settings().timeout_given)
    session.management().client().set_timeout(std::chrono::hours(24));
}

void move_messages(Session& session) {
  wait_for_long_work(session);
  const Arguments& given = session.arguments();
  Json body{{"destination", given.text("DESTINATION")}};
  if (given.has("count")) body["count"] = number(given, "count");
  session.print_outcome(session.send(body));
}

void redrive_queue(Session& session) {
  wait_for_long_work(session);
  const Arguments& given = session.arguments();
  Json body{{"dry_run", given.has("dry-run")}};
  if (given.has("rate")) body["rate"] = number(given, "rate");
  if (given.has("limit")) body["limit"] = number(given, "limit");
  session.print_outcome(session.send(body));
}

void publish_message(Session& session) {
  const Arguments& given = session.arguments();
  Json properties = Json::object();
  if (given.has("properties")) properties = parse_typed(given.text("properties"));
  const Json answer = session.send(Json{{"routing_key", given.text("ROUTING_KEY")},
                                        {"properties", properties},
                                        {"payload", given.text("PAYLOAD")},
                                        {"payload_encoding", "string"}});
  if (member(answer, "routed") != Json(true))
    throw Trouble(kExitUnavailable, "Message published but NOT routed");
  session.print("Message published");
}

constexpr std::string_view kNoQueue = "Queue not found";

}  // namespace

std::vector<Command> message_commands() {
  std::vector<Command> rows = {
      {.name = "browse_queue",
       .arguments = "QUEUE",
       .summary = "Shows waiting messages without consuming them",
       .call = "GET /api/queues/{vhost}/{QUEUE}/messages",
       .banner = "Browsing queue '{QUEUE}' in vhost '{vhost}' ...",
       .run = browse_queue,
       .flags = {{"--from", "POSITION", "where to begin; the head if it is left out"},
                 {"--count", "NUMBER", "how many at most", "20"}},
       .missing = kNoQueue},
      {.name = "delete_message",
       .arguments = "QUEUE POSITION",
       .summary = "Deletes one waiting message, by the position that browse_queue shows",
       .call = "DELETE /api/queues/{vhost}/{QUEUE}/messages/{POSITION}",
       .banner = "Deleting message {POSITION} of queue '{QUEUE}' in vhost '{vhost}' ...",
       .run = send_call,
       .missing = "Queue or message not found"},
      {.name = "move_messages",
       .arguments = "QUEUE DESTINATION",
       .summary = "Moves waiting messages to another queue of the virtual host",
       .call = "POST /api/queues/{vhost}/{QUEUE}/move",
       .banner = "Moving messages from queue '{QUEUE}' to queue '{DESTINATION}' in vhost "
                 "'{vhost}' ...",
       .run = move_messages,
       .flags = {{"--count", "NUMBER", "how many at most; all if it is left out"}},
       .missing = kNoQueue},
      {.name = "redrive_queue",
       .arguments = "QUEUE",
       .summary = "Sends dead-lettered messages back to where they came from",
       .call = "POST /api/queues/{vhost}/{QUEUE}/redrive",
       .banner = "Redriving queue '{QUEUE}' in vhost '{vhost}' ...",
       .run = redrive_queue,
       .flags = {{"--rate", "NUMBER", "messages a second at most"},
                 {"--limit", "NUMBER", "how many at most"},
                 {"--dry-run", "", "only says what would go where"}},
       .missing = kNoQueue},
      {.name = "publish_message",
       .arguments = "EXCHANGE ROUTING_KEY PAYLOAD",
       .summary = "Publishes one message; the default exchange is amq.default",
       .call = "POST /api/exchanges/{vhost}/{EXCHANGE}/publish",
       .run = publish_message,
       .flags = {{"--properties", "JSON", "an object: content_type, delivery_mode, headers …"}},
       .missing = "Exchange not found"},
  };
  for (Command& row : rows)
    row.family = Family::kMessages;
  return rows;
}

}  // namespace harrier::ctl

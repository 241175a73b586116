#include "ctl/session.h"

#include <charconv>

#include "ctl/items.h"
#include "ctl/printable.h"
#include "ctl/target.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

// One argument, or several as RabbitMQ shows them.
std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words)
    out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::string seconds(std::chrono::milliseconds time) {
  const auto count = time.count();
  return std::to_string(count / 1000) + "." + std::to_string(count % 1000 / 100);
}

}  // namespace

std::string Session::value(std::string_view name) {
  if (name == "vhost") return settings_.virtual_host;
  if (name == "node") return node();
  if (name == "program") return settings_.program;
  if (name == "timeout") return seconds(settings_.limits.timeout);
  if (name == "milliseconds") return std::to_string(settings_.limits.timeout.count());
  return joined(arguments_.all(name));
}

std::string Session::text(std::string_view pattern) {
  return expand(pattern, [this](std::string_view name) { return printable(value(name)); });
}

const std::string& Session::node() {
  if (!node_) {
    const Json overview = get("/api/overview", "columns=node");
    const Json& name = member(overview, "node");
    if (!name.is_string()) throw Trouble(kExitSoftware, "the broker does not tell its name");
    node_ = name.get<std::string>();
  }
  return *node_;
}

void Session::announce(std::string_view pattern) {
  const bool for_people = !settings_.format || settings_.format == Format::kTable ||
                          settings_.format == Format::kPrettyTable;
  if (!for_people || settings_.quiet || settings_.silent || pattern.empty()) return;
  streams_.out << text(pattern) << '\n';
}

void Session::say(std::string_view pattern) { print(text(pattern)); }

void Session::print(std::string_view text) { streams_.out << text << '\n'; }

void Session::print_json(const Json& value) {
  print(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void Session::print_table(const Table& table) {
  streams_.out << render(table, settings_.format.value_or(Format::kTable),
                         settings_.headers && !settings_.silent);
}

void Session::print_outcome(const Json& outcome) {
  if (!outcome.is_object() || outcome.empty()) return;
  if (wants_json()) {
    print_json(outcome);
    return;
  }
  for (const auto& [name, value] : outcome.items())
    print(printable(name) + ": " + table_text(value));
}

void Session::send_limits(std::string_view example) {
  const Json limits = parse_typed(arguments_.text("DEFINITION"));
  if (!limits.is_object())
    throw Trouble(kExitUnavailable, "a JSON object is needed, such as " + std::string(example));
  require_names();
  for (const auto& [name, value] : limits.items()) {
    Arguments limit = arguments_;
    limit.add("LIMIT", name);
    Session each(command_, limit, settings_, management_, streams_);
    each.send(Json{{"value", value}});
  }
}

Answer Session::ask(std::string_view method, std::string_view pattern,
                    const std::optional<Json>& body, std::string_view query) {
  std::string target =
      expand(pattern, [this](std::string_view name) { return percent_encoded(value(name)); });
  if (!query.empty()) target += "?" + std::string(query);
  Answer answer = management_.call(method, target, body);
  if (answer.status == 401 || answer.status == 403)
    throw Trouble(kExitNoPermission, "access refused: " + answer.reason());
  return answer;
}

bool Session::exists(std::string_view pattern) { return ask("GET", pattern).status != 404; }

void Session::require_names() {
  if (command_.call.find("{vhost}") != std::string_view::npos && !exists("/api/vhosts/{vhost}"))
    throw Trouble(kExitNoSuchObject, text("Virtual host '{vhost}' does not exist"));
  if (arguments_.has("USER") && command_.call.find("{USER}") != std::string_view::npos &&
      !exists("/api/users/{USER}"))
    throw Trouble(kExitNoSuchUser, text("User \"{USER}\" does not exist"));
}

void Session::require(const Answer& answer) {
  if (answer.ok()) return;
  if (answer.status == 404 || answer.status == 400) {
    require_names();
    if (answer.status == 404 && !command_.missing.empty())
      throw Trouble(static_cast<ExitCode>(command_.missing_exit), text(command_.missing));
  }
  if (answer.status == 405 || answer.status == 501)
    throw Trouble(kExitUnavailable, "this broker does not offer that: " + answer.reason());
  if (answer.status < 400)
    throw Trouble(kExitSoftware,
                  "an answer without meaning: HTTP status " + std::to_string(answer.status));
  throw Trouble(kExitUnavailable, answer.reason());
}

Json Session::call(std::string_view method, std::string_view pattern,
                   const std::optional<Json>& body) {
  Answer answer = ask(method, pattern, body);
  require(answer);
  return std::move(answer.body);
}

Json Session::get(std::string_view pattern, std::string_view query) {
  Answer answer = ask("GET", pattern, std::nullopt, query);
  require(answer);
  return std::move(answer.body);
}

Json Session::send(const std::optional<Json>& body, std::string_view query) {
  const std::size_t space = command_.call.find(' ');
  Answer answer = ask(command_.call.substr(0, space), command_.call.substr(space + 1), body, query);
  require(answer);
  return std::move(answer.body);
}

void list_items(Session& session) {
  const std::vector<Item> items =
      select_items(session.command().items, session.arguments().all("ITEM"));
  const std::string columns = columns_query(items);
  const Json list = session.send(std::nullopt, columns.empty() ? "" : "columns=" + columns);
  session.print_table(project(list, items));
}

void send_call(Session& session) { session.send(); }

bool is_running(Session& session) {
  return member(session.get("/api/nodes/{node}", "columns=running"), "running") == Json(true);
}

Json parse_typed(std::string_view text) {
  try {
    return parse_answer(text, "JSON decoding error: what was given");
  } catch (const Trouble& trouble) {
    throw Trouble(kExitUnavailable, trouble.what());
  }
}

}  // namespace harrier::ctl

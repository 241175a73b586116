// What operators ask of the node itself: reload, drain, stop, the log, its configuration.
#include "base/log.h"
#include "base/log_tail.h"
#include "management/body_fields.h"
#include "management/log_stream.h"
#include "management/route.h"
#include "server/commands.h"
#include "server/maintenance.h"

namespace harrier::management {
namespace {

using nlohmann::json;

Process& process_of(const Call& call) {
  if (call.ports().process == nullptr) throw unavailable("there is no configuration file to read");
  return *call.ports().process;
}

json json_of(const std::vector<Process::Change>& changes) {
  json list = json::array();
  for (const Process::Change& change : changes)
    list.push_back({{"key", change.key}, {"before", change.before}, {"after", change.after}});
  return list;
}

http::Response reload(const Call& call) {
  const Process::Reloaded reloaded = process_of(call).reload();
  if (!reloaded.outcome) throw bad_request(reloaded.outcome.failure().message);
  return json_answer({{"in_effect", json_of(reloaded.in_effect)},
                      {"waiting_for_restart", json_of(reloaded.waiting)}});
}

http::Response effective_configuration(const Call& call) {
  http::Response response;
  response.set("content-type", "application/yaml");
  response.body = process_of(call).effective_configuration();
  return response;
}

http::Response set_log_level(const Call& call) {
  const json body = call.object();
  const BodyFields fields(body);
  fields.need({"level"});
  const std::string level = fields.text("level");
  if (level == "debug") {
    base::set_log_level(base::LogLevel::kDebug);
  } else if (level == "info") {
    base::set_log_level(base::LogLevel::kInfo);
  } else if (level == "warning") {
    base::set_log_level(base::LogLevel::kWarning);
  } else if (level == "error") {
    base::set_log_level(base::LogLevel::kError);
  } else {
    throw bad_request("'level' is debug, info, warning or error");
  }
  return done_answer();
}

// Standard output is rotated by whoever reads it.
http::Response rotate_logs(const Call&) { return done_answer(); }

http::Response stop(const Call& call) {
  check(call.node().maintenance().stop(call.actor()));
  return done_answer();
}

http::Response drain(const Call& call) {
  const json body = call.object();
  const BodyFields fields(body);
  const std::int64_t seconds = fields.number("timeout", 30);
  const std::chrono::milliseconds most = call.ports().options.http.answer_timeout;
  if (seconds < 0 || std::chrono::seconds(seconds) >= most)
    throw bad_request("'timeout' is a number of seconds below limits.http.answer_timeout");
  const auto outcome = call.node().maintenance().drain(call.actor(), std::chrono::seconds(seconds),
                                                       [] { return false; });
  return json_answer({{"consumers_cancelled", outcome.consumers_cancelled},
                      {"connections_closed", outcome.connections_closed},
                      {"unacked_given_back", outcome.unacked}});
}

http::Response revive(const Call& call) {
  check(call.node().maintenance().revive(call.actor()));
  return done_answer();
}

http::Response follow_log(const Call& call) {
  auto stream = LogStream::open(call.ports().counters, call.ports().options.http.streams_max);
  if (!stream) throw unavailable("as many follow the log as may");
  http::Response response;
  response.set("content-type", "text/event-stream").set("cache-control", "no-store");
  response.compress = false;
  response.source = std::move(stream);
  return response;
}

}  // namespace

void add_operations_routes(Routes& routes) {
  constexpr Need kAdmin = Need::kAdministrator;
  routes.insert(
      routes.end(),
      {{"POST", "/api/reload", kAdmin, reload,
        "Reads the configuration again; tells what is in effect and what waits for a restart.", "",
        "Reloaded"},
       {"GET", "/api/config/effective", kAdmin, effective_configuration,
        "The configuration as YAML, secrets masked.", "", "Yaml"},
       {"PUT", "/api/log-level", kAdmin, set_log_level,
        "Sets the log's level until the next reload or start.", "LogLevel", ""},
       {"POST", "/api/rotate-logs", kAdmin, rotate_logs,
        "Does nothing: the log is standard output.", "", ""},
       {"POST", "/api/stop", kAdmin, stop, "Ends the node as SIGTERM does.", "", ""},
       {"PUT", "/api/drain", kAdmin, drain,
        "Takes the node out of service; timeout: seconds for what is unacknowledged.", "Drain",
        "Drained"},
       {"PUT", "/api/revive", kAdmin, revive, "Puts it back.", "", ""},
       {"GET", "/api/livelog", Need::kMonitor, follow_log,
        "The log as server-sent events, from now on.", "", "EventStream"}});
}

}  // namespace harrier::management

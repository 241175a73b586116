// Starting, stopping and running a node: waiting for it, draining it, its log, audit and quotas.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fstream>
#include <thread>

#include "ctl/families.h"
#include "ctl/items.h"
#include "ctl/printable.h"
#include "ctl/session.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kStartTime{300};
constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kLongestPause{1000};

Clock::time_point start_deadline(const Session& session) {
  const Settings& settings = session.settings();
  return Clock::now() +
         (settings.timeout_given ? settings.limits.timeout : std::chrono::milliseconds(kStartTime));
}

// Waits a little longer each time; throws once the deadline has passed.
class Patience {
 public:
  explicit Patience(Clock::time_point deadline) : deadline_(deadline) {}
  void pause(const std::string& what) {
    if (Clock::now() + pause_ > deadline_) throw Trouble(kExitTimeout, what + " took too long");
    std::this_thread::sleep_for(pause_);
    pause_ = std::min(2 * pause_, kLongestPause);
  }

 private:
  const Clock::time_point deadline_;
  std::chrono::milliseconds pause_ = kFirstPause;
};

bool is_there_and_running(Session& session) {
  try {
    return is_running(session);
  } catch (const Trouble& trouble) {
    // Not there yet, or there without an answer yet. Anything else will not mend itself.
    if (trouble.code() != kExitUnavailable && trouble.code() != kExitTimeout) throw;
    return false;
  }
}

bool process_lives(pid_t pid) { return kill(pid, 0) == 0 || errno == EPERM; }

pid_t parse_pid(const std::string& text) {
  long pid = 0;
  const char* const first = text.data() + std::min(text.find_first_not_of(" \n"), text.size());
  const auto [end, error] = std::from_chars(first, text.data() + text.size(), pid);
  if (error != std::errc() || pid <= 0 || pid > 1L << 22) return 0;
  return static_cast<pid_t>(pid);
}

void await_running(Session& session, Clock::time_point deadline, pid_t pid) {
  Patience patience(deadline);
  while (!is_there_and_running(session)) {
    if (pid != 0 && !process_lives(pid))
      throw Trouble(kExitUnavailable, "process " + std::to_string(pid) + " is not running");
    patience.pause("the start of the broker");
  }
}

void await_startup(Session& session) { await_running(session, start_deadline(session), 0); }

pid_t read_pid_file(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text);
  return parse_pid(text);
}

void wait(Session& session) {
  const Arguments& given = session.arguments();
  if (given.has("pid") == given.has("PIDFILE"))
    throw Trouble(kExitUsage, "either a pid file or --pid is needed");
  const Clock::time_point deadline = start_deadline(session);
  pid_t pid = 0;
  if (given.has("pid")) {
    pid = parse_pid(given.text("pid"));
    if (pid == 0) throw Trouble(kExitUsage, "--pid: a process id is needed");
  } else {
    session.announce("Waiting for pid file '{PIDFILE}' to appear");
    Patience patience(deadline);
    while ((pid = read_pid_file(given.text("PIDFILE"))) == 0)
      patience.pause("the pid file");
    if (!session.settings().quiet) session.print("pid is " + std::to_string(pid));
  }
  await_running(session, deadline, pid);
  if (!session.settings().quiet) session.say("The broker is running on node '{node}'");
}

void stop(Session& session) {
  const Arguments& given = session.arguments();
  pid_t pid = 0;
  if (given.has("PIDFILE")) {
    pid = read_pid_file(given.text("PIDFILE"));
    if (pid == 0) throw Trouble(kExitNoSuchObject, session.text("no process id in '{PIDFILE}'"));
  }
  try {
    session.announce("Stopping and halting node {node} ...");
    session.send(Json::object());
  } catch (const Trouble& trouble) {
    if (trouble.code() == kExitUnavailable && given.has("idempotent")) return;
    throw;
  }
  const bool until_gone = session.command().name == "shutdown";
  Patience patience(start_deadline(session));
  while (pid != 0 && process_lives(pid))
    patience.pause("the end of the broker");
  while (until_gone && is_there_and_running(session))
    patience.pause("the end of the broker");
}

void set_log_level(Session& session) {
  static constexpr std::string_view kLevels[] = {"debug", "info",     "warning",
                                                 "error", "critical", "none"};
  const std::string& level = session.arguments().text("LEVEL");
  if (std::ranges::find(kLevels, level) == std::end(kLevels))
    throw Trouble(kExitUnavailable, "level " + printable(level) +
                                        " is not supported. Try one of debug, info, warning, "
                                        "error, critical, none");
  session.announce("Setting log level to \"{LEVEL}\" ...");
  session.send(Json{{"level", level}});
}

void send_and_tell(Session& session) { session.print_outcome(session.send(Json::object())); }

void reload(Session& session) {
  const Json outcome = session.send(Json::object());
  if (session.wants_json()) {
    session.print_json(outcome);
    return;
  }
  for (const char* what : {"in_effect", "waiting_for_restart"}) {
    for (const Json& change : member(outcome, what))
      session.print(table_text(member(change, "key")) + ": " +
                    table_text(member(change, "before")) + " -> " +
                    table_text(member(change, "after")) +
                    (what == std::string_view("in_effect") ? "" : " (after a restart)"));
  }
}

void only_one_node(Session& session) {
  session.node();
  session.print(
      "Target node seems to be the only one in a single node cluster, the command does not apply");
}

// One table of virtual hosts and users; as JSON what the broker says.
void list_quotas(Session& session) {
  const Json quotas = session.send();
  if (session.wants_json()) return session.print_json(quotas);
  Json rows = Json::array();
  for (const auto& [list, kind] : {std::pair("vhosts", "vhost"), std::pair("users", "user")}) {
    for (const Json& quota : member(quotas, list))
      rows.push_back({{"kind", kind},
                      {"name", member(quota, kind)},
                      {"limits", member(quota, "limits")},
                      {"used", member(quota, "used")}});
  }
  session.print_table(table_of_members(rows));
}

void audit_log(Session& session) {
  const std::string& count = session.arguments().text("count");
  if (count.empty() || count.size() > 6 ||
      count.find_first_not_of("0123456789") != std::string::npos)
    throw Trouble(kExitUsage, "--count: a number is needed");
  const Json answer = session.send(std::nullopt, "count=" + count);
  session.print_table(table_of_members(answer.is_object() ? member(answer, "records") : answer));
}

// Says what is broken, and where.
void audit_verify(Session& session) {
  const Json report = session.send();
  const Json& broken = member(report, "broken");
  if (member(report, "whole") != Json(true))
    throw Trouble(kExitNoSuchObject,
                  "the audit log is broken: " + table_text(member(broken, "file")) + ":" +
                      table_text(member(broken, "line")) + ": " +
                      table_text(member(broken, "what")));
  if (session.wants_json()) {
    session.print_json(report);
    return;
  }
  for (const auto& [name, value] : report.items()) {
    if (!value.is_null()) session.print(printable(name) + ": " + table_text(value));
  }
}

std::vector<Command> of_its_life() {
  return {
      {.name = "await_startup",
       .summary = "Waits until the broker serves clients, 300 seconds unless --timeout says else",
       .call = "GET /api/nodes/{node}",
       .run = await_startup},
      {.name = "wait",
       .arguments = "[PIDFILE]",
       .summary = "Waits for a process to run and serve clients",
       .call = "GET /api/nodes/{node}",
       .run = wait,
       .flags = {{"-P,--pid", "PID", "the process, instead of a file that names it"}}},
      {.name = "stop",
       .arguments = "[PIDFILE]",
       .summary = "Stops the broker; with a pid file, waits for the process to end",
       .call = "POST /api/stop",
       .run = stop,
       .flags = {{"--idempotent", "", "well if there is no broker"}}},
      {.name = "shutdown",
       .summary = "Stops the broker and waits until it has gone",
       .call = "POST /api/stop",
       .run = stop,
       .flags = {{"--idempotent", "", "well if there is no broker"},
                 {"--wait", "", "accepted: it waits"}}},
      {.name = "drain",
       .summary = "Maintenance mode: no new clients, those that are there are closed",
       .call = "PUT /api/drain",
       .banner = "Will put node {node} into maintenance mode. The node will no longer serve any "
                 "client traffic!",
       .run = send_and_tell},
      {.name = "revive",
       .summary = "Ends maintenance mode",
       .call = "PUT /api/revive",
       .banner = "Will put node {node} back into regular operating mode. The node will again serve "
                 "client traffic and host primary queue replicas.",
       .run = send_and_tell},
      {.name = "await_online_quorum_plus_one",
       .summary = "Passes: with one node there is no majority to wait for",
       .call = "GET /api/overview",
       .run = only_one_node},
      {.name = "await_online_synchronized_mirror",
       .summary = "Passes: there are no mirrored queues",
       .call = "GET /api/overview",
       .run = only_one_node},
  };
}

std::vector<Command> of_its_settings() {
  return {
      {.name = "reload",
       .summary = "Reads configuration, certificates and definitions again",
       .call = "POST /api/reload",
       .banner = "Reloading the configuration of node {node} ...",
       .run = reload},
      {.name = "set_log_level",
       .arguments = "LEVEL",
       .summary = "debug, info, warning or error, until the next start or reload",
       .call = "PUT /api/log-level",
       .run = set_log_level},
      {.name = "rotate_logs",
       .summary = "Opens log files anew, after something else has moved them",
       .call = "POST /api/rotate-logs",
       .banner = "Rotating logs of node {node} ...",
       .run = send_and_tell},
      {.name = "list_quotas",
       .summary = "Lists the quotas of virtual hosts and users, and what is used of them",
       .call = "GET /api/quotas",
       .banner = "Listing quotas ...",
       .run = list_quotas},
      {.name = "audit_log",
       .summary = "Shows the latest records of the audit log",
       .call = "GET /api/audit",
       .banner = "Listing the audit log of node {node} ...",
       .run = audit_log,
       .flags = {{"--count", "NUMBER", "how many at most", "50"}}},
      {.name = "audit_verify",
       .summary = "Whether the audit log is as it was written; exit code 65 if it is not",
       .call = "GET /api/audit/verify",
       .banner = "Verifying the audit log of node {node} ...",
       .run = audit_verify},
  };
}

}  // namespace

std::vector<Command> node_commands() {
  std::vector<Command> rows = of_its_life();
  for (Command& row : of_its_settings())
    rows.push_back(std::move(row));
  for (Command& row : rows)
    row.family = Family::kNode;
  return rows;
}

}  // namespace harrier::ctl

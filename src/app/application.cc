#include "app/application.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string_view>
#include <utility>

#include <sys/resource.h>
#include <sys/wait.h>

#include "app/running_configuration.h"
#include "app/service_reporter.h"
#include "base/log.h"
#include "config/print_options.h"
#include "harrier/server.h"

namespace harrier::app {
namespace {

base::LogLevel log_level(LogLevelOption level) {
  switch (level) {
    case LogLevelOption::kDebug: return base::LogLevel::kDebug;
    case LogLevelOption::kInfo: return base::LogLevel::kInfo;
    case LogLevelOption::kWarning: return base::LogLevel::kWarning;
    case LogLevelOption::kError: break;
  }
  return base::LogLevel::kError;
}

// Every connection is a descriptor; the soft limit of most systems is for programs that need few.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// SIGTERM, SIGINT and SIGHUP are taken by sigwait() alone; threads made later inherit the mask.
// Writing to a closed socket is an error code, not a signal. Signals that mean something to other
// brokers must not end this one. As the first process of a container it inherits orphans, which the
// kernel buries if nobody asks for SIGCHLD.
sigset_t block_signals() {
  for (const int ignored : {SIGPIPE, SIGUSR1, SIGUSR2, SIGCHLD})
    std::signal(ignored, SIG_IGN);
  // Those that whoever became this process has left behind already.
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

}  // namespace

base::Result<config::Loaded> effective_options(const CommandLine& command_line,
                                               config::Environment environment) {
  base::Result<config::Loaded> loaded =
      config::load(command_line.config_file, std::move(environment));
  if (!loaded) return loaded;
  if (command_line.bind) loaded->options.amqp.bind = *command_line.bind;
  if (command_line.port) loaded->options.amqp.port = *command_line.port;
  if (command_line.data_dir) loaded->options.data_dir = *command_line.data_dir;
  return loaded;
}

namespace {

void configure_log(const LogOptions& options) {
  base::configure_log(log_level(options.level), options.format == LogFormatOption::kJson
                                                    ? base::LogFormat::kJson
                                                    : base::LogFormat::kText);
}

// The mask of --print-config is a password that everyone knows.
Outcome refuse_masked(const config::Loaded& loaded) {
  if (loaded.masked.empty()) return {};
  std::string message;
  for (const std::string& place : loaded.masked)
    message.append(message.empty() ? "" : "\n")
        .append(place)
        .append(": the mask of a secret, where the secret is needed");
  return Failure{FailureKind::kBadOptions, std::move(message)};
}

void refuse_reload(std::string_view reasons) {
  while (!reasons.empty()) {
    const std::string_view line = reasons.substr(0, reasons.find('\n'));
    reasons.remove_prefix(std::min(reasons.size(), line.size() + 1));
    base::log_warning("config", "not reloaded, everything stays as it was",
                      {{"reason", std::string(line)}});
  }
}

void report(const RunningConfiguration::Report& report) {
  for (const config::Change& change : report.in_effect)
    base::log_info("config", "in effect",
                   {{"key", change.path}, {"before", change.before}, {"now", change.after}});
  for (const config::Change& change : report.pending)
    base::log_warning("config", "waits for a restart",
                      {{"key", change.path}, {"running", change.before}, {"file", change.after}});
  base::log_info("server", "reloaded",
                 {{"in_effect", std::to_string(report.in_effect.size())},
                  {"waiting", std::to_string(report.pending.size())}});
}

std::string serving(const Server& server) {
  const auto at = [](std::uint16_t port) { return port == 0 ? "off" : std::to_string(port); };
  return "Serving: AMQP on port " + at(server.port()) + ", with TLS on " + at(server.tls_port()) +
         ", management on " + at(server.management_port()) + ", metrics on " +
         at(server.metrics_port());
}

// Everything or nothing; what happened is logged.
void reload(const CommandLine& command_line, const config::Environment& environment,
            RunningConfiguration& running, Server& server) {
  base::Result<config::Loaded> loaded = effective_options(command_line, environment);
  if (!loaded) return refuse_reload(loaded.error().message);
  if (const Outcome masked = refuse_masked(*loaded); !masked)
    return refuse_reload(masked.failure().message);
  Options& options = loaded->options;
  if (const Outcome reloaded = server.reload(options); !reloaded)
    return refuse_reload(reloaded.failure().message);
  // At the more talkative of both levels, so that whoever asks for either finds the report.
  const base::LogLevel before = log_level(running.applied().log.level);
  const base::LogLevel after = log_level(options.log.level);
  base::set_log_level(std::min(before, after));
  report(running.compare(options));
  base::set_log_level(after);
  running.adopt(std::move(options));
}

ExitCode show(const CommandLine& command_line, const config::Loaded& loaded) {
  for (const std::string& warning : loaded.warnings)
    std::fprintf(stderr, "warning: %s\n", warning.c_str());
  if (command_line.print_config) {
    std::fputs(config::effective_yaml(loaded).c_str(), stdout);
  } else {
    std::puts("The configuration is valid.");
  }
  return kExitOk;
}

}  // namespace

ExitCode exit_code(FailureKind kind) {
  switch (kind) {
    case FailureKind::kBadOptions: return kExitConfig;
    case FailureKind::kCorrupt: return kExitCorrupt;
    case FailureKind::kInUse: return kExitInUse;
    case FailureKind::kIoFailure: return kExitIoFailure;
    case FailureKind::kCannotListen:
    case FailureKind::kUnavailable: break;
  }
  return kExitUnavailable;
}

ExitCode run(const CommandLine& command_line) {
  const config::Environment environment = config::read_environment();
  base::Result<config::Loaded> loaded = effective_options(command_line, environment);
  if (!loaded) {
    std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
    return kExitConfig;
  }
  if (command_line.check_config || command_line.print_config) return show(command_line, *loaded);
  if (const Outcome masked = refuse_masked(*loaded); !masked) {
    std::fprintf(stderr, "%s\n", masked.failure().message.c_str());
    return kExitConfig;
  }
  configure_log(loaded->options.log);
  for (const std::string& warning : loaded->warnings)
    base::log_warning("config", warning);
  const sigset_t signals = block_signals();
  raise_descriptor_limit();

  Server server(loaded->options);
  RunningConfiguration running(std::move(loaded->options));
  ServiceReporter service(ServiceReporter::from_environment(),
                          [&server](auto patience) { return server.loops_turn(patience); });
  service.starting("Starting: recovering " + running.applied().data_dir);
  if (const Outcome started = server.start(); !started) {
    service.stopping("Not started: " + started.failure().message);
    base::log_error("server", started.failure().message);
    return exit_code(started.failure().kind);
  }
  service.ready(serving(server));
  int signal = 0;
  while (true) {
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) break;
    service.reloading();
    reload(command_line, environment, running, server);
    service.ready(serving(server));
  }
  base::log_info("server", "stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  service.stopping("Stopping: clients are told, messages are kept");
  server.stop();
  base::log_info("server", "stopped");
  return kExitOk;
}

}  // namespace harrier::app

#include "app/application.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string_view>
#include <utility>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/process_control.h"
#include "app/service_reporter.h"
#include "base/log.h"
#include "config/print_options.h"
#include "harrier/server.h"

namespace harrier::app {
namespace {

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

std::string serving(const Server& server) {
  const auto at = [](std::uint16_t port) { return port == 0 ? "off" : std::to_string(port); };
  return "Serving: AMQP on port " + at(server.port()) + ", with TLS on " + at(server.tls_port()) +
         ", management on " + at(server.management_port()) + ", metrics on " +
         at(server.metrics_port());
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
  ServiceReporter service(ServiceReporter::from_environment(),
                          [&server](auto patience) { return server.loops_turn(patience); });
  service.starting("Starting: recovering " + loaded->options.data_dir);
  ProcessControl control(command_line, environment, std::move(loaded).value(), server);
  server.serve_process(&control);
  server.on_stop_requested([] { ::kill(::getpid(), SIGTERM); });
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
    control.reload();
    service.ready(serving(server));
  }
  base::log_info("server", "stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  service.stopping("Stopping: clients are told, messages are kept");
  server.stop();
  base::log_info("server", "stopped");
  return kExitOk;
}

}  // namespace harrier::app

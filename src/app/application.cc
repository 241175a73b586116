#include "app/application.h"

#include <csignal>
#include <cstdio>

#include <sys/resource.h>

#include "base/log.h"
#include "config/load_options.h"
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
// Writing to a closed socket is an error code, not a signal.
sigset_t block_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

}  // namespace

base::Result<Options> effective_options(const CommandLine& command_line) {
  Options options;
  if (!command_line.config_file.empty()) {
    base::Result<Options> loaded = config::load_file(command_line.config_file);
    if (!loaded) return loaded;
    options = std::move(loaded).value();
  }
  if (command_line.bind) options.amqp.bind = *command_line.bind;
  if (command_line.port) options.amqp.port = *command_line.port;
  if (command_line.data_dir) options.data_dir = *command_line.data_dir;
  return options;
}

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
  base::Result<Options> options = effective_options(command_line);
  if (!options) {
    std::fprintf(stderr, "%s\n", options.error().message.c_str());
    return kExitConfig;
  }
  if (command_line.check_config) {
    std::puts("The configuration is valid.");
    return kExitOk;
  }
  base::configure_log(log_level(options->log.level), options->log.format == LogFormatOption::kJson
                                                         ? base::LogFormat::kJson
                                                         : base::LogFormat::kText);
  const sigset_t signals = block_signals();
  raise_descriptor_limit();

  Server server(std::move(options).value());
  if (const Outcome started = server.start(); !started) {
    base::log_error("server", started.failure().message);
    return exit_code(started.failure().kind);
  }
  int signal = 0;
  while (true) {
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) break;
    // What went wrong is logged, and changes nothing.
    (void)server.reload();
  }
  base::log_info("server", "stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  server.stop();
  base::log_info("server", "stopped");
  return kExitOk;
}

}  // namespace harrier::app

#include "app/process_control.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "config/print_options.h"

namespace harrier::app {
namespace {

void log_report(const RunningConfiguration::Report& report) {
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

std::vector<Process::Change> changes_of(const std::vector<config::Change>& changes) {
  std::vector<Process::Change> told;
  for (const config::Change& change : changes)
    told.push_back({change.path, change.before, change.after});
  return told;
}

}  // namespace

base::LogLevel log_level(LogLevelOption level) {
  switch (level) {
    case LogLevelOption::kDebug: return base::LogLevel::kDebug;
    case LogLevelOption::kInfo: return base::LogLevel::kInfo;
    case LogLevelOption::kWarning: return base::LogLevel::kWarning;
    case LogLevelOption::kError: break;
  }
  return base::LogLevel::kError;
}

Outcome refuse_masked(const config::Loaded& loaded) {
  if (loaded.masked.empty()) return {};
  std::string message;
  for (const std::string& place : loaded.masked)
    message.append(message.empty() ? "" : "\n")
        .append(place)
        .append(": the mask of a secret, where the secret is needed");
  return Failure{FailureKind::kBadOptions, std::move(message)};
}

Process::Reloaded ProcessControl::refuse(std::string reasons) {
  std::string_view rest = reasons;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    base::log_warning("config", "not reloaded, everything stays as it was",
                      {{"reason", std::string(line)}});
  }
  return {Failure{FailureKind::kBadOptions, std::move(reasons)}, {}, {}};
}

Process::Reloaded ProcessControl::reload() {
  const std::lock_guard lock(mutex_);
  base::Result<config::Loaded> loaded = effective_options(command_line_, environment_);
  if (!loaded) return refuse(loaded.error().message);
  if (const Outcome masked = refuse_masked(*loaded); !masked)
    return refuse(masked.failure().message);
  Options& options = loaded->options;
  if (const Outcome reloaded = server_.reload(options); !reloaded)
    return refuse(reloaded.failure().message);
  // At the more talkative of both levels, so that whoever asks for either finds the report.
  const base::LogLevel before = log_level(running_.applied().log.level);
  const base::LogLevel after = log_level(options.log.level);
  base::set_log_level(std::min(before, after));
  const RunningConfiguration::Report report = running_.compare(options);
  log_report(report);
  base::set_log_level(after);
  running_.adopt(options);
  loaded_ = std::move(loaded).value();
  return {{}, changes_of(report.in_effect), changes_of(report.pending)};
}

std::string ProcessControl::effective_configuration() {
  const std::lock_guard lock(mutex_);
  return config::effective_yaml(loaded_);
}

}  // namespace harrier::app

// The configuration of a running broker, and who may have it read again.
//
// Role:   made by run() beside the Server; SIGHUP and the management API ask for reloads.
// Model:  a reload is everything or nothing, and is logged.
// Thread: synchronized by mutex_, which is held during a reload.
#pragma once

#include <mutex>
#include <string>

#include "app/application.h"
#include "app/running_configuration.h"
#include "base/log.h"
#include "base/result.h"
#include "config/load_options.h"
#include "harrier/process.h"
#include "harrier/server.h"

namespace harrier::app {

base::LogLevel log_level(LogLevelOption level);
// The mask of --print-config is a password that everyone knows.
Outcome refuse_masked(const config::Loaded& loaded);

class ProcessControl final : public Process {
 public:
  // `loaded`: what the server was started with. REQUIRES that `server` outlives all calls.
  ProcessControl(CommandLine command_line, config::Environment environment, config::Loaded loaded,
                 Server& server)
      : command_line_(std::move(command_line)),
        environment_(std::move(environment)),
        server_(server),
        running_(loaded.options),
        loaded_(std::move(loaded)) {}

  Reloaded reload() override;
  std::string effective_configuration() override;

 private:
  Reloaded refuse(std::string reasons);

  const CommandLine command_line_;
  const config::Environment environment_;
  Server& server_;
  std::mutex mutex_;
  RunningConfiguration running_;
  config::Loaded loaded_;  // as it was read last
};

}  // namespace harrier::app

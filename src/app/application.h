// The program `harriermq`: configuration, log, server, signals.
//
// Role:   what main() does once the command line is parsed.
// Thread: compatible; run() blocks its thread, which waits for signals.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "config/load_options.h"
#include "harrier/result.h"

namespace harrier::app {

// The exit codes of sysexits.h that apply.
enum ExitCode : int {
  kExitOk = 0,
  kExitUsage = 64,
  kExitCorrupt = 65,      // data_dir is damaged
  kExitUnavailable = 69,  // cannot listen
  kExitInUse = 73,        // another broker has data_dir
  kExitIoFailure = 74,    // data_dir cannot be read or written
  kExitConfig = 78,
};

// What the command line said; it wins over the environment and the file.
struct CommandLine {
  std::string config_file;  // empty: built-in defaults
  std::optional<std::string> bind;
  std::optional<std::uint16_t> port;
  std::optional<std::string> data_dir;
  bool check_config = false;
  bool print_config = false;
};

// The settings that result; an error is for standard error and kExitConfig.
base::Result<config::Loaded> effective_options(const CommandLine& command_line,
                                               config::Environment environment);

// What start() failed with, for the service manager.
ExitCode exit_code(FailureKind kind);

// Runs until SIGTERM or SIGINT. REQUIRES that no other thread runs yet.
ExitCode run(const CommandLine& command_line);

}  // namespace harrier::app

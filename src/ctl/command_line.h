// The words a program was called with, as a command, its arguments and the settings.
//
// Role:   run_program() parses with it. Options may stand before the command, after it and between
//         its arguments, as with RabbitMQ's tools.
// Thread: pure function, but for the environment and password files.
// Errors: Trouble(kExitUsage), with RabbitMQ's words for too few and too many arguments;
//         kExitConfig for an address or a password file.
#pragma once

#include <string>
#include <vector>

#include "ctl/arguments.h"
#include "ctl/command.h"
#include "ctl/settings.h"

namespace harrier::ctl {

struct CommandLine {
  const Command* command = nullptr;
  Arguments arguments;
  Settings settings;
  bool help = false;
};

// `words` without the program's own name, which is line.settings.program. What was understood
// before an error is in `line`.
void parse_command_line(const std::vector<std::string>& words, CommandLine& line);

// -t and its like: "30", "0.5", "infinity". Throws Trouble(kExitUsage).
std::chrono::milliseconds parse_timeout(const std::string& text);

// The login for an address, of what was given besides the URI. An empty user is none.
void add_login(BrokerAddress& address, const std::string& user, const std::string* password);

}  // namespace harrier::ctl

// The rows of the table of commands, one function for each file that has some.
//
// Role:   command_table.cc joins them.
// Thread: pure functions.
#pragma once

#include <vector>

#include "ctl/command.h"

namespace harrier::ctl {

std::vector<Command> user_commands();
std::vector<Command> permission_commands();
std::vector<Command> virtual_host_commands();
std::vector<Command> policy_commands();
std::vector<Command> parameter_commands();
std::vector<Command> queue_commands();
std::vector<Command> message_commands();
std::vector<Command> connection_commands();
std::vector<Command> health_commands();
std::vector<Command> report_commands();
std::vector<Command> node_commands();
std::vector<Command> definition_commands();
std::vector<Command> plugin_commands();
std::vector<Command> program_commands();

}  // namespace harrier::ctl

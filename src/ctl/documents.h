// What is made of the table of commands besides the program: help, completion, a manual page and
// docs/reference/cli.md.
//
// Thread: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "ctl/command.h"

namespace harrier::ctl {

std::string help_overview(std::string_view program);
std::string help_of(const Command& command, std::string_view program);
// A script for bash, which knows the commands and their options.
std::string bash_completion();
// roff, for section 8.
std::string manual_page();
// Markdown.
std::string reference_page();

}  // namespace harrier::ctl

// All commands.
//
// Role:   the command line finds its row here; help, completion, manual and reference walk it.
// Thread: pure functions; made once.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/command.h"

namespace harrier::ctl {

const std::vector<Command>& command_table();

// The row a word means when `program` is given it: rabbitmq-plugins has short names of its own.
// Null if there is none.
const Command* find_command(std::string_view name, std::string_view program);

// The name most like a word that is none; empty if none is.
std::string similar_command(std::string_view word);

// Options that every command has.
std::span<const Flag> common_flags();

// "--if-empty" of "-e,--if-empty", and what Arguments calls it: "if-empty".
std::string flag_name(const Flag& flag);
std::string flag_key(const Flag& flag);

// An argument of a row.
struct Parameter {
  std::string name;
  bool optional = false;
  bool repeated = false;
};
std::vector<Parameter> parameters_of(const Command& command);

// "harrierctl [options] add_user [--pre-hashed-password] USER [PASSWORD]"
std::string usage_line(const Command& command, std::string_view program);

}  // namespace harrier::ctl

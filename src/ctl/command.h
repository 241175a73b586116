// One command: a row of the table that the command line, the help, the completion, the manual and
// docs/reference/cli.md are made of.
//
// Role:   each family of commands (user_commands.cc …) has its rows; command_table.h joins them.
// Model:  texts name what the user gave: {USER} an argument, {priority} an option, {vhost}, {node},
//         {timeout} and {program} what every command has. In `call` they are percent-encoded.
// Thread: immutable value.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace harrier::ctl {

class Session;

// An option of one command, or of all.
struct Flag {
  std::string_view name;   // "--priority"; "-q,--quiet"
  std::string_view value;  // what it takes, "NUMBER"; empty: nothing
  std::string_view meaning;
  std::string_view preset = {};  // its value if it is not given
};

// What RabbitMQ has the command in; harrierctl has them all.
enum class Family : std::uint8_t {
  kUsers,
  kPermissions,
  kVirtualHosts,
  kPolicies,
  kParameters,
  kQueues,
  kMessages,
  kConnections,
  kDiagnostics,
  kNode,
  kDefinitions,
  kPlugins,
  kProgram,
};

std::string_view family_title(Family family);

struct Command {
  std::string_view name;
  // "USER [PASSWORD] TAG...": in brackets what may be left out, with dots what may come often.
  std::string_view arguments = {};
  std::string_view summary;
  // "GET /api/users". Empty: no request, or several, which `summary` and the code tell.
  std::string_view call = {};
  // Said before anything is done, unless --quiet or a format for programs.
  std::string_view banner = {};
  // Columns, the usual ones before a bar: see items.h.
  std::string_view items = {};
  void (*run)(Session&);
  std::vector<Flag> flags = {};
  // Said, with the exit code, when the API knows neither the object nor which name is wrong.
  std::string_view missing = {};
  int missing_exit = 69;
  Family family = Family::kProgram;
  // Its name in rabbitmq-plugins, where that is another one.
  std::string_view plugins_name = {};
};

}  // namespace harrier::ctl

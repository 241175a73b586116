#include "ctl/command_table.h"

#include <algorithm>
#include <array>

#include "ctl/families.h"

namespace harrier::ctl {
namespace {

std::vector<Command> all_rows() {
  std::vector<Command> rows;
  for (const auto family :
       {user_commands, permission_commands, virtual_host_commands, policy_commands,
        parameter_commands, queue_commands, message_commands, connection_commands, health_commands,
        report_commands, node_commands, definition_commands, plugin_commands, program_commands}) {
    for (Command& row : family())
      rows.push_back(std::move(row));
  }
  return rows;
}

// Insertions, deletions and replacements from one word to the other.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::string_view family_title(Family family) {
  switch (family) {
    case Family::kUsers: return "Users";
    case Family::kPermissions: return "Permissions";
    case Family::kVirtualHosts: return "Virtual hosts";
    case Family::kPolicies: return "Policies";
    case Family::kParameters: return "Parameters and feature flags";
    case Family::kQueues: return "Queues, exchanges, bindings, consumers";
    case Family::kMessages: return "Messages";
    case Family::kConnections: return "Connections and channels";
    case Family::kDiagnostics: return "Checks and reports";
    case Family::kNode: return "The node";
    case Family::kDefinitions: return "Definitions";
    case Family::kPlugins: return "Plugins";
    case Family::kProgram: return "harrierctl itself";
  }
  return {};
}

const std::vector<Command>& command_table() {
  static const std::vector<Command> kRows = all_rows();
  return kRows;
}

const Command* find_command(std::string_view name, std::string_view program) {
  const std::vector<Command>& rows = command_table();
  if (program == "rabbitmq-plugins") {
    const auto found = std::ranges::find(rows, name, &Command::plugins_name);
    if (!name.empty() && found != rows.end()) return &*found;
  }
  const auto found = std::ranges::find(rows, name, &Command::name);
  return found == rows.end() ? nullptr : &*found;
}

std::string similar_command(std::string_view word) {
  if (word.size() > 64) return {};
  std::string_view best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const Command& row : command_table()) {
    if (const std::size_t steps = distance(word, row.name); steps < least) {
      least = steps;
      best = row.name;
    }
  }
  return std::string(best);
}

std::span<const Flag> common_flags() {
  static constexpr std::array kFlags = {
      Flag{"-q,--quiet", "", "no lines but results"},
      Flag{"-s,--silent", "", "no header of a table either"},
      Flag{"--formatter", "FORM", "table, pretty_table, csv or json"},
      Flag{"--no-table-headers", "", "no header of a table"},
      Flag{"-p,--vhost", "VHOST", "the virtual host", "/"},
      Flag{"-t,--timeout", "SECONDS", "for each request; exit code 75 after that", "60"},
      Flag{"--socket", "PATH",
           "the broker's socket; else HARRIERMQ_CTL_SOCKET, else /run/harriermq/ctl.sock"},
      Flag{"--uri", "URI", "http[s]://user:password@host:port instead of a socket"},
      Flag{"--user", "USER", "who to log in as"},
      Flag{"--password", "PASSWORD", "seen by all users of the machine: rather --password-file"},
      Flag{"--password-file", "FILE", "its first line is the password"},
      Flag{"--ca-file", "FILE", "PEM certificates to trust instead of the system's"},
      Flag{"--answer-bytes-max", "BYTES", "a larger answer is refused", "268435456"},
      Flag{"-n,--node", "NODE", "accepted and ignored: there is one node"},
      Flag{"-l,--longnames", "", "accepted and ignored"},
      Flag{"-h,--help", "", "shows what the command takes"},
  };
  return kFlags;
}

std::string flag_name(const Flag& flag) {
  return std::string(flag.name.substr(flag.name.rfind(',') + 1));
}

std::string flag_key(const Flag& flag) { return flag_name(flag).substr(2); }

std::vector<Parameter> parameters_of(const Command& command) {
  std::vector<Parameter> parameters;
  std::string_view text = command.arguments;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    std::string_view word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    Parameter parameter;
    if (word.ends_with("...")) {
      parameter.repeated = true;
      word.remove_suffix(3);
    }
    if (word.starts_with('[')) {
      parameter.optional = true;
      word = word.substr(1, word.size() - 2);
    }
    parameter.name = word;
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

std::string usage_line(const Command& command, std::string_view program) {
  const bool plugins = program == "rabbitmq-plugins" && !command.plugins_name.empty();
  std::string line(program);
  line += " [options] ";
  line += plugins ? command.plugins_name : command.name;
  for (const Flag& flag : command.flags) {
    line += " [" + flag_name(flag);
    if (!flag.value.empty()) line += " " + std::string(flag.value);
    line += "]";
  }
  if (!command.arguments.empty()) line += " " + std::string(command.arguments);
  return line;
}

}  // namespace harrier::ctl

#include "ctl/program.h"

#include <algorithm>
#include <array>
#include <ostream>

#include "ctl/admin_program.h"
#include "ctl/command_line.h"
#include "ctl/command_table.h"
#include "ctl/documents.h"
#include "ctl/items.h"
#include "ctl/printable.h"
#include "ctl/session.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

constexpr std::array kCompatible = {"rabbitmqctl",     "rabbitmq-diagnostics", "rabbitmq-plugins",
                                    "rabbitmq-queues", "rabbitmq-upgrade",     "rabbitmqadmin"};

std::string program_name(const std::string& called) {
  const std::string name = called.substr(called.rfind('/') + 1);
  const bool known = std::ranges::find(kCompatible, name) != kCompatible.end();
  return known ? name : "harrierctl";
}

void run_command(const CommandLine& line, Streams& streams) {
  const Command& command = *line.command;
  HttpClient client(line.settings.address, line.settings.limits);
  Management management(client);
  Session session(command, line.arguments, line.settings, management, streams);
  // Said before the banner, as RabbitMQ does with what can be seen without a broker.
  if (!command.items.empty()) select_items(command.items, line.arguments.all("ITEM"));
  session.announce(command.banner);
  command.run(session);
}

// Names in it are printable; line breaks are its own.
void tell(const Trouble& trouble, const CommandLine& line, Streams& streams) {
  if (trouble.code() != kExitUsage || line.command == nullptr ||
      std::string_view(trouble.what()) == line.command->missing) {
    streams.err << "Error:\n" << trouble.what() << '\n';
    return;
  }
  streams.err << "Error (argument validation): " << trouble.what() << "\n\nUsage\n\n"
              << usage_line(*line.command, line.settings.program) << '\n';
}

int run_ctl(const std::string& program, const std::vector<std::string>& words, Streams& streams) {
  CommandLine line;
  line.settings.program = program;
  try {
    parse_command_line(words, line);
    if (line.help) {
      streams.out << (line.command == nullptr ? help_overview(program)
                                              : help_of(*line.command, program));
      // Without a command nothing was done, unless help is what was asked for.
      return words.empty() ? kExitUsage : kExitOk;
    }
    run_command(line, streams);
  } catch (const Trouble& trouble) {
    streams.out.flush();
    tell(trouble, line, streams);
    return trouble.code();
  }
  return kExitOk;
}

}  // namespace

int run_program(const std::string& called, const std::vector<std::string>& words,
                Streams& streams) {
  const std::string program = program_name(called);
  int code = kExitSoftware;
  try {
    code =
        program == "rabbitmqadmin" ? run_admin(words, streams) : run_ctl(program, words, streams);
  } catch (const Json::exception& error) {
    // A member of another kind than the API says.
    streams.err << "Error:\nthe broker's answer is not what its API says: "
                << printable(error.what()) << '\n';
  } catch (const std::exception& error) {
    streams.err << "Error:\n" << printable(error.what()) << '\n';
  }
  streams.out.flush();
  if (code == kExitOk && !streams.out) {
    streams.err << "Error:\nstandard output cannot be written\n";
    return kExitIoFailure;
  }
  return code;
}

}  // namespace harrier::ctl

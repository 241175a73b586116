// Commands about the program itself, and the one expression of Erlang that scripts really use.
#include <optional>

#include "ctl/command_table.h"
#include "ctl/documents.h"
#include "ctl/families.h"
#include "ctl/printable.h"
#include "ctl/session.h"
#include "ctl/trouble.h"
#include "harrier/version.h"

namespace harrier::ctl {
namespace {

void help(Session& session) {
  const std::string& program = session.settings().program;
  if (!session.arguments().has("COMMAND")) {
    session.streams().out << help_overview(program);
    return;
  }
  const Command* command = find_command(session.arguments().text("COMMAND"), program);
  if (command == nullptr) throw Trouble(kExitUsage, session.text("Command '{COMMAND}' not found."));
  session.streams().out << help_of(*command, program);
}

// Who calls us rabbitmqctl compares the number with RabbitMQ's.
void version(Session& session) {
  session.print(session.settings().program == "harrierctl" ? kVersion : kCompatibleVersion);
}

void completion(Session& session) {
  if (session.arguments().text("SHELL") != "bash")
    throw Trouble(kExitUsage, "there is completion for bash only");
  session.streams().out << bash_completion();
}

void man(Session& session) { session.streams().out << manual_page(); }

void cli_reference(Session& session) { session.streams().out << reference_page(); }

// The next "…" of Erlang text from `at` on.
std::optional<std::string> next_string(std::string_view text, std::size_t& at) {
  const std::size_t open = text.find('"', at);
  if (open == std::string_view::npos) return std::nullopt;
  std::string out;
  for (std::size_t i = open + 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      at = i + 1;
      return out;
    }
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return std::nullopt;
}

// Puppet's module asks this way whether a password is right.
void eval(Session& session) {
  const std::string& expression = session.arguments().text("EXPRESSION");
  static constexpr std::string_view kKnown = "rabbit_access_control:check_user_pass_login(";
  std::size_t at = expression.find(kKnown);
  std::optional<std::string> user;
  std::optional<std::string> password;
  if (at != std::string::npos) {
    at += kKnown.size();
    user = next_string(expression, at);
    if (user) password = next_string(expression, at);
  }
  if (!password)
    throw Trouble(kExitUnavailable,
                  "there is no Erlang here to evaluate that; only "
                  "rabbit_access_control:check_user_pass_login(<<\"user\">>, <<\"password\">>). is "
                  "understood");
  const Answer answer =
      session.management().call("GET", "/api/whoami", std::nullopt, {}, Login{*user, *password});
  const std::string reason = answer.reason();
  const bool known =
      answer.ok() ||
      (answer.status == 401 && (reason == "Not management user" || reason == "Access refused."));
  if (answer.status != 401) session.require(answer);
  const std::string name = printable(*user);
  session.print(known ? "{ok,{user,<<\"" + name + "\">>,[],[]}}"
                      : "{refused,<<\"" + name + "\">>,\"user '~ts' - invalid credentials\",[<<\"" +
                            name + "\">>]}");
}

}  // namespace

std::vector<Command> program_commands() {
  return {
      {.name = "help",
       .arguments = "[COMMAND]",
       .summary = "Shows what there is, or what a command takes",
       .run = help},
      {.name = "version", .summary = "Prints the version of this program", .run = version},
      {.name = "completion",
       .arguments = "SHELL",
       .summary = "Prints a completion script: bash",
       .run = completion},
      {.name = "man", .summary = "Prints the manual page, as roff", .run = man},
      {.name = "cli_reference", .summary = "Prints docs/reference/cli.md", .run = cli_reference},
      {.name = "eval",
       .arguments = "EXPRESSION",
       .summary = "Understands the one expression that scripts use to try a password",
       .call = "GET /api/whoami",
       .run = eval},
  };
}

}  // namespace harrier::ctl

// One run of one command: what it was given, the broker it talks to, and what it prints.
//
// Role:   made by run_program(); a command's function does its work with it and returns, or throws.
// Thread: compatible.
// Errors: Trouble, with the exit code RabbitMQ's tools have for it. A refusal is looked into first:
//         whether the virtual host or the user is what is not there.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "ctl/arguments.h"
#include "ctl/command.h"
#include "ctl/management.h"
#include "ctl/settings.h"
#include "ctl/table.h"

namespace harrier::ctl {

class Session {
 public:
  Session(const Command& command, const Arguments& arguments, const Settings& settings,
          Management& management, Streams& streams)
      : command_(command),
        arguments_(arguments),
        settings_(settings),
        management_(management),
        streams_(streams) {}

  const Command& command() const { return command_; }
  const Arguments& arguments() const { return arguments_; }
  const Settings& settings() const { return settings_; }
  Streams& streams() { return streams_; }
  Management& management() { return management_; }

  // The broker's name for itself; asked for once.
  const std::string& node();

  // For people, and left out for programs and with --quiet. `text` is a pattern.
  void announce(std::string_view text);
  // The result, a line; a pattern, like announce()'s.
  void say(std::string_view text);
  void print(std::string_view text);
  void print_json(const Json& value);
  void print_table(const Table& table);
  // What the broker says of what it did: an object of numbers, or nothing.
  void print_outcome(const Json& outcome);
  // Of a user or a virtual host, each LIMIT of the object DEFINITION; `example` is of one.
  void send_limits(std::string_view example);
  bool wants_json() const { return settings_.format == Format::kJson; }

  // `pattern` with the names in braces as they are, made printable.
  std::string text(std::string_view pattern);

  // The command's own call, or `pattern`'s; throws unless it is granted.
  Json send(const std::optional<Json>& body = std::nullopt, std::string_view query = {});
  Json get(std::string_view pattern, std::string_view query = {});
  Json call(std::string_view method, std::string_view pattern,
            const std::optional<Json>& body = std::nullopt);
  // Any answer but one that denies access.
  Answer ask(std::string_view method, std::string_view pattern,
             const std::optional<Json>& body = std::nullopt, std::string_view query = {});
  // Throws what a refusal means.
  void require(const Answer& answer);
  // Throws if the virtual host of --vhost, or the user in the command's arguments, is not there.
  void require_names();

 private:
  std::string value(std::string_view name);
  bool exists(std::string_view pattern);

  const Command& command_;
  const Arguments& arguments_;
  const Settings& settings_;
  Management& management_;
  Streams& streams_;
  std::optional<std::string> node_;
};

// What most commands are.
// The list at `call`, with the columns asked for. The row's banner has been announced.
void list_items(Session& session);
// `call` without a body.
void send_call(Session& session);
// As the node itself says. Throws if it does not answer.
bool is_running(Session& session);

// JSON that the user typed. Throws Trouble(kExitUnavailable), RabbitMQ's exit code for it.
Json parse_typed(std::string_view text);

}  // namespace harrier::ctl

#include "ctl/documents.h"

#include <algorithm>

#include "ctl/command_table.h"
#include "ctl/exit_codes.h"
#include "harrier/version.h"

namespace harrier::ctl {
namespace {

std::vector<Family> families_in_order() {
  std::vector<Family> families;
  for (const Command& row : command_table()) {
    if (std::ranges::find(families, row.family) == families.end()) families.push_back(row.family);
  }
  return families;
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size() + 2, width), ' ');
  return text;
}

std::string flag_with_value(const Flag& flag) {
  std::string text(flag.name);
  std::ranges::replace(text, ',', ' ');
  if (const std::size_t space = text.find(' '); space != std::string::npos)
    text.replace(space, 1, ", ");
  if (!flag.value.empty()) text += " " + std::string(flag.value);
  return text;
}

std::string flag_lines(std::span<const Flag> flags) {
  std::string out;
  for (const Flag& flag : flags) {
    out += "  " + padded(flag_with_value(flag), 30) + std::string(flag.meaning);
    if (!flag.preset.empty()) out += " (" + std::string(flag.preset) + ")";
    out += "\n";
  }
  return out;
}

// A line of roff that is text, whatever it begins with or holds.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return out;
}

// Two or more items, the usual ones first.
std::string items_text(std::string_view items, std::string_view before, std::string_view after) {
  std::string out;
  bool usual = true;
  while (!items.empty()) {
    const std::size_t space = items.find(' ');
    std::string_view word = items.substr(0, space);
    items.remove_prefix(space == std::string_view::npos ? items.size() : space + 1);
    if (word == "|") {
      usual = false;
      continue;
    }
    word = word.substr(0, word.find_first_of("=!"));
    if (!out.empty()) out += ", ";
    if (usual) out += before;
    out += word;
    if (usual) out += after;
  }
  return out;
}

std::string markdown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '<' || c == '*' || c == '_') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string help_overview(std::string_view program) {
  std::string out =
      "Usage: " + std::string(program) + " [options] COMMAND [arguments]\n\nOptions:\n";
  out += flag_lines(common_flags());
  for (const Family family : families_in_order()) {
    out += "\n" + std::string(family_title(family)) + ":\n";
    for (const Command& row : command_table()) {
      if (row.family != family) continue;
      const bool plugins = program == "rabbitmq-plugins" && !row.plugins_name.empty();
      out += "  " + padded(std::string(plugins ? row.plugins_name : row.name), 38) +
             std::string(row.summary) + "\n";
    }
  }
  return out + "\n`" + std::string(program) + " help COMMAND` tells what a command takes.\n";
}

std::string help_of(const Command& command, std::string_view program) {
  std::string out = usage_line(command, program) + "\n\n" + std::string(command.summary) + ".\n";
  if (!command.flags.empty()) out += "\n" + flag_lines(command.flags);
  if (!command.items.empty())
    out += "\nColumns, those in brackets unless others are named: " +
           items_text(command.items, "[", "]") + "\n";
  if (!command.call.empty()) out += "\nRequest: " + std::string(command.call) + "\n";
  return out;
}

std::string bash_completion() {
  std::string names;
  std::string cases;
  for (const Command& row : command_table()) {
    names += (names.empty() ? "" : " ") + std::string(row.name);
    std::string words;
    for (const Flag& flag : row.flags)
      words += (words.empty() ? "" : " ") + flag_name(flag);
    for (std::string_view items = row.items; !items.empty();) {
      const std::size_t space = items.find(' ');
      const std::string_view word = items.substr(0, space);
      items.remove_prefix(space == std::string_view::npos ? items.size() : space + 1);
      if (word != "|")
        words += (words.empty() ? "" : " ") + std::string(word.substr(0, word.find_first_of("=!")));
    }
    if (!words.empty()) cases += "    " + std::string(row.name) + ") words=\"" + words + "\" ;;\n";
  }
  std::string common;
  for (const Flag& flag : common_flags())
    common += " " + flag_name(flag);
  return "# bash completion for harrierctl, made by `harrierctl completion bash`.\n"
         "_harrierctl() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} command= word words=\n"
         "  local commands=\"" +
         names +
         "\"\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case \" $commands \" in *\" $word \"*) command=$word; break ;; esac\n"
         "  done\n"
         "  case $command in\n"
         "    '') words=$commands ;;\n" +
         cases +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words" +
         common +
         "\" -- \"$current\"))\n"
         "}\n"
         "complete -F _harrierctl harrierctl rabbitmqctl rabbitmq-diagnostics rabbitmq-queues "
         "rabbitmq-upgrade\n";
}

std::string manual_page() {
  std::string out = ".TH HARRIERCTL 8 \"\" \"HarrierMQ " + std::string(kVersion) +
                    "\" \"HarrierMQ\"\n.SH NAME\nharrierctl \\- operates a HarrierMQ broker\n"
                    ".SH SYNOPSIS\n.B harrierctl\n[options] COMMAND [arguments]\n"
                    ".SH DESCRIPTION\nAsks the broker's management API, over its Unix domain "
                    "socket or by a URI. Called as\n.BR rabbitmqctl ,\n.BR rabbitmq\\-diagnostics "
                    ",\n.BR rabbitmq\\-plugins ,\n.BR rabbitmq\\-queues ,\n.B rabbitmq\\-upgrade\n"
                    "or\n.B rabbitmqadmin\nit takes their arguments.\n.SH OPTIONS\n";
  const auto flags = [](std::span<const Flag> rows) {
    std::string text;
    for (const Flag& flag : rows)
      text += ".TP\n.B " + roff(flag_with_value(flag)) + "\n" + roff(flag.meaning) +
              (flag.preset.empty() ? "" : " (" + roff(flag.preset) + ")") + "\n";
    return text;
  };
  out += flags(common_flags()) + ".SH COMMANDS\n";
  for (const Family family : families_in_order()) {
    out += ".SS " + roff(family_title(family)) + "\n";
    for (const Command& row : command_table()) {
      if (row.family != family) continue;
      out += ".TP\n.B " + roff(std::string(row.name) + " " + std::string(row.arguments)) + "\n" +
             roff(row.summary) + ".\n";
      if (!row.items.empty()) out += "Columns: " + roff(items_text(row.items, "[", "]")) + ".\n";
      if (!row.flags.empty()) out += ".RS\n" + flags(row.flags) + ".RE\n";
    }
  }
  out += ".SH EXIT STATUS\n";
  for (const ExitMeaning& exit : kExitMeanings)
    out += ".TP\n.B " + std::to_string(exit.code) + "\n" + roff(exit.meaning) + "\n";
  return out +
         ".SH ENVIRONMENT\n.TP\n.B HARRIERMQ_CTL_SOCKET\nthe broker's socket\n"
         ".SH FILES\n.TP\n.I /run/harriermq/ctl.sock\nthe broker's socket\n";
}

std::string reference_page() {
  std::string out =
      "# harrierctl\n\n"
      "Made from the table of commands by `script/cli-reference`; what it is like to use is in\n"
      "[operations/harrierctl.md](../operations/harrierctl.md).\n\n"
      "`harrierctl [options] COMMAND [arguments]`; options may stand anywhere.\n\n"
      "## Options of all commands\n\n| option | what it does | unless given |\n|---|---|---|\n";
  for (const Flag& flag : common_flags())
    out += "| `" + flag_with_value(flag) + "` | " + markdown(flag.meaning) + " | " +
           (flag.preset.empty() ? "" : "`" + std::string(flag.preset) + "`") + " |\n";
  out += "\n## Exit codes\n\n| code | meaning |\n|---|---|\n";
  for (const ExitMeaning& exit : kExitMeanings)
    out += "| " + std::to_string(exit.code) + " | " + markdown(exit.meaning) + " |\n";
  for (const Family family : families_in_order()) {
    out += "\n## " + std::string(family_title(family)) + "\n";
    for (const Command& row : command_table()) {
      if (row.family != family) continue;
      out += "\n### " + std::string(row.name) + "\n\n`" + std::string(row.name) +
             (row.arguments.empty() ? "" : " " + std::string(row.arguments)) +
             "`: " + markdown(row.summary) + ".";
      if (!row.plugins_name.empty())
        out += " `rabbitmq-plugins` calls it `" + std::string(row.plugins_name) + "`.";
      out += "\n";
      for (const Flag& flag : row.flags)
        out += "\n- `" + flag_with_value(flag) + "`: " + markdown(flag.meaning) +
               (flag.preset.empty() ? "" : " (`" + std::string(flag.preset) + "` unless given)");
      if (!row.flags.empty()) out += "\n";
      if (!row.items.empty())
        out += "\nColumns, those in bold unless others are named: " +
               items_text(row.items, "**`", "`**") + ".\n";
      if (!row.call.empty()) out += "\nRequest: `" + std::string(row.call) + "`\n";
    }
  }
  return out;
}

}  // namespace harrier::ctl

#include "ctl/command_line.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include <CLI/CLI.hpp>

#include "ctl/command_table.h"
#include "ctl/password_input.h"
#include "ctl/printable.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

constexpr std::size_t kWordsMax = 64;
constexpr std::chrono::hours kTimeoutMax{24};

bool takes_value(std::string_view word) {
  for (const Flag& flag : common_flags()) {
    if (flag.value.empty()) continue;
    std::string_view names = flag.name;
    while (!names.empty()) {
      const std::size_t comma = names.find(',');
      if (names.substr(0, comma) == word) return true;
      names.remove_prefix(comma == std::string_view::npos ? names.size() : comma + 1);
    }
  }
  return false;
}

// Where the command is: the first word that is neither an option nor an option's value.
std::size_t command_position(const std::vector<std::string>& words) {
  std::size_t i = 0;
  while (i < words.size() && words[i].starts_with('-'))
    i += takes_value(words[i]) ? 2 : 1;
  return std::min(i, words.size());
}

// One option of the table, on its way into `given`.
struct Parsed {
  const Flag* flag;
  std::string value;
  bool present = false;
  CLI::Option* option = nullptr;
};

void add_flags(CLI::App& app, std::span<const Flag> flags, std::span<const Flag> but,
               std::vector<Parsed>& parsed) {
  for (const Flag& flag : flags) {
    if (std::ranges::find(but, flag_name(flag), flag_name) != but.end()) continue;
    Parsed& entry = parsed.emplace_back();
    entry.flag = &flag;
    entry.option = flag.value.empty() ? app.add_flag(std::string(flag.name), entry.present)
                                      : app.add_option(std::string(flag.name), entry.value);
    // The last one given holds.
    entry.option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
}

Arguments given_flags(const std::vector<Parsed>& parsed) {
  Arguments given;
  for (const Parsed& entry : parsed) {
    if (entry.option->count() > 0)
      given.add(flag_key(*entry.flag), entry.value);
    else if (!entry.flag->preset.empty())
      given.add(flag_key(*entry.flag), std::string(entry.flag->preset));
  }
  return given;
}

void assign(const Command& command, const std::vector<std::string>& words, Arguments& arguments) {
  std::size_t next = 0;
  for (const Parameter& parameter : parameters_of(command)) {
    const std::size_t end = parameter.repeated ? words.size() : std::min(next + 1, words.size());
    if (next == end && !parameter.optional) throw Trouble(kExitUsage, "not enough arguments.");
    for (; next < end; ++next)
      arguments.add(parameter.name, words[next]);
  }
  if (next < words.size()) throw Trouble(kExitUsage, "too many arguments.");
}

std::size_t parse_bytes(const std::string& text) {
  std::size_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (error != std::errc() || end != text.data() + text.size() || bytes == 0)
    throw Trouble(kExitUsage, "--answer-bytes-max: a number of bytes is needed");
  return bytes;
}

void read_settings(const Arguments& common, bool vhost_given, bool timeout_given,
                   Settings& settings) {
  settings.quiet = common.has("quiet");
  settings.silent = common.has("silent");
  settings.headers = !common.has("no-table-headers");
  settings.virtual_host = common.text("vhost");
  settings.virtual_host_given = vhost_given;
  settings.limits.timeout = parse_timeout(common.text("timeout"));
  settings.timeout_given = timeout_given;
  settings.limits.answer_bytes_max = parse_bytes(common.text("answer-bytes-max"));
  if (common.has("formatter")) {
    settings.format = parse_format(common.text("formatter"));
    if (!settings.format)
      throw Trouble(kExitUsage, "--formatter: one of table, pretty_table, csv, json is needed");
  }
  if (common.has("uri") && common.has("socket"))
    throw Trouble(kExitUsage, "either --uri or --socket");
  if (common.has("uri")) {
    settings.address = parse_broker_uri(common.text("uri"));
  } else if (common.has("socket")) {
    settings.address.socket_path = common.text("socket");
  } else if (const char* path = std::getenv("HARRIERMQ_CTL_SOCKET");
             path != nullptr && *path != '\0') {
    settings.address.socket_path = path;
  }
  settings.address.ca_file = common.text_or("ca-file", "");
  std::optional<std::string> password;
  if (common.has("password-file"))
    password = read_password_file(common.text("password-file"));
  else if (common.has("password"))
    password = common.text("password");
  add_login(settings.address, common.text_or("user", ""), password ? &*password : nullptr);
}

}  // namespace

std::chrono::milliseconds parse_timeout(const std::string& text) {
  if (text == "infinity") return kTimeoutMax;
  double seconds = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || !(seconds >= 0))
    throw Trouble(kExitUsage, "--timeout: a number of seconds, or infinity, is needed");
  const double longest = std::chrono::duration<double>(kTimeoutMax).count();
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::min(seconds, longest) * 1000));
}

void add_login(BrokerAddress& address, const std::string& user, const std::string* password) {
  if (user.empty() && password == nullptr) return;
  if (!address.login) address.login.emplace();
  if (!user.empty()) address.login->user = user;
  if (password != nullptr) address.login->password = *password;
  if (address.login->user.empty())
    throw Trouble(kExitConfig, "a password without a user: --user is needed");
}

void parse_command_line(const std::vector<std::string>& words, CommandLine& line) {
  const std::size_t position = command_position(words);
  std::vector<std::string> rest = words;
  if (position < words.size()) {
    line.command = find_command(words[position], line.settings.program);
    if (line.command == nullptr) {
      const std::string similar = similar_command(words[position]);
      throw Trouble(kExitUsage, "Command '" + printable(words[position]) + "' not found." +
                                    (similar.empty() ? "" : " Did you mean '" + similar + "'?"));
    }
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(position));
  }
  CLI::App app;
  app.set_help_flag();
  std::vector<Parsed> common;
  std::vector<Parsed> own;
  common.reserve(common_flags().size());
  // A command's own --user is not the one to log in as.
  add_flags(app, common_flags(),
            line.command == nullptr ? std::span<const Flag>() : line.command->flags, common);
  if (line.command != nullptr) {
    own.reserve(line.command->flags.size());
    add_flags(app, line.command->flags, {}, own);
  }
  // One option for each word: CLI11 would take a list in brackets apart.
  std::vector<std::string> positionals(kWordsMax);
  std::vector<CLI::Option*> places;
  for (std::size_t i = 0; i < kWordsMax; ++i)
    places.push_back(app.add_option("word" + std::to_string(i), positionals[i]));
  std::reverse(rest.begin(), rest.end());
  try {
    app.parse(rest);
  } catch (const CLI::ExtrasError& error) {
    throw Trouble(kExitUsage,
                  std::string("unknown option, or too many arguments: ") + printable(error.what()));
  } catch (const CLI::ParseError& error) {
    throw Trouble(kExitUsage, printable(error.what()));
  }
  std::size_t count = 0;
  while (count < kWordsMax && places[count]->count() > 0)
    ++count;
  positionals.resize(count);

  const Arguments given = given_flags(common);
  line.help = given.has("help") || line.command == nullptr;
  if (line.help) return;
  line.arguments = given_flags(own);
  assign(*line.command, positionals, line.arguments);
  const auto was_given = [&](std::string_view key) {
    return std::ranges::any_of(common, [&](const Parsed& entry) {
      return entry.option->count() > 0 && flag_key(*entry.flag) == key;
    });
  };
  read_settings(given, was_given("vhost"), was_given("timeout"), line.settings);
}

}  // namespace harrier::ctl

// Definitions: users, virtual hosts, topology and policies as one JSON document.
#include <cerrno>
#include <cstring>
#include <fstream>
#include <istream>
#include <iterator>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/families.h"
#include "ctl/printable.h"
#include "ctl/session.h"
#include "ctl/trouble.h"

namespace harrier::ctl {
namespace {

constexpr std::size_t kDefinitionsBytesMax = 256u << 20;

std::string_view definitions_path(const Session& session) {
  return session.settings().virtual_host_given ? "/api/definitions/{vhost}" : "/api/definitions";
}

[[noreturn]] void cannot(const char* what, const std::string& path) {
  throw Trouble(kExitIoFailure, std::string("cannot ") + what + " " + printable(path) + ": " +
                                    std::strerror(errno));
}

// Whole or not at all, and for its owner only: there are password hashes in it.
void write_private_file(const std::string& path, std::string_view text) {
  const std::string made = path + ".new";
  unlink(made.c_str());
  const int file = open(made.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) cannot("create", made);
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      close(file);
      unlink(made.c_str());
      cannot("write", made);
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  const bool safe = fsync(file) == 0;
  if (close(file) != 0 || !safe || rename(made.c_str(), path.c_str()) != 0) {
    unlink(made.c_str());
    cannot("write", path);
  }
}

void export_definitions(Session& session) {
  const std::string& path = session.arguments().text("FILE");
  if (path != "-") session.announce("Exporting definitions in JSON to a file at \"{FILE}\" ...");
  const Json definitions = session.get(definitions_path(session));
  if (!definitions.is_object())
    throw Trouble(kExitSoftware, "the broker's answer is no definitions");
  const std::string text = definitions.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  if (path == "-")
    session.streams().out << text;
  else
    write_private_file(path, text);
}

std::string read_bounded(std::istream& in, const std::string& path) {
  std::string text;
  char chunk[64 * 1024];
  while (in.read(chunk, sizeof chunk) || in.gcount() > 0) {
    text.append(chunk, static_cast<std::size_t>(in.gcount()));
    if (text.size() > kDefinitionsBytesMax)
      throw Trouble(kExitNoSuchObject, printable(path) + " is too large");
  }
  return text;
}

void import_definitions(Session& session) {
  const std::string path = session.arguments().text_or("FILE", "-");
  std::string text;
  if (path == "-") {
    text = read_bounded(session.streams().in, "standard input");
  } else {
    std::ifstream file(path, std::ios::binary);
    struct stat found {};
    if (!file || stat(path.c_str(), &found) != 0 || S_ISDIR(found.st_mode))
      throw Trouble(kExitNoSuchObject,
                    "Bad argument: File " + printable(path) + " does not exist or cannot be read");
    text = read_bounded(file, path);
  }
  // Editors put it there, and JSON has no place for it.
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
  Json definitions;
  try {
    definitions = parse_answer(text, printable(path));
  } catch (const Trouble& trouble) {
    throw Trouble(kExitNoSuchObject, trouble.what());
  }
  if (path != "-") session.announce("Importing definitions in JSON from a file at \"{FILE}\" ...");
  session.require(session.ask("POST", definitions_path(session), definitions));
  if (!session.settings().silent) session.print("Definitions were imported");
}

}  // namespace

std::vector<Command> definition_commands() {
  const std::vector<Flag> format = {{"--format", "FORM", "accepted: json", "json"}};
  std::vector<Flag> import_flags = format;
  import_flags.push_back({"--skip-if-unchanged", "", "accepted: what is there already stays"});
  std::vector<Command> rows = {
      {.name = "export_definitions",
       .arguments = "FILE",
       .summary = "Writes definitions to a file, or with - to standard output; of one virtual host "
                  "if --vhost is given",
       .call = "GET /api/definitions",
       .run = export_definitions,
       .flags = format},
      {.name = "import_definitions",
       .arguments = "[FILE]",
       .summary = "Adds definitions from a file, or from standard input",
       .call = "POST /api/definitions",
       .run = import_definitions,
       .flags = import_flags},
  };
  for (Command& row : rows)
    row.family = Family::kDefinitions;
  return rows;
}

}  // namespace harrier::ctl

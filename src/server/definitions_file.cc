#include "server/definitions_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "base/log.h"

namespace harrier::server {
namespace {

constexpr std::size_t kLinesMax = 100;

base::Result<std::string> read_file(const std::string& path, std::uint64_t size_max) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    return base::fail(error ? error.message() : std::string("is no file"));
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::fail("cannot be opened");
  // One octet more than may be, so that the parser finds it too large.
  std::string text;
  constexpr std::size_t kPiece = 1 << 20;
  while (file && text.size() <= size_max) {
    const std::size_t before = text.size();
    text.resize(before + kPiece);
    file.read(text.data() + before, kPiece);
    text.resize(before + static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) return base::fail("cannot be read");
  return text;
}

void log_each(const char* message, const char* key, const std::vector<std::string>& lines) {
  for (std::size_t index = 0; index != std::min(lines.size(), kLinesMax); ++index)
    base::log_warning("definitions", message, {{key, lines[index]}});
  if (lines.size() > kLinesMax)
    base::log_warning("definitions", message,
                      {{key, std::to_string(lines.size() - kLinesMax) + " more"}});
}

}  // namespace

base::Result<std::optional<DefinitionsDocument>> read_configured_definitions(
    const Options& options) {
  using Read = std::optional<DefinitionsDocument>;
  const std::string& path = options.definition_file.load;
  if (path.empty()) return Read();
  const std::string where = "definitions.load: " + path + ": ";
  const std::uint64_t size_max = options.definitions.file_size_max;
  const auto text = read_file(path, size_max);
  if (!text.ok()) return base::fail(where + text.error().message);
  auto document = parse_definitions(*text, {.size_max = size_max});
  if (!document.ok()) return base::fail(where + document.error().message);
  return Read(std::move(document).value());
}

Outcome import_configured_definitions(DefinitionsTransfer& transfer, const Options& options,
                                      const DefinitionsDocument& document) {
  const std::string& path = options.definition_file.load;
  broker::Actor actor;
  actor.tags = {"administrator"};
  actor.protocol = "definitions.load";
  actor.peer = path;
  const DefinitionsImport done = transfer.import(document, actor);
  log_each("not read", "what", document.warnings);
  log_each("refused", "what", done.refused);
  base::log_info("definitions", "imported",
                 {{"file", path},
                  {"made", std::to_string(done.made)},
                  {"replaced", std::to_string(done.replaced.size())},
                  {"same", std::to_string(done.same)},
                  {"refused", std::to_string(done.refused.size())}});
  if (!done.failure) return {};
  const bool durable = done.failure->kind != AdministrationFailure::kNotDurable;
  return Failure{durable ? FailureKind::kBadOptions : FailureKind::kIoFailure,
                 "definitions.load: " + path + ": " + done.failure->message};
}

}  // namespace harrier::server

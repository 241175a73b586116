// The audit log: its last lines, and whether it is as it was written.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "audit/verification.h"
#include "management/route.h"
#include "server/translate.h"

namespace harrier::management {
namespace {

using nlohmann::json;

constexpr std::uint64_t kCountMax = 1'000;
// Of the file's end: what so many lines take, and no more.
constexpr std::uint64_t kReadMax = 4 << 20;

audit::AuditLog::Settings settings_of(const Call& call) {
  auto settings = server::audit_settings(call.ports().options);
  if (!settings.ok()) throw unavailable(settings.error().message);
  if (!*settings) throw not_found();
  return **std::move(settings);
}

std::string end_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw unavailable("the audit log cannot be read");
  const auto size = static_cast<std::uint64_t>(file.tellg());
  const std::uint64_t wanted = std::min(size, kReadMax);
  std::string text(wanted, '\0');
  file.seekg(static_cast<std::streamoff>(size - wanted));
  file.read(text.data(), static_cast<std::streamsize>(wanted));
  text.resize(static_cast<std::size_t>(file.gcount()));
  // What it begins with may be half a line.
  if (wanted != size) text.erase(0, text.find('\n') + 1);
  return text;
}

http::Response last_lines(const Call& call) {
  std::uint64_t count = 100;
  if (const std::string_view text = call.query("count"); !text.empty()) {
    count = whole_number(text).value_or(0);
    if (count == 0 || count > kCountMax)
      throw bad_request("'count' is a number from 1 to " + std::to_string(kCountMax));
  }
  const std::string text = end_of_file(settings_of(call).file.path);
  std::string_view rest = text;
  json lines = json::array();
  while (!rest.empty() && lines.size() < count) {
    rest.remove_suffix(rest.ends_with('\n') ? 1 : 0);
    const std::size_t before = rest.rfind('\n');
    const std::string_view line = before == std::string_view::npos ? rest : rest.substr(before + 1);
    json value = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (value.is_object()) lines.push_back(std::move(value));
    rest.remove_suffix(line.size());
  }
  // Oldest first, as in the file.
  std::reverse(lines.begin(), lines.end());
  return json_answer(lines);
}

std::vector<std::string> files_of(const std::string& path) {
  namespace fs = std::filesystem;
  std::vector<std::string> files{path};
  const std::string prefix = fs::path(path).filename().string() + ".";
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(fs::path(path).parent_path(), failed)) {
    const std::string name = entry.path().filename().string();
    // Its older ones are numbered; those put aside are another chain's.
    if (name.starts_with(prefix) &&
        name.find_first_not_of("0123456789", prefix.size()) == std::string::npos)
      files.push_back(entry.path().string());
  }
  return files;
}

json json_of(const std::optional<audit::VerificationReport::Finding>& finding) {
  if (!finding) return {};
  return {{"file", finding->file}, {"line", finding->line}, {"what", finding->what}};
}

http::Response verify(const Call& call) {
  const auto settings = settings_of(call);
  const auto report = audit::verify_files(files_of(settings.file.path), settings.file.seal);
  if (!report.ok()) throw unavailable(report.error().message);
  // The end of the newest file may be a write in progress.
  return json_answer({{"whole", !report->broken},
                      {"broken", json_of(report->broken)},
                      {"torn", json_of(report->torn)},
                      {"keyed", settings.file.seal.keyed()},
                      {"records", report->records},
                      {"first_sequence", report->first_sequence},
                      {"last_sequence", report->last_sequence},
                      {"last_hash", report->last_hash},
                      {"lost", report->lost},
                      {"mended", report->mended}});
}

}  // namespace

void add_audit_routes(Routes& routes) {
  routes.push_back({"GET", "/api/audit", Need::kAdministrator, last_lines,
                    "The last count (100, at most 1000) lines of the audit log.", "", "Any[]"});
  routes.push_back({"GET", "/api/audit/verify", Need::kAdministrator, verify,
                    "Whether all lines are as they were written.", "", "AuditReport"});
}

}  // namespace harrier::management

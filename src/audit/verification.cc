#include "audit/verification.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "audit/chain_file.h"

namespace harrier::audit {
namespace {

// Line by line, none longer than the limit.
class LineReader {
 public:
  enum class Kind : std::uint8_t { kLine, kTorn, kTooLong, kEnd };

  explicit LineReader(const std::string& path) : file_(path, std::ios::binary) {}

  bool open() const { return file_.is_open(); }
  const std::string& line() const { return line_; }
  std::uint64_t number() const { return number_; }

  Kind next() {
    line_.clear();
    auto* const buffer = file_.rdbuf();
    for (int octet = buffer->sbumpc(); octet != EOF; octet = buffer->sbumpc()) {
      if (line_.empty()) ++number_;
      if (octet == '\n') return Kind::kLine;
      if (line_.size() == ChainFile::kLineMax) return Kind::kTooLong;
      line_.push_back(static_cast<char>(octet));
    }
    return line_.empty() ? Kind::kEnd : Kind::kTorn;
  }

 private:
  std::ifstream file_;
  std::string line_;
  std::uint64_t number_ = 0;
};

struct File {
  std::string path;
  std::uint64_t first_sequence = UINT64_MAX;
};

class Walk {
 public:
  Walk(const Seal& seal, const std::optional<Anchor>& anchor) : seal_(seal), anchor_(anchor) {}

  base::Status<> read_file(const std::string& path, bool newest);
  // All files are read, or the report says why not.
  void end();
  bool goes_on() const { return !report.broken && !report.needs_key; }

  VerificationReport report;

 private:
  void take(const std::string& path, const LineReader& reader);
  std::string complaint_about(const Link& link) const;
  void fail(const std::string& path, std::uint64_t line, std::string what) {
    report.broken = {path, line, std::move(what)};
  }

  const Seal& seal_;
  const std::optional<Anchor>& anchor_;
  bool anchor_found_ = false;
  bool last_keyed_ = false;
};

base::Status<> Walk::read_file(const std::string& path, bool newest) {
  LineReader reader(path);
  if (!reader.open()) return base::fail(path + ": " + std::strerror(errno));
  while (goes_on()) {
    switch (reader.next()) {
      case LineReader::Kind::kLine: take(path, reader); continue;
      case LineReader::Kind::kTooLong:
        fail(path, reader.number(), "is too long for a line of an audit log");
        continue;
      case LineReader::Kind::kTorn:
        if (newest) {
          report.torn = {path, reader.number(), "has no end"};
        } else {
          fail(path, reader.number(), "has no end");
        }
        return base::Done{};
      case LineReader::Kind::kEnd: return base::Done{};
    }
  }
  return base::Done{};
}

std::string Walk::complaint_about(const Link& link) const {
  if (report.records == 0) {
    return link.sequence == 1 && link.previous != no_hash() ? "is the first, and names another"
                                                            : std::string();
  }
  if (link.sequence != report.last_sequence + 1)
    return "has number " + std::to_string(link.sequence) + " behind " +
           std::to_string(report.last_sequence);
  if (link.previous != report.last_hash) return "does not follow the line before it";
  if (last_keyed_ && !link.keyed) return "has no key, the line before it has";
  return {};
}

void Walk::take(const std::string& path, const LineReader& reader) {
  const auto link = seal_.read(reader.line());
  if (!link) return fail(path, reader.number(), link.error().message);
  if (link->keyed && !seal_.keyed()) {
    report.needs_key = true;
    return;
  }
  if (std::string complaint = complaint_about(*link); !complaint.empty())
    return fail(path, reader.number(), std::move(complaint));
  if (anchor_ && anchor_->sequence == link->sequence) {
    if (anchor_->hash != link->hash)
      return fail(path, reader.number(), "is not the record that was noted: its hash is another");
    anchor_found_ = true;
  }
  if (report.records == 0) report.first_sequence = link->sequence;
  ++report.records;
  report.last_sequence = link->sequence;
  report.last_hash = link->hash;
  if (!link->keyed) ++report.without_key;
  last_keyed_ = link->keyed;
  if (link->action == "audit.lost") report.lost += link->count;
  if (link->action == "audit.mended") ++report.mended;
}

void Walk::end() {
  if (!goes_on()) return;
  if (report.records == 0) return fail({}, 0, "there is no record");
  if (anchor_ && !anchor_found_)
    return fail({}, 0, "record " + std::to_string(anchor_->sequence) + " is not in these files");
  if (seal_.keyed() && !last_keyed_) fail({}, 0, "the lines have no key, though there is one");
}

}  // namespace

std::optional<Anchor> Anchor::parse(const std::string& text) {
  Anchor anchor;
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const char* const end = text.data() + colon;
  const auto [stop, error] = std::from_chars(text.data(), end, anchor.sequence);
  anchor.hash = text.substr(colon + 1);
  if (error != std::errc() || stop != end || anchor.hash.size() != no_hash().size() ||
      anchor.hash.find_first_not_of("0123456789abcdef") != std::string::npos)
    return std::nullopt;
  return anchor;
}

base::Result<VerificationReport> verify_files(const std::vector<std::string>& paths,
                                              const Seal& seal,
                                              const std::optional<Anchor>& anchor) {
  std::vector<File> files;
  for (const std::string& path : paths) {
    LineReader reader(path);
    if (!reader.open()) return base::fail(path + ": " + std::strerror(errno));
    if (std::filesystem::is_directory(path)) return base::fail(path + ": is a directory");
    File file{path};
    const LineReader::Kind kind = reader.next();
    // An empty file is one that was begun a moment ago.
    if (kind == LineReader::Kind::kEnd) continue;
    if (const auto link = seal.read(reader.line()); link) file.first_sequence = link->sequence;
    files.push_back(std::move(file));
  }
  std::stable_sort(files.begin(), files.end(), [](const File& a, const File& b) {
    return a.first_sequence < b.first_sequence;
  });
  Walk walk(seal, anchor);
  for (std::size_t i = 0; i != files.size() && walk.goes_on(); ++i)
    if (auto read = walk.read_file(files[i].path, i + 1 == files.size()); !read)
      return base::fail(std::move(read).error());
  walk.end();
  return std::move(walk.report);
}

}  // namespace harrier::audit

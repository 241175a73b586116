#include "journal/node_identity.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/crc32c.h"

namespace harrier::journal {
namespace {

constexpr std::string_view kFile = "node";
constexpr std::string_view kNewFile = "node.new";
constexpr std::size_t kFileBytesMax = 4096;
constexpr std::uint64_t kVersion = 1;
constexpr std::string_view kTitle = "harriermq node\n";

base::Failure<NodeError> fail_as(NodeFailure kind, std::string message) {
  return base::fail(NodeError{kind, std::move(message)});
}
base::Failure<NodeError> fail_io(const IoError& error) {
  return fail_as(NodeFailure::kIo, error.message);
}

std::string hex(std::uint64_t number, int digits) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
    text.push_back(kDigits[(number >> shift) & 15]);
  return text;
}

// A random one, version 4 of RFC 4122.
std::string make_uuid(base::RandomSource& random) {
  const std::uint64_t high = (random.next() & ~0xF000ULL) | 0x4000;
  const std::uint64_t low = (random.next() & ~(3ULL << 62)) | (2ULL << 62);
  return hex(high >> 32, 8) + "-" + hex(high >> 16, 4) + "-" + hex(high, 4) + "-" +
         hex(low >> 48, 4) + "-" + hex(low, 12);
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

std::string text_of(const NodeIdentity& identity) {
  std::string text(kTitle);
  text += "version " + std::to_string(kVersion) + "\nmin_reader 1\nuuid " + identity.uuid +
          "\nepoch " + std::to_string(identity.epoch) + "\n";
  return text + "crc32c " + hex(base::crc32c(text), 8) + "\n";
}

// Takes "<name> <value>\n" off the front of `text`.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view name) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(name) || end <= name.size() ||
      text[name.size()] != ' ')
    return std::nullopt;
  const std::string_view value = text.substr(name.size() + 1, end - name.size() - 1);
  text.remove_prefix(end + 1);
  return value;
}

std::optional<std::uint64_t> take_number(std::string_view& text, std::string_view name) {
  const auto value = take_line(text, name);
  std::uint64_t number = 0;
  if (!value) return std::nullopt;
  const auto parsed = std::from_chars(value->data(), value->data() + value->size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != value->data() + value->size()) return std::nullopt;
  return number;
}

base::Result<NodeIdentity, NodeError> parse(const std::string& contents) {
  const auto damaged = [] {
    return fail_as(NodeFailure::kDamaged,
                   "the file `node` is damaged (from offset 0): its checksum or its form is wrong; "
                   "it holds the node's uuid and its count of starts; a backup has it");
  };
  std::string_view text = contents;
  const std::size_t sum_at = text.rfind("crc32c ");
  if (!text.starts_with(kTitle) || sum_at == std::string_view::npos ||
      text.substr(sum_at) != "crc32c " + hex(base::crc32c(text.substr(0, sum_at)), 8) + "\n")
    return damaged();
  text.remove_prefix(kTitle.size());
  const auto version = take_number(text, "version");
  const auto min_reader = take_number(text, "min_reader");
  if (!version || !min_reader) return damaged();
  if (*min_reader > kVersion)
    return fail_as(NodeFailure::kForeign,
                   "the data directory has version " + std::to_string(*version) +
                       ", written by a newer HarrierMQ; this one reads up to version " +
                       std::to_string(kVersion));
  const auto uuid = take_line(text, "uuid");
  const auto epoch = take_number(text, "epoch");
  if (!uuid || !is_uuid(*uuid) || !epoch || *epoch == 0) return damaged();
  return NodeIdentity{std::string(*uuid), *epoch, *epoch};
}

IoStatus replace(FileSystem& files, const NodeIdentity& identity) {
  auto removed = files.remove(kNewFile);
  if (!removed.ok() && !removed.error().is_not_found()) return removed;
  auto file = files.open(kNewFile, OpenMode::kCreate);
  if (!file.ok()) return base::fail(std::move(file).error());
  const std::string text = text_of(identity);
  const base::Bytes bytes = text;
  if (auto done = (*file)->write_at(0, {&bytes, 1}); !done.ok()) return done;
  if (auto done = (*file)->sync_contents(); !done.ok()) return done;
  if (auto done = files.rename(kNewFile, kFile); !done.ok()) return done;
  return files.sync_directory("");
}

// What a directory of ours may hold before it has its `node`.
base::Status<NodeError> check_empty(FileSystem& files) {
  auto names = files.list("");
  if (!names.ok()) return fail_io(names.error());
  for (const std::string& name : *names) {
    if (name == "LOCK" || name == kNewFile || name == "lost+found") continue;
    return fail_as(NodeFailure::kForeign,
                   "the data directory has no file `node` and is not empty (it holds " + name +
                       "): it is not HarrierMQ's, or incomplete");
  }
  return base::Done{};
}

}  // namespace

base::Result<NodeIdentity, NodeError> read_identity(FileSystem& files) {
  auto file = files.open(kFile, OpenMode::kRead);
  if (!file.ok()) {
    return fail_as(file.error().is_not_found() ? NodeFailure::kForeign : NodeFailure::kIo,
                   file.error().message);
  }
  std::string contents(kFileBytesMax, '\0');
  auto got = (*file)->read_at(0, contents.data(), contents.size());
  if (!got.ok()) return fail_io(got.error());
  contents.resize(*got);
  return parse(contents);
}

base::Result<NodeIdentity, NodeError> load_or_create_identity(FileSystem& files,
                                                              base::RandomSource& random,
                                                              std::string_view expendable) {
  auto names = files.list("");
  if (!names.ok()) return fail_io(names.error());
  NodeIdentity identity;
  if (std::find(names->begin(), names->end(), kFile) != names->end()) {
    auto known = read_identity(files);
    if (!known.ok()) return known;
    identity = *std::move(known);
  } else {
    if (auto empty = check_empty(files); !empty.ok()) return base::fail(std::move(empty).error());
    identity.uuid = make_uuid(random);
  }
  identity.previous_epoch = identity.epoch;
  ++identity.epoch;
  auto done = replace(files, identity);
  if (!done.ok() && done.error().is_out_of_space() && !expendable.empty() &&
      files.remove(expendable).ok())
    done = replace(files, identity);
  if (!done.ok()) return fail_io(done.error());
  return identity;
}

}  // namespace harrier::journal

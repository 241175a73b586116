#include "journal/segment_files.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace harrier::journal {
namespace {

constexpr std::string_view kSuffix = ".seg";
constexpr std::string_view kHalfMadeSuffix = ".new";
constexpr std::size_t kZeroBytes = 256 << 10;

constexpr std::array<char, kZeroBytes> kZeros{};

std::string half_made_path(std::uint32_t file) {
  std::string path = segment_path(file);
  path.resize(path.size() - kSuffix.size());
  return path.append(kHalfMadeSuffix);
}

IoStatus make_half(FileSystem& files, std::uint32_t file, std::uint64_t file_bytes) {
  const std::string half_made = half_made_path(file);
  auto made = files.open(half_made, OpenMode::kCreate);
  if (!made.ok()) return base::fail(std::move(made).error());
  if (auto done = write_zeros(**made, 0, file_bytes); !done.ok()) return done;
  if (auto done = (*made)->sync_contents(); !done.ok()) return done;
  return files.rename(half_made, segment_path(file));
}

}  // namespace

std::string segment_path(std::uint32_t file) {
  std::string name = std::to_string(file);
  if (name.size() < 2) name.insert(0, 1, '0');
  return std::string(kJournalFolder).append("/").append(name).append(kSuffix);
}

std::optional<std::uint32_t> file_of_segment_name(std::string_view name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  std::uint32_t file = 0;
  const char* const end = name.data() + name.size() - kSuffix.size();
  const auto parsed = std::from_chars(name.data(), end, file);
  if (parsed.ec != std::errc() || parsed.ptr != end || file >= kSegmentsMax) return std::nullopt;
  // "7.seg" and "007.seg" are not ours.
  if (segment_path(file).substr(kJournalFolder.size() + 1) != name) return std::nullopt;
  return file;
}

IoResult<std::vector<std::uint32_t>> list_segment_files(FileSystem& files) {
  auto names = files.list(kJournalFolder);
  std::vector<std::uint32_t> found;
  if (!names.ok()) {
    if (names.error().is_not_found()) return found;
    return base::fail(std::move(names).error());
  }
  for (const std::string& name : *names) {
    if (const auto file = file_of_segment_name(name)) found.push_back(*file);
  }
  std::sort(found.begin(), found.end());
  return found;
}

IoStatus make_segment_files(FileSystem& files, const std::vector<std::uint32_t>& wanted,
                            std::uint64_t file_bytes) {
  if (auto done = files.make_directory(kJournalFolder); !done.ok()) return done;
  if (auto done = files.sync_directory(""); !done.ok()) return done;
  auto names = files.list(kJournalFolder);
  if (!names.ok()) return base::fail(std::move(names).error());
  for (const std::string& name : *names) {
    if (!std::string_view(name).ends_with(kHalfMadeSuffix)) continue;
    const std::string path = std::string(kJournalFolder).append("/").append(name);
    if (auto done = files.remove(path); !done.ok()) return done;
  }
  auto present = list_segment_files(files);
  if (!present.ok()) return base::fail(std::move(present).error());
  for (const std::uint32_t file : wanted) {
    if (std::binary_search(present->begin(), present->end(), file)) continue;
    if (auto done = make_half(files, file, file_bytes); !done.ok()) return done;
  }
  // Also when nothing was made: the names may be from a start that did not get this far.
  return files.sync_directory(kJournalFolder);
}

IoStatus write_zeros(File& file, std::uint64_t offset, std::uint64_t bytes) {
  while (bytes > 0) {
    const std::uint64_t size = std::min<std::uint64_t>(bytes, kZeroBytes);
    const base::Bytes zeros(kZeros.data(), size);
    if (auto done = file.write_at(offset, {&zeros, 1}); !done.ok()) return done;
    offset += size;
    bytes -= size;
  }
  return base::Done{};
}

}  // namespace harrier::journal

#include "server/resource_readings.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <limits>
#include <string_view>

#include <sys/statvfs.h>
#include <unistd.h>

namespace harrier::server {
namespace {

constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kDiskFloor = std::uint64_t{2} << 30;

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_not_of('/') == std::string::npos
                                ? std::string::npos
                                : path.rfind('/', path.find_last_not_of('/'));
  if (slash == std::string::npos) return path.starts_with('/') ? "/" : ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A limit's file; "max", or no such file, is none.
std::uint64_t limit_in(const std::string& file_name) {
  std::ifstream file(file_name);
  std::string word;
  file >> word;
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), bytes);
  return error == std::errc() && end == word.data() + word.size() ? bytes : kNone;
}

// The limits of a group and of all above it: each of them counts. In a container the group's own
// path often does not exist, the mounted root is the group.
std::uint64_t limit_of_group(const std::string& root, std::string group, const char* file_name) {
  std::uint64_t least = limit_in(root + "/" + file_name);
  for (; !group.empty() && group != "/"; group.resize(group.rfind('/'))) {
    if (!group.starts_with('/')) break;
    least = std::min(least, limit_in(root + group + "/" + file_name));
  }
  return least;
}

bool names_memory(std::string_view controllers) {
  while (!controllers.empty()) {
    const std::size_t comma = controllers.find(',');
    if (controllers.substr(0, comma) == "memory") return true;
    if (comma == std::string_view::npos) break;
    controllers.remove_prefix(comma + 1);
  }
  return false;
}

// Lines of /proc/self/cgroup are "number:controllers:path"; version 2 has number 0 and no
// controllers.
std::uint64_t control_group_limit(const MemoryPaths& paths) {
  std::ifstream file(paths.proc + "/self/cgroup");
  std::uint64_t least = kNone;
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty()) {
      least = std::min(least, limit_of_group(paths.cgroup, group, "memory.max"));
    } else if (names_memory(controllers)) {
      least = std::min(
          least, limit_of_group(paths.cgroup + "/memory", group, "memory.limit_in_bytes"));
    }
  }
  return least;
}

std::uint64_t physical_bytes(const MemoryPaths& paths) {
  std::ifstream file(paths.proc + "/meminfo");
  std::string name, unit;
  std::uint64_t amount = 0;
  while (file >> name >> amount) {
    if (name == "MemTotal:") return amount << 10;
    std::getline(file, unit);
  }
  return kNone;
}

}  // namespace

std::optional<DiskSpace> disk_space(const std::string& path) {
  struct statvfs space {};
  std::string place = path;
  while (::statvfs(place.c_str(), &space) != 0) {
    const std::string parent = parent_of(place);
    if (errno != ENOENT || parent == place) return std::nullopt;
    place = parent;
  }
  // f_frsize is the unit of the counts; f_bsize is only what is best to read.
  const std::uint64_t unit = space.f_frsize;
  return DiskSpace{.total = space.f_blocks * unit, .free = space.f_bavail * unit};
}

std::optional<std::uint64_t> resident_bytes(const MemoryPaths& paths) {
  std::ifstream file(paths.proc + "/self/statm");
  std::uint64_t total = 0, resident = 0, of_files = 0;
  if (!(file >> total >> resident >> of_files)) return std::nullopt;
  static const auto kPage = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return (resident - std::min(resident, of_files)) * kPage;
}

std::optional<std::uint64_t> memory_limit(const MemoryPaths& paths) {
  const std::uint64_t least = std::min(physical_bytes(paths), control_group_limit(paths));
  if (least == kNone) return std::nullopt;
  return least;
}

std::uint64_t disk_free_limit(const DiskOptions& options, std::uint64_t total) {
  if (options.free_limit_bytes != 0) return options.free_limit_bytes;
  if (options.free_limit_percent > 0)
    return static_cast<std::uint64_t>(static_cast<double>(total) * options.free_limit_percent /
                                      100);
  return std::max(kDiskFloor, total / 20);
}

std::uint64_t memory_high_watermark(const MemoryOptions& options, std::uint64_t limit) {
  if (options.high_watermark_bytes != 0) return options.high_watermark_bytes;
  return static_cast<std::uint64_t>(static_cast<double>(limit) * options.high_watermark);
}

std::uint64_t cache_bytes(const MemoryOptions& options, std::uint64_t high_watermark) {
  if (options.cache != 0) return options.cache;
  return high_watermark == 0 ? std::uint64_t{256} << 20 : high_watermark / 4;
}

ResourceLimits resource_limits(const Options& options, const MemoryPaths& paths) {
  ResourceLimits limits;
  if (!options.data_dir.empty()) {
    const auto space = disk_space(options.data_dir);
    limits.disk_free = disk_free_limit(options.disk, space ? space->total : 0);
  }
  limits.memory_high_watermark =
      memory_high_watermark(options.memory, memory_limit(paths).value_or(0));
  return limits;
}

}  // namespace harrier::server

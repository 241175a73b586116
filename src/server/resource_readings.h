// What the operating system says about free disk space and memory.
//
// Thread: compatible. The calls may take as long as a file system does.
// Errors: nothing, where the system does not tell.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "harrier/options.h"
#include "server/resource_alarms.h"

namespace harrier::server {

struct DiskSpace {
  std::uint64_t total = 0;
  // What a process without privileges may use.
  std::uint64_t free = 0;
};

// Of the file system that holds `path`, or will when it is made.
std::optional<DiskSpace> disk_space(const std::string& path);

// Where the kernel tells about memory; a test's own files.
struct MemoryPaths {
  std::string proc = "/proc";
  std::string cgroup = "/sys/fs/cgroup";
};

// Resident memory of this process without pages of files, which the kernel takes back by itself.
std::optional<std::uint64_t> resident_bytes(const MemoryPaths& paths = {});
// The least of physical memory and every limit of the control groups this process is in, version 1
// and 2.
std::optional<std::uint64_t> memory_limit(const MemoryPaths& paths = {});

// Options made absolute on this machine. A `data_dir` of "" has no disk to watch.
ResourceLimits resource_limits(const Options& options, const MemoryPaths& paths = {});
std::uint64_t disk_free_limit(const DiskOptions& options, std::uint64_t total);
std::uint64_t memory_high_watermark(const MemoryOptions& options, std::uint64_t limit);
// MemoryOptions::cache; auto is a quarter of the watermark, 256 MiB where none is known.
std::uint64_t cache_bytes(const MemoryOptions& options, std::uint64_t high_watermark);

}  // namespace harrier::server

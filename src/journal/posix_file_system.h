// The machine's disk below one folder.
//
// Role:   what the broker runs on; tests use FaultyFileSystem. Every call is relative to a
//         descriptor of the root, so a renamed or replaced path changes nothing while it runs.
// Thread: synchronized (it has no state but the descriptor and atomic counters).
// Errors: IoError with errno and "<call> <path>: <text>".
#pragma once

#include <memory>
#include <string>

#include "journal/disk_counters.h"
#include "journal/file_system.h"

namespace harrier::journal {

class PosixFileSystem final : public FileSystem {
 public:
  // `root` must exist.
  static IoResult<std::unique_ptr<PosixFileSystem>> open_root(const std::string& root);
  ~PosixFileSystem() override;
  PosixFileSystem(const PosixFileSystem&) = delete;
  PosixFileSystem& operator=(const PosixFileSystem&) = delete;

  IoResult<std::unique_ptr<File>> open(std::string_view path, OpenMode mode) override;
  IoStatus rename(std::string_view from, std::string_view to) override;
  IoStatus remove(std::string_view path) override;
  IoStatus make_directory(std::string_view path) override;
  IoResult<std::vector<std::string>> list(std::string_view path) override;
  IoStatus sync_directory(std::string_view path) override;
  IoResult<std::uint64_t> free_bytes() override;

  int descriptor() const { return root_; }
  // Of its files.
  const DiskCounters& counters() const { return *counters_; }

 private:
  PosixFileSystem(int root, std::string name) : root_(root), name_(std::move(name)) {}
  std::string full(std::string_view path) const;

  int root_;
  std::string name_;  // for messages
  // Shared with its files, which may outlive it.
  const std::shared_ptr<DiskCounters> counters_ = std::make_shared<DiskCounters>();
};

}  // namespace harrier::journal

// The data directory of one node, opened: locked, known by its uuid, this start counted.
//
// Role:   the first thing the application makes and the last it destroys. Journal and store work in
//         files().
// Thread: made and destroyed by one thread; its getters are immutable.
// Errors: NodeError: the directory was not touched, unless to make it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "journal/directory_lock.h"
#include "journal/node_identity.h"
#include "journal/posix_file_system.h"

namespace harrier::journal {

class NodeDirectory {
 public:
  // Makes `path` with mode 0700 if there is no such directory; its parent must exist. Warns where
  // durability is not what a disk gives: tmpfs, NFS, overlay, 9p.
  // `expendable`: see load_or_create_identity().
  static base::Result<std::unique_ptr<NodeDirectory>, NodeError> open(
      const std::string& path, std::string_view expendable = {});

  FileSystem& files() { return *files_; }
  const DiskCounters& disk_counters() const { return files_->counters(); }
  const std::string& uuid() const { return identity_.uuid; }
  std::uint64_t previous_epoch() const { return identity_.previous_epoch; }
  std::uint64_t epoch() const { return identity_.epoch; }

 private:
  NodeDirectory(DirectoryLock lock, std::unique_ptr<PosixFileSystem> files, NodeIdentity identity)
      : lock_(std::move(lock)), files_(std::move(files)), identity_(std::move(identity)) {}

  DirectoryLock lock_;
  std::unique_ptr<PosixFileSystem> files_;
  NodeIdentity identity_;
};

}  // namespace harrier::journal

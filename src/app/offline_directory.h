// A data directory that no broker has open, for a tool to read or mend.
//
// Model:  who is it (file `node`) → nobody else has it (LOCK) → files. Nothing is counted or
//         written but LOCK.
// Thread: confined to its owner.
// Errors: OfflineError: the exit code, and a sentence for standard error.
#pragma once

#include <memory>
#include <string>

#include "app/application.h"
#include "base/result.h"
#include "journal/directory_lock.h"
#include "journal/node_identity.h"
#include "journal/posix_file_system.h"

namespace harrier::app {

struct OfflineError {
  ExitCode code = kExitIoFailure;
  std::string message;
};

class OfflineDirectory {
 public:
  static base::Result<OfflineDirectory, OfflineError> open(const std::string& path);
  // Counts this as a start of the node, which repair needs to be.
  base::Status<OfflineError> begin_epoch();

  journal::FileSystem& files() { return *files_; }
  const journal::NodeIdentity& node() const { return node_; }

 private:
  OfflineDirectory(journal::DirectoryLock lock, std::unique_ptr<journal::PosixFileSystem> files,
                   journal::NodeIdentity node)
      : lock_(std::move(lock)), files_(std::move(files)), node_(std::move(node)) {}

  journal::DirectoryLock lock_;
  std::unique_ptr<journal::PosixFileSystem> files_;
  journal::NodeIdentity node_;
};

}  // namespace harrier::app

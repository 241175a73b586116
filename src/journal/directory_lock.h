// The file LOCK, held for as long as the process lives: one node for one data directory.
//
// Role:   taken before anything in the directory is read. The kernel lets go of it whatever way the
//         process ends, so a file that is left means nothing.
// Model:  flock() on <directory>/LOCK; its two lines "pid <n>" and "node <uuid>" are for people.
// Thread: confined to its owner.
// Errors: LockError; held by another process is exit 73.
#pragma once

#include <string>

#include "base/result.h"

namespace harrier::journal {

struct LockError {
  bool held = false;  // by somebody else; else the call failed
  std::string message;
};

class DirectoryLock {
 public:
  static base::Result<DirectoryLock, LockError> take(const std::string& directory);
  ~DirectoryLock();
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&&) = delete;

  // Writes down whose it is. Not needed for holding it, so a failure is only logged.
  void note(const std::string& node_uuid) const;

 private:
  DirectoryLock(int descriptor, std::string path)
      : descriptor_(descriptor), path_(std::move(path)) {}

  int descriptor_;
  std::string path_;
};

}  // namespace harrier::journal

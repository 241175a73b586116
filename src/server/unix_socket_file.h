// The file by which clients of this machine find a Unix domain socket, and the socket behind it.
//
// Role:   made by Listener, which takes the socket and removes the file before it stops listening:
//         a file whose socket is not served is one that a broker left when it died.
// Model:  open(): what stands at the path is looked at. Nothing: made. A socket that nobody
//         serves: replaced. A served one, or no socket at all: left as it is, and a failure. Two
//         processes that do this at once take turns by a lock on the folder.
// Thread: compatible.
// Errors: open() says what is wrong; nothing is left behind then. Removing does not fail: a file
//         that is not ours any more stays.
// Limits: kPathBytesMax, the kernel's; kLockPatience for the lock, then a failure.
// Spec:   unix(7).
#pragma once

#include <memory>
#include <string>

#include <sys/stat.h>
#include <sys/un.h>

#include "base/result.h"
#include "base/time.h"

namespace harrier::server {

class UnixSocketFile {
 public:
  static constexpr std::size_t kPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;
  static constexpr base::Milliseconds kLockPatience{2000};

  // Listening, with exactly these permission bits, whatever the process's umask: there is no moment
  // at which somebody else could connect.
  static base::Result<std::unique_ptr<UnixSocketFile>> open(const std::string& path, mode_t mode);
  ~UnixSocketFile();
  UnixSocketFile(const UnixSocketFile&) = delete;
  UnixSocketFile& operator=(const UnixSocketFile&) = delete;

  // Non-blocking; the caller's from here on. REQUIRES that it was not taken yet.
  int take_descriptor();
  // Idempotent.
  void remove();

 private:
  explicit UnixSocketFile(std::string path) : path_(std::move(path)) {}

  base::Status<> clear_place() const;
  base::Status<> listen(mode_t mode);

  const std::string path_;
  int descriptor_ = -1;
  bool made_ = false;
  // The file's own, so that another of the same name is not removed.
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace harrier::server

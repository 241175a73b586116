// The disk, as far as the journal and the store need it.
//
// Role:       everything that touches files goes through here, so that tests can stop, cut and
//             corrupt at every call. PosixFileSystem is the real one.
// Model:      an appended or overwritten byte is safe after File::sync_contents(); a created,
//             renamed or removed name after sync_directory() of its folder. Nothing else promises
//             anything. Paths are relative to the root that the implementation was made with, with
//             '/' between folders.
// Thread:     synchronized: different threads may call at once, one File is used by one thread at a
//             time (but read_at(), which any number may call).
// Errors:     IoError values; nothing throws. Whether an error ends the process is the caller's
//             decision: see is_out_of_space().
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace harrier::journal {

// What a call on the disk failed with: an errno and a sentence that names call and path.
struct IoError {
  int code = 0;
  std::string message;

  // ENOSPC (blocks or inodes) or EDQUOT: room may come back, nothing is broken.
  bool is_out_of_space() const;
  bool is_not_found() const;
};

template <class T>
using IoResult = base::Result<T, IoError>;
using IoStatus = base::Status<IoError>;

class File {
 public:
  virtual ~File() = default;
  // Writes all of `parts` one after the other at `offset`, or fails; after a failure any prefix may
  // have been written. Short writes are continued inside.
  virtual IoStatus write_at(std::uint64_t offset, std::span<const base::Bytes> parts) = 0;
  // Reads up to `size` bytes into `to`; fewer only at the end of the file.
  virtual IoResult<std::size_t> read_at(std::uint64_t offset, char* to, std::size_t size) const = 0;
  // fdatasync: contents and what is needed to find them again (so a grown size, too).
  virtual IoStatus sync_contents() = 0;
  virtual IoStatus truncate(std::uint64_t size) = 0;
  virtual IoResult<std::uint64_t> size() const = 0;
  // What is read from now on comes from the disk: unchanged pages leave memory. After a failed sync
  // of an earlier process the two may differ for good, and only the disk's copy survives.
  virtual IoStatus drop_cached() = 0;
};

enum class OpenMode : std::uint8_t {
  kRead,       // must exist
  kReadWrite,  // must exist
  kCreate,     // must not exist; made with mode 0600
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual IoResult<std::unique_ptr<File>> open(std::string_view path, OpenMode mode) = 0;
  virtual IoStatus rename(std::string_view from, std::string_view to) = 0;
  virtual IoStatus remove(std::string_view path) = 0;
  // Mode 0700; succeeds when it is there already.
  virtual IoStatus make_directory(std::string_view path) = 0;
  // Names in the folder, sorted, without "." and "..".
  virtual IoResult<std::vector<std::string>> list(std::string_view path) = 0;
  virtual IoStatus sync_directory(std::string_view path) = 0;
  // Bytes that an unprivileged process may still write (statvfs: f_bavail times f_frsize).
  virtual IoResult<std::uint64_t> free_bytes() = 0;
};

}  // namespace harrier::journal

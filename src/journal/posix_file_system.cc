#include "journal/posix_file_system.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <dirent.h>

namespace harrier::journal {
namespace {

// Linux takes 1024 (UIO_MAXIOV); fewer keep the array on the stack.
constexpr std::size_t kPartsPerCall = 256;

base::Failure<IoError> failed(const char* call, const std::string& path, int code = errno) {
  return base::fail(
      IoError{code, std::string(call) + " " + path + ": " + std::generic_category().message(code)});
}

// Calls until it is not interrupted.
template <class Call>
auto uninterrupted(Call&& call) {
  auto result = call();
  while (result < 0 && errno == EINTR)
    result = call();
  return result;
}

// Parts of one write, as the system call wants them, behind what was already written.
class Remaining {
 public:
  explicit Remaining(std::span<const base::Bytes> parts) : parts_(parts) { skip_empty(); }
  bool empty() const { return parts_.empty(); }

  int fill(std::array<iovec, kPartsPerCall>& vectors) const {
    int count = 0;
    std::size_t skip = done_;
    for (const base::Bytes& part : parts_) {
      if (count == static_cast<int>(kPartsPerCall)) break;
      // iovec has no const; a write only reads.
      vectors[static_cast<std::size_t>(count++)] = {const_cast<char*>(part.data()) + skip,
                                                    part.size() - skip};
      skip = 0;
    }
    return count;
  }

  void advance(std::size_t written) {
    done_ += written;
    skip_empty();
  }

 private:
  void skip_empty() {
    while (!parts_.empty() && done_ >= parts_.front().size()) {
      done_ -= parts_.front().size();
      parts_ = parts_.subspan(1);
    }
  }

  std::span<const base::Bytes> parts_;
  std::size_t done_ = 0;  // of the first part
};

class PosixFile final : public File {
 public:
  PosixFile(int descriptor, std::string path, std::shared_ptr<DiskCounters> counters)
      : descriptor_(descriptor), path_(std::move(path)), counters_(std::move(counters)) {}
  // Whatever had to be safe was synced before: a failing close has nothing to report.
  ~PosixFile() override { ::close(descriptor_); }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  IoStatus write_at(std::uint64_t offset, std::span<const base::Bytes> parts) override {
    CountedCall call(counters_->writes);
    Remaining remaining(parts);
    std::array<iovec, kPartsPerCall> vectors;  // NOLINT: filled as far as it is used
    while (!remaining.empty()) {
      const int count = remaining.fill(vectors);
      const ssize_t written = uninterrupted([&] {
        return ::pwritev(descriptor_, vectors.data(), count, static_cast<off_t>(offset));
      });
      if (written < 0) return failed("pwritev", path_);
      if (written == 0) return failed("pwritev", path_, EIO);
      offset += static_cast<std::uint64_t>(written);
      call.moved(static_cast<std::uint64_t>(written));
      remaining.advance(static_cast<std::size_t>(written));
    }
    return base::Done{};
  }

  IoResult<std::size_t> read_at(std::uint64_t offset, char* to, std::size_t size) const override {
    CountedCall call(counters_->reads);
    std::size_t done = 0;
    while (done < size) {
      const ssize_t got = uninterrupted([&] {
        return ::pread(descriptor_, to + done, size - done, static_cast<off_t>(offset + done));
      });
      if (got < 0) return failed("pread", path_);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
      call.moved(static_cast<std::uint64_t>(got));
    }
    return done;
  }

  // Not repeated, not even after EINTR: a failed sync may have thrown the pages away.
  IoStatus sync_contents() override {
    const CountedCall call(counters_->syncs);
    if (::fdatasync(descriptor_) != 0) return failed("fdatasync", path_);
    return base::Done{};
  }

  IoStatus truncate(std::uint64_t size) override {
    if (uninterrupted([&] { return ::ftruncate(descriptor_, static_cast<off_t>(size)); }) != 0)
      return failed("ftruncate", path_);
    return base::Done{};
  }

  IoResult<std::uint64_t> size() const override {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) return failed("fstat", path_);
    return static_cast<std::uint64_t>(status.st_size);
  }

  IoStatus drop_cached() override {
    const int code = ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_DONTNEED);
    if (code != 0) return failed("posix_fadvise", path_, code);
    return base::Done{};
  }

 private:
  int descriptor_;
  std::string path_;
  const std::shared_ptr<DiskCounters> counters_;
};

// "" is the root itself.
std::string relative(std::string_view path) { return path.empty() ? "." : std::string(path); }

}  // namespace

IoResult<std::unique_ptr<PosixFileSystem>> PosixFileSystem::open_root(const std::string& root) {
  const int descriptor =
      uninterrupted([&] { return ::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (descriptor < 0) return failed("open", root);
  return std::unique_ptr<PosixFileSystem>(new PosixFileSystem(descriptor, root));
}

PosixFileSystem::~PosixFileSystem() { ::close(root_); }

std::string PosixFileSystem::full(std::string_view path) const {
  return path.empty() ? name_ : name_ + "/" + std::string(path);
}

IoResult<std::unique_ptr<File>> PosixFileSystem::open(std::string_view path, OpenMode mode) {
  int flags = O_CLOEXEC | O_NOFOLLOW;
  switch (mode) {
    case OpenMode::kRead: flags |= O_RDONLY; break;
    case OpenMode::kReadWrite: flags |= O_RDWR; break;
    case OpenMode::kCreate: flags |= O_RDWR | O_CREAT | O_EXCL; break;
  }
  const int descriptor =
      uninterrupted([&] { return ::openat(root_, relative(path).c_str(), flags, 0600); });
  if (descriptor < 0) return failed("open", full(path));
  return std::unique_ptr<File>(std::make_unique<PosixFile>(descriptor, full(path), counters_));
}

IoStatus PosixFileSystem::rename(std::string_view from, std::string_view to) {
  if (::renameat(root_, relative(from).c_str(), root_, relative(to).c_str()) != 0)
    return failed("rename", full(from) + " to " + full(to));
  return base::Done{};
}

IoStatus PosixFileSystem::remove(std::string_view path) {
  if (::unlinkat(root_, relative(path).c_str(), 0) != 0) return failed("unlink", full(path));
  return base::Done{};
}

IoStatus PosixFileSystem::make_directory(std::string_view path) {
  if (::mkdirat(root_, relative(path).c_str(), 0700) == 0) return base::Done{};
  const int code = errno;
  struct stat status {};
  if (code == EEXIST && ::fstatat(root_, relative(path).c_str(), &status, 0) == 0 &&
      S_ISDIR(status.st_mode))
    return base::Done{};
  return failed("mkdir", full(path), code);
}

IoResult<std::vector<std::string>> PosixFileSystem::list(std::string_view path) {
  const int descriptor = uninterrupted(
      [&] { return ::openat(root_, relative(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (descriptor < 0) return failed("open", full(path));
  DIR* folder = ::fdopendir(descriptor);
  if (folder == nullptr) {
    const int code = errno;
    ::close(descriptor);
    return failed("fdopendir", full(path), code);
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  const int code = errno;
  ::closedir(folder);
  if (code != 0) return failed("readdir", full(path), code);
  std::sort(names.begin(), names.end());
  return names;
}

IoStatus PosixFileSystem::sync_directory(std::string_view path) {
  const int descriptor = uninterrupted(
      [&] { return ::openat(root_, relative(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (descriptor < 0) return failed("open", full(path));
  const int result = ::fsync(descriptor);
  const int code = errno;
  ::close(descriptor);
  if (result != 0) return failed("fsync", full(path), code);
  return base::Done{};
}

IoResult<std::uint64_t> PosixFileSystem::free_bytes() {
  struct statvfs status {};
  if (uninterrupted([&] { return ::fstatvfs(root_, &status); }) != 0)
    return failed("fstatvfs", name_);
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

}  // namespace harrier::journal

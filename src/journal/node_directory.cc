#include "journal/node_directory.h"

#include <cerrno>
#include <string_view>
#include <system_error>

#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/log.h"

namespace harrier::journal {
namespace {

// f_type of statfs(2), as the kernel's magic.h has them.
std::string_view doubtful_file_system(std::uint64_t type) {
  switch (type) {
    case 0x01021994: return "tmpfs: everything is gone when the machine restarts";
    case 0x858458F6: return "ramfs: everything is gone when the machine restarts";
    case 0x6969: return "NFS: durability and locks are up to the server";
    case 0x794C7630: return "overlay: a container's own layer, gone with the container";
    case 0x01021997: return "9p: durability is up to the host";
    default: return {};
  }
}

void warn_about(const std::string& path, int descriptor) {
  struct statfs status {};
  if (::fstatfs(descriptor, &status) != 0) return;
  const auto what = doubtful_file_system(static_cast<std::uint64_t>(status.f_type));
  if (what.empty()) return;
  base::log_warning("journal", "the data directory is no place for confirmed messages",
                    {{"directory", path}, {"file_system", std::string(what)}});
}

// mode 0700 for what we make; what somebody else made stays, with a word if others may read it.
base::Status<NodeError> make_directory(const std::string& path) {
  struct stat status {};
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return base::fail(NodeError{NodeFailure::kIo,
                                "mkdir " + path + ": " + std::generic_category().message(errno)});
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & 07) != 0)
    base::log_warning("journal", "the data directory is open to every user of this machine",
                      {{"directory", path}});
  return base::Done{};
}

}  // namespace

base::Result<std::unique_ptr<NodeDirectory>, NodeError> NodeDirectory::open(
    const std::string& path, std::string_view expendable) {
  if (auto made = make_directory(path); !made.ok()) return base::fail(std::move(made).error());
  auto files = PosixFileSystem::open_root(path);
  if (!files.ok()) return base::fail(NodeError{NodeFailure::kIo, files.error().message});
  auto lock = DirectoryLock::take(path);
  if (!lock.ok()) {
    const NodeFailure kind = lock.error().held ? NodeFailure::kHeld : NodeFailure::kIo;
    return base::fail(NodeError{kind, lock.error().message});
  }
  warn_about(path, (*files)->descriptor());
  base::SecureRandom random;
  auto identity = load_or_create_identity(**files, random, expendable);
  if (!identity.ok()) return base::fail(std::move(identity).error());
  lock->note(identity->uuid);
  return std::unique_ptr<NodeDirectory>(
      new NodeDirectory(*std::move(lock), *std::move(files), *std::move(identity)));
}

}  // namespace harrier::journal

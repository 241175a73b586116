#include "app/offline_directory.h"

#include <utility>

#include "base/random.h"

namespace harrier::app {
namespace {

base::Failure<OfflineError> fail_with(const journal::NodeError& error) {
  ExitCode code = kExitIoFailure;
  switch (error.kind) {
    case journal::NodeFailure::kHeld: code = kExitInUse; break;
    case journal::NodeFailure::kForeign: code = kExitConfig; break;
    case journal::NodeFailure::kDamaged: code = kExitCorrupt; break;
    case journal::NodeFailure::kIo: break;
  }
  return base::fail(OfflineError{code, error.message});
}

}  // namespace

base::Result<OfflineDirectory, OfflineError> OfflineDirectory::open(const std::string& path) {
  auto files = journal::PosixFileSystem::open_root(path);
  if (!files.ok()) return base::fail(OfflineError{kExitIoFailure, files.error().message});
  // Before a LOCK is made in a folder that is not ours.
  auto node = journal::read_identity(**files);
  if (!node.ok()) return fail_with(node.error());
  auto lock = journal::DirectoryLock::take(path);
  if (!lock.ok())
    return base::fail(
        OfflineError{lock.error().held ? kExitInUse : kExitIoFailure, lock.error().message});
  node = journal::read_identity(**files);
  if (!node.ok()) return fail_with(node.error());
  lock->note(node->uuid);
  return OfflineDirectory(*std::move(lock), *std::move(files), *std::move(node));
}

base::Status<OfflineError> OfflineDirectory::begin_epoch() {
  base::SecureRandom random;
  auto node = journal::load_or_create_identity(*files_, random);
  if (!node.ok()) return fail_with(node.error());
  node_ = *std::move(node);
  return base::Done{};
}

}  // namespace harrier::app

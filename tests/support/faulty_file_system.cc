#include "support/faulty_file_system.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace harrier::test {

using base::Done;
using journal::File;
using journal::IoError;
using journal::IoResult;
using journal::IoStatus;
using journal::OpenMode;

namespace {

std::string folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

base::Failure<IoError> failed(int code, const char* call, std::string_view path) {
  return base::fail(IoError{code, std::string(call) + " " + std::string(path) + ": made to fail"});
}

}  // namespace

class FaultyFile final : public File {
 public:
  FaultyFile(FaultyFileSystem& files, std::shared_ptr<FaultyFileSystem::Node> node,
             std::string path, bool writable)
      : files_(files), node_(std::move(node)), path_(std::move(path)), writable_(writable) {}

  IoStatus write_at(std::uint64_t offset, std::span<const base::Bytes> parts) override {
    ++files_.writes_;
    if (!writable_) return failed(EBADF, "write", path_);
    auto error = files_.begin_call("write", path_);
    if (error && !files_.short_write_) return base::fail(*error);
    std::string bytes;
    for (const base::Bytes& part : parts)
      bytes.append(part);
    if (std::exchange(files_.short_write_, false)) bytes.resize(bytes.size() / 2);
    const std::uint64_t end = offset + bytes.size();
    if (end > node_->seen.size() && !make_room(end - node_->seen.size()))
      return failed(ENOSPC, "write", path_);
    if (end > node_->seen.size()) grow(end);
    node_->seen.replace(offset, bytes.size(), bytes);
    if (!bytes.empty()) mark_dirty(offset, end);
    if (error) return base::fail(*error);
    return end_call("write");
  }

  IoResult<std::size_t> read_at(std::uint64_t offset, char* to, std::size_t size) const override {
    if (auto error = files_.begin_call("read", path_)) return base::fail(*error);
    if (std::exchange(files_.crashes_, false)) {
      files_.crashed_ = true;
      return failed(FaultyFileSystem::kCrashed, "read", path_);
    }
    if (offset >= node_->seen.size()) return std::size_t{0};
    return node_->seen.copy(to, size, offset);
  }

  IoStatus sync_contents() override {
    ++files_.syncs_;
    if (auto error = files_.begin_call("sync", path_)) {
      if (!files_.crashed_) node_->dirty.clear();
      if (!files_.crashed_) node_->dirty_size = false;
      return base::fail(*error);
    }
    if (files_.crashes_) return end_call("sync");  // nobody knows how far it got
    FaultyFileSystem::survive(*node_, nullptr);
    return Done{};
  }

  IoStatus truncate(std::uint64_t size) override {
    if (!writable_) return failed(EBADF, "truncate", path_);
    if (auto error = files_.begin_call("truncate", path_)) return base::fail(*error);
    if (size > node_->seen.size()) grow(size);
    node_->seen.resize(size);
    node_->dirty_size = true;
    return end_call("truncate");
  }

  IoResult<std::uint64_t> size() const override {
    if (auto error = files_.begin_call("size", path_)) return base::fail(*error);
    if (auto done = end_call("size"); !done.ok()) return base::fail(std::move(done).error());
    return std::uint64_t{node_->seen.size()};
  }

  IoStatus drop_cached() override {
    if (auto error = files_.begin_call("drop", path_)) return base::fail(*error);
    std::string seen = node_->on_disk;
    if (node_->dirty_size) seen.resize(node_->seen.size(), '\0');
    for (const std::uint64_t sector : node_->dirty) {
      const std::uint64_t at = sector * FaultyFileSystem::kSectorBytes;
      if (at >= node_->seen.size()) continue;
      const std::string piece = node_->seen.substr(at, FaultyFileSystem::kSectorBytes);
      if (seen.size() < at + piece.size()) seen.resize(at + piece.size(), '\0');
      seen.replace(at, piece.size(), piece);
    }
    node_->seen = std::move(seen);
    return end_call("drop");
  }

 private:
  // The call had its effect; the power may go now.
  IoStatus end_call(const char* call) const {
    if (!std::exchange(files_.crashes_, false)) return Done{};
    files_.crashed_ = true;
    return failed(FaultyFileSystem::kCrashed, call, path_);
  }

  bool make_room(std::uint64_t bytes) const {
    if (!files_.free_bytes_) return true;
    if (*files_.free_bytes_ < bytes) return false;
    *files_.free_bytes_ -= bytes;
    return true;
  }

  void grow(std::uint64_t size) {
    node_->seen.resize(size, '\0');
    node_->dirty_size = true;
  }

  void mark_dirty(std::uint64_t from, std::uint64_t to) {
    const std::uint64_t last = (to - 1) / FaultyFileSystem::kSectorBytes;
    for (std::uint64_t sector = from / FaultyFileSystem::kSectorBytes; sector <= last; ++sector)
      node_->dirty.insert(sector);
  }

  FaultyFileSystem& files_;
  std::shared_ptr<FaultyFileSystem::Node> node_;
  std::string path_;
  bool writable_;
};

FaultyFileSystem::FaultyFileSystem() {
  auto root = std::make_shared<Node>();
  root->folder = true;
  seen_[""] = on_disk_[""] = root;
}

// ---- the plan

std::optional<Fault> FaultyFileSystem::planned() {
  const auto found = plan_.find(calls_);
  if (found == plan_.end()) return std::nullopt;
  return found->second;
}

IoError FaultyFileSystem::error_of(Fault fault, const char* call, std::string_view path) const {
  return failed(fault == Fault::kNoSpace ? ENOSPC : EIO, call, path).error;
}

std::optional<IoError> FaultyFileSystem::begin_call(const char* call, std::string_view path) {
  if (crashed_) return failed(kCrashed, call, path).error;
  ++calls_;
  if (on_call) on_call(calls_, path);
  std::optional<Fault> fault = planned();
  const std::string_view name = call;
  if (name == "sync" && next_sync_) fault = std::exchange(next_sync_, std::nullopt);
  if (name == "write" && next_write_) fault = std::exchange(next_write_, std::nullopt);
  short_write_ = false;
  if (!fault) return std::nullopt;
  if (*fault == Fault::kCrash) {
    crashes_ = true;
    return std::nullopt;
  }
  short_write_ = *fault == Fault::kShortWrite && name == "write";
  return error_of(*fault, call, path);
}

// ---- names

std::shared_ptr<FaultyFileSystem::Node> FaultyFileSystem::find(std::string_view path) const {
  const auto found = seen_.find(path);
  return found == seen_.end() ? nullptr : found->second;
}

void FaultyFileSystem::change_name(std::string_view folder, Change change) {
  change(seen_);
  unsynced_names_[std::string(folder)].push_back(std::move(change));
  if (std::exchange(crashes_, false)) crashed_ = true;
}

IoResult<std::unique_ptr<File>> FaultyFileSystem::open(std::string_view path, OpenMode mode) {
  if (auto error = begin_call("open", path)) return base::fail(*error);
  std::shared_ptr<Node> node = find(path);
  if (mode == OpenMode::kCreate) {
    if (node) return failed(EEXIST, "open", path);
    if (!find(folder_of(path))) return failed(ENOENT, "open", path);
    node = std::make_shared<Node>();
    change_name(folder_of(path),
                [name = std::string(path), node](Names& names) { names[name] = node; });
  } else if (std::exchange(crashes_, false)) {
    crashed_ = true;
  }
  if (crashed_) return failed(kCrashed, "open", path);
  if (!node) return failed(ENOENT, "open", path);
  if (node->folder) return failed(EISDIR, "open", path);
  return std::unique_ptr<File>(
      std::make_unique<FaultyFile>(*this, node, std::string(path), mode != OpenMode::kRead));
}

IoStatus FaultyFileSystem::rename(std::string_view from, std::string_view to) {
  if (auto error = begin_call("rename", from)) return base::fail(*error);
  if (!find(from)) return failed(ENOENT, "rename", from);
  change_name(folder_of(to), [old = std::string(from), now = std::string(to)](Names& names) {
    const auto found = names.find(old);
    if (found == names.end()) return;
    const std::shared_ptr<Node> node = found->second;
    names.erase(found);
    names[now] = node;
  });
  if (crashed_) return failed(kCrashed, "rename", from);
  return Done{};
}

IoStatus FaultyFileSystem::remove(std::string_view path) {
  if (auto error = begin_call("remove", path)) return base::fail(*error);
  if (!find(path)) return failed(ENOENT, "remove", path);
  change_name(folder_of(path), [name = std::string(path)](Names& names) { names.erase(name); });
  if (crashed_) return failed(kCrashed, "remove", path);
  return Done{};
}

IoStatus FaultyFileSystem::make_directory(std::string_view path) {
  if (auto error = begin_call("mkdir", path)) return base::fail(*error);
  const std::shared_ptr<Node> present = find(path);
  if (present && !present->folder) return failed(EEXIST, "mkdir", path);
  if (!present) {
    auto node = std::make_shared<Node>();
    node->folder = true;
    change_name(folder_of(path),
                [name = std::string(path), node](Names& names) { names[name] = node; });
  } else if (std::exchange(crashes_, false)) {
    crashed_ = true;
  }
  if (crashed_) return failed(kCrashed, "mkdir", path);
  return Done{};
}

IoResult<std::vector<std::string>> FaultyFileSystem::list(std::string_view path) {
  if (auto error = begin_call("list", path)) return base::fail(*error);
  if (std::exchange(crashes_, false)) crashed_ = true;
  if (crashed_) return failed(kCrashed, "list", path);
  if (!find(path)) return failed(ENOENT, "list", path);
  std::vector<std::string> names;
  const std::string prefix = path.empty() ? "" : std::string(path) + "/";
  for (const auto& [name, node] : seen_) {
    if (name.size() <= prefix.size() || !name.starts_with(prefix)) continue;
    if (name.find('/', prefix.size()) == std::string::npos)
      names.push_back(name.substr(prefix.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

IoStatus FaultyFileSystem::sync_directory(std::string_view path) {
  ++syncs_;
  const auto error = begin_call("sync", path);
  std::vector<Change>& changes = unsynced_names_[std::string(path)];
  if (error) return base::fail(*error);
  if (std::exchange(crashes_, false)) {
    crashed_ = true;
    return failed(kCrashed, "sync", path);
  }
  if (!find(path)) return failed(ENOENT, "sync", path);
  for (const Change& change : changes)
    change(on_disk_);
  changes.clear();
  return Done{};
}

IoResult<std::uint64_t> FaultyFileSystem::free_bytes() {
  if (auto error = begin_call("statvfs", "")) return base::fail(*error);
  if (std::exchange(crashes_, false)) crashed_ = true;
  if (crashed_) return failed(kCrashed, "statvfs", "");
  return free_bytes_.value_or(std::uint64_t{1} << 40);
}

// ---- what survives

// Moves what is dirty to the disk: all of it, or with `random` some of it.
void FaultyFileSystem::survive(Node& node, base::RandomSource* random) {
  const auto kept = [random] { return random == nullptr || random->below(2) == 0; };
  if (node.dirty_size && kept()) node.on_disk.resize(node.seen.size(), '\0');
  for (const std::uint64_t sector : node.dirty) {
    const std::uint64_t at = sector * kSectorBytes;
    if (at >= node.seen.size() || at >= node.on_disk.size() || !kept()) continue;
    const std::size_t size =
        std::min({kSectorBytes, node.seen.size() - at, node.on_disk.size() - at});
    node.on_disk.replace(at, size, node.seen, at, size);
  }
  node.dirty.clear();
  node.dirty_size = false;
}

std::unique_ptr<FaultyFileSystem> FaultyFileSystem::after_crash(std::uint64_t seed) const {
  auto survivor = std::make_unique<FaultyFileSystem>();
  base::SeededRandom random(seed);
  Names names = on_disk_;
  for (const auto& [folder, changes] : unsynced_names_) {
    const std::uint64_t kept = seed == 0 ? 0 : random.below(changes.size() + 1);
    for (std::uint64_t i = 0; i < kept; ++i)
      changes[i](names);
  }
  for (const auto& [name, node] : names) {
    const auto parent = names.find(folder_of(name));
    if (name.empty() || parent == names.end() || !parent->second->folder) continue;
    Node copy = *node;
    if (seed != 0) survive(copy, &random);
    copy.seen = copy.on_disk;
    copy.dirty.clear();
    copy.dirty_size = false;
    survivor->seen_[name] = survivor->on_disk_[name] = std::make_shared<Node>(std::move(copy));
  }
  return survivor;
}

std::unique_ptr<FaultyFileSystem> FaultyFileSystem::after_kill() const {
  auto survivor = std::make_unique<FaultyFileSystem>();
  std::map<const Node*, std::shared_ptr<Node>> copies;
  const auto copy_of = [&copies](const std::shared_ptr<Node>& node) {
    auto& copy = copies[node.get()];
    if (!copy) copy = std::make_shared<Node>(*node);
    return copy;
  };
  for (const auto& [name, node] : seen_)
    survivor->seen_[name] = copy_of(node);
  for (const auto& [name, node] : on_disk_)
    survivor->on_disk_[name] = copy_of(node);
  // Changes by name hold the old nodes: a full difference stands for them, by folder.
  for (const auto& [folder, changes] : unsynced_names_) {
    if (changes.empty()) continue;
    const std::string prefix = folder;
    survivor->unsynced_names_[folder].push_back([prefix, now = survivor->seen_](Names& names) {
      std::erase_if(names, [&prefix](const auto& entry) {
        return !entry.first.empty() && folder_of(entry.first) == prefix;
      });
      for (const auto& [name, node] : now) {
        if (!name.empty() && folder_of(name) == prefix) names[name] = node;
      }
    });
  }
  survivor->free_bytes_ = free_bytes_;
  return survivor;
}

// ---- the contents

bool FaultyFileSystem::exists(std::string_view path) const { return find(path) != nullptr; }

std::string FaultyFileSystem::contents(std::string_view path) const {
  const auto node = find(path);
  return node ? node->seen : std::string();
}

void FaultyFileSystem::set_contents(std::string_view path, std::string contents) {
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    auto& folder = seen_[std::string(path.substr(0, slash))];
    if (!folder) folder = std::make_shared<Node>();
    folder->folder = true;
    on_disk_[std::string(path.substr(0, slash))] = folder;
  }
  auto& node = seen_[std::string(path)];
  if (!node) node = std::make_shared<Node>();
  node->seen = node->on_disk = std::move(contents);
  node->dirty.clear();
  node->dirty_size = false;
  on_disk_[std::string(path)] = node;
}

void FaultyFileSystem::flip_bit(std::string_view path, std::uint64_t bit) {
  const auto node = find(path);
  const auto mask = static_cast<char>(1 << (bit % 8));
  node->seen[bit / 8] = static_cast<char>(node->seen[bit / 8] ^ mask);
  if (bit / 8 < node->on_disk.size())
    node->on_disk[bit / 8] = static_cast<char>(node->on_disk[bit / 8] ^ mask);
}

void FaultyFileSystem::cut(std::string_view path, std::uint64_t size) {
  const auto node = find(path);
  node->seen.resize(std::min<std::size_t>(node->seen.size(), size));
  node->on_disk.resize(std::min<std::size_t>(node->on_disk.size(), size));
}

std::vector<std::string> FaultyFileSystem::paths() const {
  std::vector<std::string> found;
  for (const auto& [name, node] : seen_) {
    if (!node->folder) found.push_back(name);
  }
  return found;
}

}  // namespace harrier::test

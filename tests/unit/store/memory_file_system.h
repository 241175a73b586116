// A disk in memory that counts what is asked of it and fails when told to.
//
// Role:   for tests of what writes and reads files; keeps nothing back at a sync, so it is not for
//         tests of power loss.
// Thread: confined to the test.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "journal/file_system.h"

namespace harrier::test {

class MemoryFileSystem final : public journal::FileSystem {
 public:
  using Contents = std::shared_ptr<std::string>;

  // Path to contents, open or not.
  std::map<std::string, Contents, std::less<>> files;
  std::size_t write_calls = 0;
  std::size_t largest_write = 0;
  std::size_t read_calls = 0;
  std::size_t read_bytes = 0;
  std::size_t content_syncs = 0;
  std::size_t directory_syncs = 0;
  // The call of this number, counted over all that may fail, fails; 0: none does.
  std::size_t failing_call = 0;
  std::size_t calls = 0;

  std::string& contents(std::string_view path) {
    Contents& contents = files[std::string(path)];
    if (contents == nullptr) contents = std::make_shared<std::string>();
    return *contents;
  }

  journal::IoResult<std::unique_ptr<journal::File>> open(std::string_view path,
                                                         journal::OpenMode mode) override {
    if (fails()) return base::fail(failure(EIO, "open", path));
    const bool exists = files.find(path) != files.end();
    const bool creates = mode == journal::OpenMode::kCreate;
    if (exists == creates) return base::fail(failure(exists ? EEXIST : ENOENT, "open", path));
    contents(path);
    return std::unique_ptr<journal::File>(
        std::make_unique<MemoryFile>(*this, std::string(path), files[std::string(path)]));
  }
  journal::IoStatus rename(std::string_view from, std::string_view to) override {
    files[std::string(to)] = files[std::string(from)];
    return remove(from);
  }
  journal::IoStatus remove(std::string_view path) override {
    files.erase(std::string(path));
    return base::Done{};
  }
  journal::IoStatus make_directory(std::string_view) override { return base::Done{}; }
  journal::IoResult<std::vector<std::string>> list(std::string_view) override {
    std::vector<std::string> names;
    for (const auto& [path, contents] : files)
      names.push_back(path.substr(path.rfind('/') + 1));
    return names;
  }
  journal::IoStatus sync_directory(std::string_view path) override {
    if (fails()) return base::fail(failure(EIO, "fsync", path));
    ++directory_syncs;
    return base::Done{};
  }
  journal::IoResult<std::uint64_t> free_bytes() override { return std::uint64_t{1} << 40; }

 private:
  class MemoryFile final : public journal::File {
   public:
    MemoryFile(MemoryFileSystem& disk, std::string path, Contents contents)
        : disk_(disk), path_(std::move(path)), contents_(std::move(contents)) {}

    journal::IoStatus write_at(std::uint64_t offset, std::span<const base::Bytes> parts) override {
      if (disk_.fails()) return base::fail(failure(ENOSPC, "pwritev", path_));
      std::size_t size = 0;
      for (const base::Bytes part : parts) {
        contents_->resize(std::max<std::size_t>(contents_->size(), offset + size + part.size()));
        contents_->replace(offset + size, part.size(), part);
        size += part.size();
      }
      ++disk_.write_calls;
      disk_.largest_write = std::max(disk_.largest_write, size);
      return base::Done{};
    }
    journal::IoResult<std::size_t> read_at(std::uint64_t offset, char* to,
                                           std::size_t size) const override {
      if (disk_.fails()) return base::fail(failure(EIO, "pread", path_));
      ++disk_.read_calls;
      if (offset >= contents_->size()) return std::size_t{0};
      const std::size_t count = contents_->copy(to, size, offset);
      disk_.read_bytes += count;
      return count;
    }
    journal::IoStatus sync_contents() override {
      if (disk_.fails()) return base::fail(failure(EIO, "fdatasync", path_));
      ++disk_.content_syncs;
      return base::Done{};
    }
    journal::IoStatus truncate(std::uint64_t size) override {
      contents_->resize(size);
      return base::Done{};
    }
    journal::IoStatus drop_cached() override { return base::Done{}; }
    journal::IoResult<std::uint64_t> size() const override {
      if (disk_.fails()) return base::fail(failure(EIO, "fstat", path_));
      return std::uint64_t{contents_->size()};
    }

   private:
    MemoryFileSystem& disk_;
    std::string path_;
    Contents contents_;
  };

  bool fails() { return ++calls == failing_call; }
  static journal::IoError failure(int code, std::string_view call, std::string_view path) {
    return {code, std::string(call) + " " + std::string(path)};
  }
};

}  // namespace harrier::test

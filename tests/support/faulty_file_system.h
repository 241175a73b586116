// A disk in memory that fails, lies and loses power where a test says so.
//
// Role:   stands for the disk in every test of journal, store and node directory.
// Model:  a file has contents as a process sees them and as the disk holds them, in sectors of 512
//         bytes; a folder has names as seen and as on disk. sync moves one to the other. Every call
//         is counted from 1, and a plan says what happens at the n-th. After a crash (planned, or
//         crash()) every call fails with kCrashed and changes nothing; after_crash() gives what
//         survived: of what was not synced any subset of the sectors and any first few of a
//         folder's changes of names. A failed sync forgets what was not on disk: later syncs
//         succeed, reads show it, a crash or drop_cached() loses it.
// Thread: compatible.
// Limits: free_bytes(), when set.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "journal/file_system.h"

namespace harrier::test {

enum class Fault {
  kIoError,     // EIO; nothing is written, a sync loses what it was for
  kNoSpace,     // ENOSPC, otherwise the same
  kShortWrite,  // half of a write, then EIO; for other calls like kIoError
  kCrash,       // the call is begun, then there is no power
};

class FaultyFileSystem final : public journal::FileSystem {
 public:
  static constexpr int kCrashed = 1000;  // no errno
  static constexpr std::size_t kSectorBytes = 512;

  FaultyFileSystem();

  journal::IoResult<std::unique_ptr<journal::File>> open(std::string_view path,
                                                         journal::OpenMode mode) override;
  journal::IoStatus rename(std::string_view from, std::string_view to) override;
  journal::IoStatus remove(std::string_view path) override;
  journal::IoStatus make_directory(std::string_view path) override;
  journal::IoResult<std::vector<std::string>> list(std::string_view path) override;
  journal::IoStatus sync_directory(std::string_view path) override;
  journal::IoResult<std::uint64_t> free_bytes() override;

  // ---- the plan
  std::uint64_t calls() const { return calls_; }
  std::uint64_t syncs() const { return syncs_; }
  std::uint64_t writes() const { return writes_; }
  // Told of every call before anything happens.
  std::function<void(std::uint64_t call, std::string_view path)> on_call;
  void fail_at(std::uint64_t call, Fault fault) { plan_[call] = fault; }
  void fail_next_sync(Fault fault) { next_sync_ = fault; }
  void fail_next_write(Fault fault) { next_write_ = fault; }
  void forget_plan() {
    plan_.clear();
    next_sync_.reset();
    next_write_.reset();
  }
  void set_free_bytes(std::uint64_t bytes) { free_bytes_ = bytes; }
  bool crashed() const { return crashed_; }
  void crash() { crashed_ = true; }
  // What survives a loss of power now. Seed 0: nothing that was not synced. The old one is left
  // alone, so that several seeds can be tried.
  std::unique_ptr<FaultyFileSystem> after_crash(std::uint64_t seed) const;
  // Only the process ended: everything that was written is still seen, files are closed.
  std::unique_ptr<FaultyFileSystem> after_kill() const;

  // ---- the contents, past every plan; both as seen and on disk
  bool exists(std::string_view path) const;
  std::string contents(std::string_view path) const;
  void set_contents(std::string_view path, std::string contents);
  void flip_bit(std::string_view path, std::uint64_t bit);
  void cut(std::string_view path, std::uint64_t size);
  std::vector<std::string> paths() const;

 private:
  friend class FaultyFile;
  struct Node {
    bool folder = false;
    std::string seen;
    std::string on_disk;
    std::set<std::uint64_t> dirty;  // sectors that the next sync writes
    bool dirty_size = false;
  };
  using Names = std::map<std::string, std::shared_ptr<Node>, std::less<>>;
  using Change = std::function<void(Names&)>;

  // What happens at this call: nothing, or the error to return. kCrash sets `crashes`.
  std::optional<journal::IoError> begin_call(const char* call, std::string_view path);
  std::optional<Fault> planned();
  journal::IoError error_of(Fault fault, const char* call, std::string_view path) const;
  void change_name(std::string_view folder, Change change);
  std::shared_ptr<Node> find(std::string_view path) const;
  static void survive(Node& node, base::RandomSource* random);

  Names seen_;
  Names on_disk_;
  std::map<std::string, std::vector<Change>, std::less<>> unsynced_names_;  // by folder
  std::map<std::uint64_t, Fault> plan_;
  std::optional<Fault> next_sync_;
  std::optional<Fault> next_write_;
  std::optional<std::uint64_t> free_bytes_;
  std::uint64_t calls_ = 0;
  std::uint64_t syncs_ = 0;
  std::uint64_t writes_ = 0;
  bool crashed_ = false;
  bool crashes_ = false;  // after the effect of this call
  bool short_write_ = false;
};

}  // namespace harrier::test

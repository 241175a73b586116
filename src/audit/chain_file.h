// The file that sealed lines are appended to, and the older ones it was before.
//
// Role:   AuditLog's thread adds events and flushes them; what was done to the files is told to it,
//         so that it can be said in the log itself.
// Model:  open() → add()… → flush() → … → sync(). A file that is full is renamed to
//         PATH.<first sequence number, 20 digits> and another begun; the chain goes on. Of the
//         older ones files_max are kept.
//         At open() the last line is read back. A line that was not written to its end is cut off.
//         If the last line is not as it was written, its file is put aside as PATH.broken.<n>, and
//         a new chain begins.
// Thread: compatible.
// Errors: open(): no such directory, no right, another process has the file, no regular file.
//         flush(): what was added since the last flush is not in the file, nor will it be; the
//         file ends with a whole line, or nothing is written until it does.
// Limits: Settings.
// Spec:   docs/formats/audit.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "audit/event.h"
#include "audit/seal.h"
#include "base/result.h"

namespace harrier::audit {

class ChainFile {
 public:
  // No line is longer: ten texts of Event::kFieldMax, each octet six characters at most.
  static constexpr std::size_t kLineMax = 64 << 10;

  struct Settings {
    std::string path;
    std::uint64_t size_max = 64 << 20;
    std::uint32_t files_max = 16;  // older ones
    Seal seal{};
    // Who writes; in every line. May be empty.
    std::string node{};
  };
  // What open() had to do.
  struct Opening {
    std::uint64_t torn_bytes = 0;
    // Their beginning.
    std::string torn_text;
    // The file that was put aside, and why; empty: none was.
    std::string broken_file;
    std::string broken_reason;
  };
  struct Rotation {
    std::string closed;
    std::vector<std::string> removed;
  };

  static base::Result<std::unique_ptr<ChainFile>> open(const Settings& settings);
  ~ChainFile();
  ChainFile(const ChainFile&) = delete;
  ChainFile& operator=(const ChainFile&) = delete;

  const Opening& opening() const { return opening_; }

  void add(const Event& event);
  base::Status<> flush();
  base::Status<> sync();
  bool full() const { return size_ >= settings_.size_max; }
  // REQUIRES that nothing is added and not flushed. After a failure all lines are still there.
  base::Result<Rotation> rotate();

  // The last line of the file.
  std::uint64_t sequence() const { return written_.sequence; }
  const std::string& hash() const { return written_.hash; }

 private:
  explicit ChainFile(Settings settings) : settings_(std::move(settings)) {}

  struct Place {
    std::uint64_t sequence = 0;
    std::string hash = no_hash();
  };
  base::Result<int> open_descriptor();
  base::Status<> read_back();
  base::Status<> cut_torn_line();
  base::Result<std::string> last_line() const;
  base::Status<> put_aside(const std::string& reason);
  void continue_from_older();
  void begin_anew();
  base::Status<> cut_to_size();
  std::vector<std::string> older() const;
  base::Status<> sync_directory() const;

  const Settings settings_;
  int descriptor_ = -1;
  Opening opening_;
  Place written_;
  Place added_;
  std::string pending_;
  std::uint64_t size_ = 0;  // of whole lines
  bool torn_ = false;       // there is more behind them
  std::uint64_t first_sequence_ = 1;
};

}  // namespace harrier::audit

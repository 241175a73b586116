// Whether files of an audit log are what was written: each line, and the chain over all of them.
//
// Role:   what `harrier-audit verify` tells. Reads only; a broker may be writing meanwhile.
// Model:  files in the order of their first sequence numbers, whatever the order in which they are
//         given; each line's hash, its number and the hash before it. Ends at the first break.
// Thread: compatible.
// Errors: a file that cannot be read is the world's failure; what is wrong with the lines is the
//         report's.
// Limits: a line longer than ChainFile::kLineMax is a break; memory for one line and one name each
//         file.
// Spec:   docs/formats/audit.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/seal.h"
#include "base/result.h"

namespace harrier::audit {

// A record that somebody noted elsewhere: nothing up to it can have been cut off or replaced.
struct Anchor {
  std::uint64_t sequence = 0;
  std::string hash;

  // "123:<64 hexadecimal digits>".
  static std::optional<Anchor> parse(const std::string& text);
};

struct VerificationReport {
  struct Finding {
    std::string file;
    std::uint64_t line = 0;  // from 1; 0: of the file, or the files, as a whole
    std::string what;
  };
  // The first break; what comes behind it was not read.
  std::optional<Finding> broken;
  // The end of the newest file is no whole line, as a crash leaves it, or a write in progress.
  std::optional<Finding> torn;
  // The lines are keyed, and there is no key to check them with.
  bool needs_key = false;

  std::uint64_t records = 0;
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;
  std::string last_hash;
  std::uint64_t without_key = 0;
  // What the log says of itself.
  std::uint64_t lost = 0;
  std::uint64_t mended = 0;
};

base::Result<VerificationReport> verify_files(const std::vector<std::string>& paths,
                                              const Seal& seal,
                                              const std::optional<Anchor>& anchor = {});

}  // namespace harrier::audit

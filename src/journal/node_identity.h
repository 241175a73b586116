// Who this node is and how often it was started: the file `node` of the data directory.
//
// Model:  six lines of text, the last one their checksum; docs/formats/node.md. Replaced whole:
//         node.new written, synced, renamed, folder synced. Each start adds one to the epoch before
//         anything else is written under it.
// Thread: immutable value; load_or_create_identity() by the thread that starts the node.
// Errors: NodeError, which says how the process should end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "journal/file_system.h"

namespace harrier::journal {

struct NodeIdentity {
  std::string uuid;
  std::uint64_t previous_epoch = 0;  // 0: this is the first start
  std::uint64_t epoch = 0;
};

enum class NodeFailure : std::uint8_t {
  kHeld,     // another process has the directory: exit 73
  kForeign,  // not ours, or a newer version's: exit 78
  kDamaged,  // exit 65
  kIo,       // exit 74
};
struct NodeError {
  NodeFailure kind = NodeFailure::kIo;
  std::string message;
};

// Reads the file, or makes it in an empty directory, and counts this start. Durable on return. On a
// full disk the file `expendable`, if it is named and there, is removed to make room.
base::Result<NodeIdentity, NodeError> load_or_create_identity(FileSystem& files,
                                                              base::RandomSource& random,
                                                              std::string_view expendable = {});
// Reads only; for tools.
base::Result<NodeIdentity, NodeError> read_identity(FileSystem& files);

}  // namespace harrier::journal

// Makes a damaged data directory one that a broker starts with, and says what was lost.
//
// Role:   `harrier-journal repair`: an operator's act, on a directory that nobody has open.
// Model:  survey → journal_repair cuts the journal → the best checkpoint is written again without
//         what is lost, under a new generation → what was damaged, and every checkpoint that is not
//         needed any more, moves to quarantine/. Of a run with damaged blocks the good ones are
//         copied to a new run first.
// Thread: confined to its caller, who holds the directory's lock.
// Errors: StoreError; nothing is removed before what replaces it is on disk, so a repair that was
//         cut off is repeated.
// Spec:   docs/operations/durability.md.
#pragma once

#include <string>
#include <vector>

#include "store/store.h"
#include "store/survey.h"

namespace harrier::store {

struct MendReport {
  bool damaged = false;
  std::vector<std::string> losses;  // one line each, for an operator to read
  std::vector<std::string> moves;   // what went where, or would
};

// `node.epoch` is the repair's own: higher than any before. `dry_run`: changes nothing.
base::Result<MendReport, StoreError> mend_directory(journal::FileSystem& files,
                                                    const journal::NodeIdentity& node,
                                                    bool dry_run);

}  // namespace harrier::store

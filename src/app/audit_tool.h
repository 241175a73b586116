// The command of `harrier-audit`: whether an audit log is as it was written.
//
// Role:   main() parses the command line and calls it. What is found goes to standard output,
//         failures to standard error.
// Thread: compatible.
// Spec:   docs/operations/audit.md.
#pragma once

#include <string>
#include <vector>

#include "app/application.h"

namespace harrier::app {

struct AuditVerification {
  std::vector<std::string> files;
  std::string key_file;
  // "123:<hash>"; empty: none.
  std::string anchor;
};

// kExitOk, kExitOdd (the end is torn), kExitCorrupt, kExitUsage (a key is needed, or the anchor is
// none), kExitConfig (the key file), kExitIoFailure.
int verify_audit_log(const AuditVerification& verification);

}  // namespace harrier::app

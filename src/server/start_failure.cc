#include "server/start_failure.h"

namespace harrier::server {

Outcome failure_of(const journal::NodeError& error) {
  switch (error.kind) {
    case journal::NodeFailure::kHeld: return Failure{FailureKind::kInUse, error.message};
    case journal::NodeFailure::kForeign: return Failure{FailureKind::kBadOptions, error.message};
    case journal::NodeFailure::kDamaged: return Failure{FailureKind::kCorrupt, error.message};
    case journal::NodeFailure::kIo: break;
  }
  return Failure{FailureKind::kIoFailure, error.message};
}

Outcome failure_of(const store::StoreError& error) {
  switch (error.kind) {
    case store::StoreFailure::kCorrupt: return Failure{FailureKind::kCorrupt, error.message};
    case store::StoreFailure::kForeign: return Failure{FailureKind::kBadOptions, error.message};
    case store::StoreFailure::kIo: break;
  }
  return Failure{FailureKind::kIoFailure, error.message};
}

}  // namespace harrier::server

// Why a node does not start, as app tells it.
//
// Thread: pure functions.
#pragma once

#include "harrier/result.h"
#include "journal/node_directory.h"
#include "store/store.h"

namespace harrier::server {

Outcome failure_of(const journal::NodeError& error);
Outcome failure_of(const store::StoreError& error);

}  // namespace harrier::server

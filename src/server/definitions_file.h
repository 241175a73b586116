// The definitions file that the configuration names: read, and brought into the node.
//
// Role:   Node's, at the start and when the configuration is read again.
// Thread: one that is no loop's.
// Errors: name the key and the file, and say why.
// Limits: limits.definitions.file_size_max.
// Spec:   docs/operations/definitions.md.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "harrier/options.h"
#include "harrier/result.h"
#include "server/definitions_document.h"
#include "server/definitions_transfer.h"

namespace harrier::server {

// nullopt: none is configured.
base::Result<std::optional<DefinitionsDocument>> read_configured_definitions(
    const Options& options);
// Logs what came of it.
Outcome import_configured_definitions(DefinitionsTransfer& transfer, const Options& options,
                                      const DefinitionsDocument& document);

}  // namespace harrier::server

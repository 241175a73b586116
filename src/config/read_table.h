// Fills an object from a section of a document, row by row of its table.
//
// Thread: compatible.
// Errors: as section.h.
#pragma once

#include "config/key.h"
#include "config/section.h"

namespace harrier::config {

// REQUIRES that `owner` is of the table's type.
void read_table(Section& section, const Table& table, void* owner);

}  // namespace harrier::config

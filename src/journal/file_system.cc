#include "journal/file_system.h"

#include <cerrno>

namespace harrier::journal {

bool IoError::is_out_of_space() const { return code == ENOSPC || code == EDQUOT; }

bool IoError::is_not_found() const { return code == ENOENT; }

}  // namespace harrier::journal

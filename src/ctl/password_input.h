// A password that is not on the command line, where every user of the machine could read it.
//
// Thread: compatible. Turns off a terminal's echo while it asks.
// Errors: throws Trouble(kExitUsage) at the end of the input, kExitConfig for a file that cannot be
//         read.
// Limits: kPasswordBytesMax: more is refused.
#pragma once

#include <string>
#include <string_view>

#include "ctl/settings.h"

namespace harrier::ctl {

inline constexpr std::size_t kPasswordBytesMax = 64 * 1024;

// One line of standard input, without its end. A person is asked for it.
std::string read_password(Streams& streams);

// The first line of a file.
std::string read_password_file(const std::string& path);

}  // namespace harrier::ctl

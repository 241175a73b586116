// The exit codes in words, for help, manual and reference.
//
// Thread: immutable value.
#pragma once

#include <array>
#include <string_view>

#include "ctl/trouble.h"

namespace harrier::ctl {

struct ExitMeaning {
  ExitCode code;
  std::string_view meaning;
};

inline constexpr std::array kExitMeanings = {
    ExitMeaning{kExitOk, "done"},
    ExitMeaning{kExitUsage, "the command line is wrong; a queue to delete is not there"},
    ExitMeaning{kExitNoSuchObject,
                "no such virtual host, a wrong password, a file that cannot be read or makes no "
                "sense, an audit log that is broken"},
    ExitMeaning{kExitNoSuchUser, "no such user"},
    ExitMeaning{kExitUnavailable,
                "no broker there, the broker refuses, something else is not there, or a check "
                "failed"},
    ExitMeaning{kExitSoftware, "an answer that makes no sense, or an object that is there already"},
    ExitMeaning{kExitIoFailure, "a file or standard output cannot be written"},
    ExitMeaning{kExitTimeout, "no answer in time"},
    ExitMeaning{kExitNoPermission, "not logged in, or not allowed"},
    ExitMeaning{kExitConfig, "the broker's address or a password file is wrong"},
};

}  // namespace harrier::ctl

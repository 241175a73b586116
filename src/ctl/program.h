// The whole program: words in, lines and an exit code out.
//
// Role:   main() calls it; so do tests, with streams of their own.
// Thread: compatible.
#pragma once

#include <string>
#include <vector>

#include "ctl/settings.h"

namespace harrier::ctl {

// `called` is argv[0]: harrierctl, rabbitmqctl, rabbitmq-plugins, rabbitmqadmin …, with any path.
// Does not throw.
int run_program(const std::string& called, const std::vector<std::string>& words, Streams& streams);

}  // namespace harrier::ctl
